"""Labelled digits to drop: MNIST's test set, or, where that cannot be had, digits that are drawn here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infra.strokes import drawn
from train.data import cache_file, load_mnist
from train.errors import DataError

DRAWN: Final = 1000


@dataclass(frozen=True, slots=True)
class Digits:
    """Images with what they show."""

    name: str
    images: NDArray[np.uint8]
    """(N, 28, 28): 0 is paper, 255 is ink."""
    labels: Sequence[int]
    """0 to 9, one for each image."""


def digits(say: Callable[[str], None]) -> Digits:
    """MNIST's 10,000 test images; `DRAWN` drawn ones, and the reason said, where it is not here and cannot be had."""
    if not cache_file().exists():
        say(f"Downloading MNIST into {cache_file().parent}, once")
    try:
        mnist = load_mnist()
    except DataError as error:
        say(f"{error}\nIn its place {DRAWN} digits are drawn here")
        images, labels = drawn(DRAWN)
        return Digits("drawn", images, labels)
    return Digits("mnist-test", mnist.x_test, [int(label) for label in mnist.y_test])
