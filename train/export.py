"""A Keras model to ONNX, and the proof that the handler will read with it what Keras reads."""

import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from tf2onnx.handler import tf_op

from handler.card import read_card
from handler.model import OnnxClassifier
from handler.ports import Images, Probabilities
from train import graph
from train.errors import PublishError
from train.loading import first_line
from train.training import TOLERANCE, prove_same

_IMAGE: Final = (28, 28, 1)
"""What a model of open size is exported for."""
_UNKNOWN: Final = re.compile(r"\[(?P<node>\S+): (?P<op>\w+)\] is not supported")


def export(model: Any, path: Path) -> None:  # noqa: ANN401  # Keras has no types
    """Write `model` to `path` as ONNX; the bytes differ from run to run.

    Raises `PublishError`, which names the layer, where ONNX has no such operation.
    """
    shape = [size or known for size, known in zip(model.input_shape[1:], _IMAGE, strict=False)]
    images = keras.Input(shape)
    # Layers that change images at random in training would do so in the exported model, too, unless told.
    frozen = keras.Model(images, model(images, training=False))
    _fix_normalisation(model)
    frozen(np.zeros((1, *shape), np.float32))  # a model cannot be exported until it is called
    tf_op("Erfc")(_Erfc)
    with _quiet() as said, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of np.object, which Keras looks for
        try:
            frozen.export(path, format="onnx", verbose=False)
        except Exception as error:  # Keras, TensorFlow and tf2onnx raise what they like
            raise PublishError(
                f"the model cannot be exported to ONNX ({first_line(error)}): use other layers"
            ) from error
    unknown = {(_layer(model, found["node"]), found["op"]) for found in map(_UNKNOWN.search, said) if found}
    if unknown:
        names = ", ".join(f"layer {name!a} ({operation})" for name, operation in sorted(unknown))
        raise PublishError(f"ONNX has nothing that does the same as {names}: put another layer in its place")


def prove(
    card: bytes, onnx: bytes, images: Images, reference: Probabilities, allowed: Callable[[], float]
) -> tuple[float, float]:
    """The largest difference between the handler's own classifier and `reference`, Keras' reading of `images`.

    With it, what it may be: 1e-5 or, where that is not enough, what `allowed` finds.
    Raises `PublishError` where they are not the same.
    """
    found = OnnxClassifier(read_card(card), onnx).probabilities(images)
    try:
        return prove_same(reference, found, "model.onnx"), TOLERANCE
    except PublishError:
        tolerance = allowed()
    try:
        return prove_same(reference, found, "model.onnx", tolerance), tolerance
    except PublishError as refusal:
        raise PublishError(f"{refusal}: train it on smaller numbers, from 0 to 1, or use other layers") from None


def _fix_normalisation(model: Any) -> None:  # noqa: ANN401  # Keras has no types
    """Its mean and variance are tensors outside the graph, which would become inputs of the exported model."""
    for layer in graph.layers(model):
        if type(layer).__name__ == "Normalization" and layer.mean is not None:
            layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)


def _layer(model: Any, node: str) -> str:  # noqa: ANN401  # likewise
    """The innermost layer that a node of TensorFlow's belongs to; it may have been given a number there."""
    scopes = {re.sub(r"_\d+$", "", scope) for scope in node.split("/")} | set(node.split("/"))
    return next((layer.name for layer in reversed([*graph.layers(model)]) if layer.name in scopes), node)


class _Erfc:
    """The exact GELU is made of erfc(x) = 1 - erf(x), and tf2onnx knows only erf."""

    @classmethod
    def version_9(cls, context: Any, node: Any, **_: Any) -> None:  # noqa: ANN401  # tf2onnx has no types
        one = context.make_const(f"{node.name}_one", np.ones((), np.float32)).output[0]
        erf = context.make_node("Erf", node.input).output[0]
        shapes, types = [context.get_shape(node.output[0])], [context.get_dtype(node.output[0])]
        context.remove_node(node.name)
        context.make_node("Sub", [one, erf], name=node.name, outputs=node.output, shapes=shapes, dtypes=types)


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """What tf2onnx logs meanwhile, which is not for the user."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]  # a class for one line
    logger = logging.getLogger("tf2onnx")
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
