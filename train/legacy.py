"""An architecture as Keras 3 can build it: without what only training needs, and with Keras 2's dialect translated.

Keras 3.15 reads the `.h5` files of Keras 2 only in part: it refuses settings of layers that Keras 2 wrote and that had
no effect (`time_major`, `groups`, …), cannot follow calls of models inside models, and forgets an `axis` of None.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from train.errors import PublishError
from train.hdf5 import Description

_ANY: Final = object()
_TRAINING: Final = ("_initializer", "_regularizer", "_constraint")
"""All weights are in the file, so what made or held them has no effect; Keras 3 does not know all that Keras 2 did."""
_UNROLLED: Final = {"time_major": False}
_UNGROUPED: Final = {"groups": 1}
_SPATIAL: Final = {"noise_shape": None, "trainable": _ANY}
_WITHOUT_EFFECT: Final[Mapping[str, Mapping[str, object]]] = {
    **dict.fromkeys(("RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), _UNROLLED),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D"), _UNGROUPED),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _UNGROUPED),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _SPATIAL),
    "MultiHeadAttention": {
        "query_shape": _ANY,
        "key_shape": _ANY,
        "value_shape": _ANY,
        "softmax_robust_masking": False,
    },
}
"""Settings of Keras 2 that Keras 3 does not know, each with the value that means nothing."""


HARD_SIGMOID: Final = "hard_sigmoid_of_keras_2"
"""What the activation is called in the translation, since Keras 3 means another function by its name."""


def translated(model: Description) -> str:
    """The architecture of `model`, which `architecture.check` has passed, as JSON for Keras 3.

    Raises `PublishError`, which names the layer, where Keras 2 meant something that Keras 3 cannot do.
    """
    layer = json.loads(model.architecture)
    _translate(layer, before_3=model.keras[:1] in {"1", "2"})
    config = layer.get("config")
    if isinstance(config, dict) and isinstance(config.get("name"), str):
        # Nothing refers to it, and TensorFlow runs nothing of another name; Keras on JAX or PyTorch takes any.
        config["name"] = re.sub("[^A-Za-z0-9._-]", "_", f"{config['name']:.64}").lstrip("_-") or "model"
    return json.dumps(layer)


def _translate(layer: dict[str, Any], *, before_3: bool) -> None:
    """In place, with all layers inside."""
    kind = layer["class_name"]
    if isinstance(layer.get("config"), list):  # a Sequential before Keras 2.3
        layer["config"] = {"name": "sequential", "layers": layer["config"]}
    config = layer.get("config")
    if not isinstance(config, dict):
        return
    for key in [key for key in config if key.endswith(_TRAINING)]:
        del config[key]
    policy = config.get("dtype")
    if isinstance(policy, dict) and policy.get("class_name") == "Policy":
        config["dtype"] = policy["config"]["name"]
    for key in [key for key, value in config.items() if before_3 and value == "hard_sigmoid"]:
        config[key] = {"class_name": "function", "config": HARD_SIGMOID, "registered_name": HARD_SIGMOID}
    _drop_without_effect(kind, config)
    axis = config.get("axis", -1)
    if axis is None or (isinstance(axis, list) and len(axis) != 1):  # which only this way round is not forgotten
        layer.update(module="keras.layers", registered_name=None)
        config.pop("batch_input_shape", None)
    if kind == "GRU":
        config.setdefault("reset_after", False)  # before Keras 2.2 there was no other
    for inner in _inner(config):
        _translate(inner, before_3=before_3)
    if isinstance(config.get("layers"), list):
        _translate_model(kind, config)


def _drop_without_effect(kind: str, config: dict[str, Any]) -> None:
    settings = _WITHOUT_EFFECT.get(kind, {"rng_type": _ANY} if kind.startswith("Random") else {})
    for key, value in settings.items():
        if key in config and value is not _ANY and config[key] != value:
            raise PublishError(
                f"layer {config.get('name')!a} ({kind}) has {key}={config[key]!a}, which Keras 3 cannot do: "
                f"train it with {key}={value}"
            )
        config.pop(key, None)


def _inner(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What lies inside models, wrappers, recurrent layers and activations."""
    for value in config.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and "class_name" in part and "config" in part:
                yield part


def _translate_model(kind: str, config: dict[str, Any]) -> None:
    layers = [layer for layer in config["layers"] if isinstance(layer, dict)]
    if kind == "Sequential":
        _add_input(config, layers)
        return
    nested = {str(layer.get("name")): layer["class_name"] for layer in layers if _has_input(layer)}
    old = False
    for layer in layers:
        nodes = layer.get("inbound_nodes")
        if isinstance(nodes, list) and any(isinstance(node, list) for node in nodes):
            layer["inbound_nodes"] = [_call(node, nested) for node in nodes]
            old = True
    ends = config.get("output_layers")
    if old and isinstance(ends, list):
        for end in ends if ends and isinstance(ends[0], list) else [ends]:
            # Keras 3 sees to models of layers itself, but not to lists of them.
            if len(end) > 1 and nested.get(end[0]) == "Sequential" and isinstance(end[1], int):
                end[1] = max(0, end[1] - 1)


def _add_input(config: dict[str, Any], layers: list[dict[str, Any]]) -> None:
    """Before Keras 2.3 the first layer said what goes in; Keras 3 takes its batch for a part of it."""
    first = layers[0].get("config") if layers else None
    if not isinstance(first, dict) or layers[0]["class_name"] == "InputLayer" or "batch_input_shape" not in first:
        return
    shape = first.pop("batch_input_shape")
    source = {"name": f"{first.get('name')}_input", "batch_shape": shape, "dtype": "float32"}
    config["layers"].insert(0, {"class_name": "InputLayer", "config": source})


def _has_input(layer: dict[str, Any]) -> bool:
    """Whether it is a model that is whole before it is called: Keras 2 counts that as the first of its calls."""
    config = layer.get("config")
    inner = config.get("layers") if isinstance(config, dict) else None
    return isinstance(inner, list) and bool(inner) and inner[0].get("class_name") == "InputLayer"


def _call(node: list[Any], nested: Mapping[str, str]) -> dict[str, Any]:
    """One call of a layer, `[[from, call, output, {…}], …]`, as Keras 3 writes it."""
    tensors = [_tensor(item, nested) for item in node]
    named: dict[str, Any] = next((item[3] for item in node if len(item) > 3), {})  # noqa: PLR2004  # the fourth is its arguments
    arguments = {key: _tensor(value, nested) if _is_tensor(value) else value for key, value in named.items()}
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": arguments}


def _is_tensor(value: object) -> bool:
    return isinstance(value, list) and [type(item) for item in value] == [str, int, int]


def _tensor(item: list[Any], nested: Mapping[str, str]) -> dict[str, Any]:
    name, call, output = item[:3]
    history = [name, max(0, call - 1) if name in nested else call, output]
    return {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": history}}
