"""A Keras model to ONNX, and the proof that the handler will read with it what Keras reads."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from handler.model import OnnxClassifier, read_card
from handler.ports import Images, Probabilities
from train.training import prove_same


def export(model: Any, path: Path, shape: tuple[int, ...] = (28, 28)) -> None:  # noqa: ANN401  # Keras has no types
    """Write `model`, which reads floats of `shape`, to `path` as ONNX; the bytes differ from run to run."""
    model(np.zeros((1, *shape), np.float32))  # a model that was loaded cannot be exported until it is called
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of np.object, which Keras looks for
        model.export(path, format="onnx", verbose=False)


def prove(card: bytes, onnx: bytes, images: Images, reference: Probabilities) -> float:
    """The largest difference between the handler's own classifier and `reference`, Keras' reading of `images`.

    Raises `PublishError` where they are not the same.
    """
    return prove_same(reference, OnnxClassifier(read_card(card), onnx).probabilities(images), "model.onnx")
