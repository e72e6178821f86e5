"""What can be told of a Keras model from its layers: what its output means, and how large its largest tensor is."""

import math
from collections.abc import Iterator
from typing import Any, Final, Literal

from train.errors import PublishError

Output = Literal["softmax", "logits"]

_SAME: Final = frozenset(
    [
        "Flatten",
        "Reshape",
        "Identity",
        "ActivityRegularization",
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
        "Average",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "AdaptiveAveragePooling1D",
        "AdaptiveAveragePooling2D",
        "AveragePooling1D",
        "AveragePooling2D",
    ]
)
"""Layers after which probabilities are probabilities, and logits logits."""
_LINEAR: Final = frozenset(["Add", "Subtract", "BatchNormalization", "LayerNormalization", "Rescaling"])
"""Layers after which logits are logits, and probabilities nothing."""
_WEIGHTED: Final = frozenset(
    [
        "Dense",
        "EinsumDense",
        "Conv1D",
        "Conv2D",
        "SeparableConv1D",
        "SeparableConv2D",
        "DepthwiseConv2D",
        "Conv2DTranspose",
    ]
)
_ACTIVATIONS: Final[dict[str, Output]] = {"softmax": "softmax", "linear": "logits", "log_softmax": "logits"}


def output_of(model: Any) -> Output:  # noqa: ANN401  # Keras has no types
    """Whether the ten outputs of `model` are probabilities or logits, told from its last layers.

    Raises `PublishError`, which names the layer, where they are neither.
    """
    return _kind(model.outputs[0])


def largest(model: Any) -> int:  # noqa: ANN401  # likewise
    """How many numbers the largest tensor between two layers holds, for one image."""
    return max(
        (math.prod(size or 1 for size in tensor.shape[1:]) for layer in layers(model) for tensor in _outputs(layer)),
        default=0,
    )


def layers(model: Any) -> Iterator[Any]:  # noqa: ANN401  # likewise
    """Every layer, also those of models and wrappers inside."""
    for layer in model.layers:
        yield layer
        inner = getattr(layer, "layer", None)
        if hasattr(layer, "layers"):
            yield from layers(layer)
        elif inner is not None:
            yield inner


def _kind(tensor: Any) -> Output:  # noqa: ANN401  # likewise
    layer, before = _origin(tensor)
    name, kind = layer.name, type(layer).__name__
    if kind in ("Sequential", "Functional", "Model"):
        return _kind(layer.outputs[0])
    activation = getattr(getattr(layer, "activation", None), "__name__", "")
    if kind == "Softmax" or (activation == "softmax" and kind in {*_WEIGHTED, "Activation"}):
        _check_axis(layer, len(tensor.shape))
        return "softmax"
    if kind in _SAME or (kind == "Activation" and activation == "linear"):
        kinds = {_kind(one) for one in before}
        if len(kinds) == 1:
            return kinds.pop()
        raise PublishError(f"layer {name!a} mixes logits and probabilities: end in one of the two")
    if kind in _LINEAR:
        if all(_kind(one) == "logits" for one in before):
            return "logits"
        raise PublishError(f"layer {name!a} ({kind}) makes something else of probabilities: end in the softmax")
    if kind in {*_WEIGHTED, "Activation"} and activation in _ACTIVATIONS:
        return _ACTIVATIONS[activation]
    what = f"{kind}, activation {activation}" if activation else kind
    raise PublishError(f"its last layer, {name!a} ({what}), gives neither a softmax nor logits: end in Dense(10)")


def _check_axis(layer: Any, dimensions: int) -> None:  # noqa: ANN401  # likewise
    axis = getattr(layer, "axis", -1)
    if axis not in (-1, dimensions - 1):
        raise PublishError(f"layer {layer.name!a} is a softmax along axis {axis}: it must be along the last one")


def _origin(tensor: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401  # likewise
    """The layer that `tensor` comes out of, and the tensors that went into it."""
    layer, node, _ = tensor._keras_history  # noqa: SLF001  # Keras has no public way along a graph
    return layer, layer._inbound_nodes[node].input_tensors  # noqa: SLF001  # likewise


def _outputs(layer: Any) -> Iterator[Any]:  # noqa: ANN401  # likewise
    for node in layer._inbound_nodes:  # noqa: SLF001  # likewise
        yield from node.output_tensors if hasattr(node, "output_tensors") else node.outputs
