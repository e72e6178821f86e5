"""Fits a network to MNIST, measures it, and sees it safely into an `.h5` file and back."""

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from handler.ports import Images, Probabilities
from train import networks
from train.data import Mnist
from train.errors import PublishError
from train.heldout import HeldOut
from train.recipe import Recipe

TOLERANCE: Final = 1e-5
"""The largest difference between two probabilities that count as the same."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A trained model, and how it came to be."""

    recipe: Recipe
    model: Any
    history: Mapping[str, Sequence[float]]
    """For `loss`, `accuracy`, `val_loss` and `val_accuracy`, one value for each epoch."""
    seconds: float
    held_out: HeldOut | None = None
    """What calibration and thresholds are fitted on; the mlp, fitted to all there is, has none."""


def fit(recipe: Recipe, mnist: Mnist) -> Fit:
    """Train on the training images, validated on the test images after each epoch.

    The same recipe gives the same weights on the same machine.
    """
    keras.utils.set_random_seed(recipe.seed)
    tf.config.experimental.enable_op_determinism()
    model = networks.build(recipe)
    model.compile(
        optimizer=keras.optimizers.Adam(recipe.learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    began = time.perf_counter()
    history = model.fit(
        scaled(mnist.x_train),
        one_hot(mnist.y_train),
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        validation_data=(scaled(mnist.x_test), one_hot(mnist.y_test)),
        verbose=1 if sys.stdout.isatty() else 2,  # a progress bar in a log would be a line for each step
    ).history
    return Fit(recipe, model, history, time.perf_counter() - began)


def scaled(images: Images) -> NDArray[np.float32]:
    """`images`, 0 to 255, as floats from 0 to 1, of the same shape."""
    return images.astype(np.float32) / np.float32(255)


def one_hot(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Labels 0 to 9, (N,), as rows of nine zeros and a one, (N, 10)."""
    return np.eye(networks.CLASSES, dtype=np.float32)[labels]


def predict(model: Any, images: Images) -> Probabilities:  # noqa: ANN401  # Keras has no types
    """What Keras reads in `images`, (N, 28, 28), 0 to 255: probabilities, (N, 10)."""
    return np.asarray(model.predict(scaled(images), batch_size=1024, verbose=0), np.float32)


def accuracy(probabilities: Probabilities, labels: NDArray[np.uint8]) -> float:
    """The share of rows, 0 to 1, whose greatest probability is that of its label; the error rate is the rest."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def save(model: Any, path: Path, images: Images) -> None:  # noqa: ANN401  # Keras has no types
    """Write `model` to `path`, an `.h5` file, and prove on `images` that it reads the same when loaded again."""
    absl = logging.getLogger("absl")
    before = absl.level
    absl.setLevel(logging.ERROR)  # Keras warns of `.h5`, which is what is wanted here
    try:
        model.save(path)
    finally:
        absl.setLevel(before)
    loaded = keras.models.load_model(path, compile=False)
    prove_same(predict(model, images), predict(loaded, images), f"{path.name}, loaded again,")


def prove_same(reference: Probabilities, other: Probabilities, name: str, tolerance: float = TOLERANCE) -> float:
    """The largest difference between two readings of the same images, (N, 10) each.

    Raises `PublishError` where any image gets another digit, or any probability differs by more than `tolerance`.
    """
    if reference.shape != other.shape:
        raise PublishError(f"{name} gives {other.shape} probabilities, the Keras model {reference.shape}")
    difference = float(np.abs(reference - other).max())
    changed = int(np.count_nonzero(reference.argmax(axis=1) != other.argmax(axis=1)))
    if changed or not difference <= tolerance:  # so that NaN is refused, too
        raise PublishError(
            f"{name} is not the same model as in Keras: {changed} of {len(reference)} images get another digit, "
            f"and probabilities differ by up to {difference:.1e} (allowed: {tolerance:.2g}); it is not published"
        )
    return difference
