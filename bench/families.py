"""Pictures of MNIST's test digits, in families: each is a way in which pictures of digits are hard."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench import captures, lights, remains
from bench.drawing import PIXELS, Digit, Rng
from handler.luminance import Plane
from handler.pictures import read_frames
from train.data import load_mnist
from train.labels import read_labels

FAMILIES: Final[Mapping[str, Callable[[Digit, Rng], Plane]]] = {
    "plain": captures.plain,
    "small": captures.small,
    "thin": captures.thin,
    "thick": captures.thick,
    "faint": captures.faint,
    "gradient": lights.gradient,
    "shadow": lights.shadow,
    "lines": remains.lines,
    "grid": remains.grid,
    "box": remains.box,
    "specks": remains.specks,
    "neighbour": remains.neighbour,
    "noise": captures.noise,
    "jpeg": captures.jpeg,
    "clipped": captures.clipped,
    "inverted": captures.inverted,
    "zip-code": captures.zip_code,
    "tight": captures.tight,
    "coloured": captures.coloured,
    "far": captures.far,
    "photograph": lights.photograph,
    "tight-shaded": lights.tight_shaded,
    "thick-shaded": lights.thick_shaded,
    "boxed": remains.boxed,
    "circled": remains.circled,
    "framed": remains.framed,
    "thick-zip-code": captures.thick_zip_code,
}
"""By name; a new one comes last, since a family's place is its seed."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures and what they show."""

    planes: Sequence[Plane]
    labels: NDArray[np.uint8]


def made(family: str, count: int) -> Labelled:
    """Pictures of a family, of MNIST's first test digits; the same at each call."""
    mnist = load_mnist()
    rng = np.random.default_rng(list(FAMILIES).index(family))
    planes = [FAMILIES[family](digit, rng) for digit in mnist.x_test[:count]]
    return Labelled(planes, mnist.y_test[:count])


def read_zip(path: Path) -> Labelled:
    """The pictures that the labels.csv of a zip names."""
    labels = read_labels(path)
    with zipfile.ZipFile(path) as file:
        planes = [next(read_frames(file.read(name), PIXELS, 1)) for name in labels]
    return Labelled(planes, np.array([int(label) for label in labels.values()], np.uint8))
