"""The architecture in an `.h5` file, as JSON: refused unless every part of it is one of Keras' own that is known here.

Keras builds whatever the JSON names, at any depth, and some of that runs code or reads files: `Lambda` holds a
marshalled Python function (CVE-2025-9905 ran it in spite of `safe_mode`), `TFSMLayer` and `StringLookup` open paths.
So a list says what may be there, not what may not.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from train.errors import PublishError

MAX_CHARACTERS: Final = 8 << 20
"""Of the JSON; the largest model of keras.applications takes less than one million."""
MAX_LAYERS: Final = 2000
MAX_STRING: Final = 1000
"""No setting of a layer is longer; marshalled code and pickles are."""

_MODELS: Final = "Sequential Functional Model"
LAYERS: Final = frozenset(
    f"""
    InputLayer Dense EinsumDense Embedding Identity Masking
    Activation ReLU LeakyReLU PReLU ELU Softmax
    Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
    SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    BatchNormalization LayerNormalization GroupNormalization UnitNormalization RMSNormalization SpectralNormalization
    Normalization Rescaling Resizing CenterCrop
    Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout GaussianDropout GaussianNoise
    ActivityRegularization
    RandomBrightness RandomContrast RandomCrop RandomErasing RandomFlip RandomRotation RandomShear RandomTranslation
    RandomZoom
    Flatten Reshape Permute RepeatVector UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D
    Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    Attention AdditiveAttention MultiHeadAttention GroupedQueryAttention
    RNN SimpleRNN SimpleRNNCell LSTM LSTMCell GRU GRUCell StackedRNNCells ConvLSTM1D ConvLSTM2D ConvLSTM3D
    Bidirectional TimeDistributed
    {_MODELS}
    """.split()
)
_PARTS: Final = frozenset(
    [
        "Constant",
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "LecunNormal",
        "LecunUniform",
        "Identity",
        "IdentityInitializer",
        "Ones",
        "Zeros",
        "Orthogonal",
        "OrthogonalInitializer",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "VarianceScaling",
        "L1",
        "L2",
        "L1L2",
        "OrthogonalRegularizer",
        "MaxNorm",
        "MinMaxNorm",
        "NonNeg",
        "UnitNorm",
        "DTypePolicy",
        "Policy",
        "TensorShape",
        "__tuple__",
        "__keras_tensor__",
    ]
)
ACTIVATIONS: Final = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "glu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softmax",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "sparsemax",
        "squareplus",
        "swish",
        "tanh",
        "tanh_shrink",
        "threshold",
    ]
)
_MODULE: Final = re.compile(r"(tf_)?keras(\.src)?(\.[a-z_0-9]+){0,3}|builtins")
_IN_OTHER_WORDS: Final = {
    "Lambda": "it is Python code in the file: put layers such as Rescaling, Reshape or Resizing in its place",
    "TFOpLambda": "it is an operator or function on tensors: put layers such as Rescaling or Add in its place",
    "SlicingOpLambda": "it is a slice of a tensor: put layers such as Cropping2D in its place",
}


def check(text: str) -> None:
    """Raise `PublishError`, which names the layer, unless `text` holds nothing but what is known here."""
    if len(text) > MAX_CHARACTERS:
        raise PublishError(f"its architecture is JSON of {len(text)} characters, more than {MAX_CHARACTERS}: shrink it")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PublishError(f"its architecture is not JSON ({error}): save it again") from error
    if not (isinstance(config, dict) and config.get("class_name") in _MODELS.split()):
        kind = config.get("class_name") if isinstance(config, dict) else config
        raise PublishError(f"its architecture is {_short(kind)}, and none of {_MODELS}: save a whole model")
    layers = 0
    for part, owner in _parts(config):
        layers += part.get("class_name") in LAYERS
        if layers > MAX_LAYERS:
            raise PublishError(f"it has more than {MAX_LAYERS} layers: shrink it")
        _check_part(part, owner)


def _parts(config: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every object of the JSON with the name of the layer that it belongs to, outermost first, at whatever depth."""
    waiting: list[tuple[Any, str]] = [(config, "the model")]
    while waiting:
        value, owner = waiting.pop()
        if isinstance(value, dict):
            owner = _owner(value, owner)
            yield value, owner
            waiting.extend((item, owner) for item in value.values())
        elif isinstance(value, list):
            waiting.extend((item, owner) for item in value)
        elif isinstance(value, str) and len(value) > MAX_STRING:
            raise PublishError(f"{owner} holds a string of {len(value)} characters, which no setting is: remove it")


def _owner(part: dict[str, Any], owner: str) -> str:
    """Parts with a name of their own are layers; an initialiser or an activation belongs to the layer around it."""
    config = part.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    if "class_name" not in part or part["class_name"] in _PARTS - LAYERS or not isinstance(name, str):
        return owner
    return f"layer {_short(name)}"


def _check_part(part: dict[str, Any], owner: str) -> None:
    if part.get("compile_config"):
        raise PublishError(f"{owner} brings settings of its training along: save it as .h5 with Keras' own model.save")
    if isinstance(part.get("layers"), list):
        _check_names(part["layers"], owner)
    for key, value in part.items():
        if (key == "activation" or key.endswith("_activation")) and isinstance(value, str):
            _check_activation(value, owner)
    if "class_name" not in part:
        return
    kind, name = part["class_name"], part.get("registered_name")
    if kind == "function":
        _check_activation(part.get("config"), owner)
        known: tuple[Any, ...] = (None, "function", part.get("config"))
    elif isinstance(kind, str) and (kind in LAYERS or kind in _PARTS):
        known = (None, kind)
    else:
        reason = _IN_OTHER_WORDS.get(kind) if isinstance(kind, str) else None
        reason = reason or "it is not one of Keras' own that can be published: put layers of Keras in its place"
        raise PublishError(f"{owner} is or has a {_short(kind)}; {reason}, and save it again")
    module = part.get("module", "keras")
    if name not in known or not (isinstance(module, str) and _MODULE.fullmatch(module)):
        where = f"registered as {_short(name)} in the module {_short(module)}"
        raise PublishError(f"{owner} has a {_short(kind)} {where}, which is not Keras' own: use Keras' own")


def _check_activation(name: object, owner: str) -> None:
    if name not in ACTIVATIONS:
        raise PublishError(f"{owner} has the activation {_short(name)}, which is not Keras' own: use one of Keras'")


def _check_names(layers: list[Any], owner: str) -> None:
    """Keras connects layers by their names, and would connect others than were meant."""
    names = [str(layer["config"].get("name")) for layer in layers if isinstance(layer, dict) and _has_config(layer)]
    twice = sorted({name for name in names if names.count(name) > 1 and name != "None"})
    if twice:
        raise PublishError(f"{owner} has two layers of the name {_short(twice[0])}: give each a name of its own")


def _has_config(layer: dict[str, Any]) -> bool:
    return isinstance(layer.get("config"), dict)


def _short(value: object) -> str:
    """A value of the file, fit to be printed: no control characters, not long."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
