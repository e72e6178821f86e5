"""Pictures as the handler reads them, the first time and again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.images import normalise, read_again
from handler.luminance import Plane
from handler.ports import Images, Probabilities
from handler.second_look import surest
from train.calibration import Floats, calibrated


@dataclass(frozen=True, slots=True)
class Readings:
    """Of N pictures, the first readings, and M others of some of them; images are 28×28, 0 to 255."""

    first: Images
    """(N, 28, 28); all zero where the picture was read as blank."""
    again: Images
    """(M, 28, 28)."""
    owners: NDArray[np.intp]
    """(M,): which picture each of `again` is of."""
    several: NDArray[np.bool_]
    """(N,): whether the first reading has several digits."""
    light: NDArray[np.bool_]
    """(N,): whether it has dark ink on light paper."""
    light_again: NDArray[np.bool_]
    """(M,): likewise."""

    def only(self, kept: NDArray[np.bool_]) -> "Readings":
        """Those of the pictures that are `kept`, (N,)."""
        rows = kept[self.owners]
        places = np.cumsum(kept) - 1
        return Readings(
            self.first[kept],
            self.again[rows],
            places[self.owners[rows]],
            self.several[kept],
            self.light[kept],
            self.light_again[rows],
        )

    def visible(self) -> "Readings":
        """Without those that are read as blank."""
        return self.only(np.asarray(self.first.any(axis=(1, 2))))


@dataclass(frozen=True, slots=True)
class Looked:
    """What a network makes of the readings of pictures: probabilities, (N, classes) and (M, classes)."""

    found: Probabilities
    again: Probabilities
    owners: NDArray[np.intp]
    several: NDArray[np.bool_]

    def settled(self, temperature: float, look_again_below: float) -> Floats:
        """The probabilities of the handler's rows, (N, classes), by a model of such a card."""
        return calibrated(self.chosen(temperature, look_again_below), temperature)

    def chosen(self, temperature: float, look_again_below: float) -> Probabilities:
        """Of the readings that count then, the probabilities at temperature 1."""
        if not len(self.again):
            return self.found
        found, again = (calibrated(values, temperature) for values in (self.found, self.again))
        rows = surest(found, again, self.owners, self.several, look_again_below)
        return np.where((rows >= 0)[:, None], self.again[rows], self.found)


def looked_at(readings: Readings, read: Callable[[Images], Probabilities]) -> Looked:
    """By `read`, (N, 28, 28) to probabilities, which is not asked for those of no images."""
    found, again = (
        read(images) if len(images) else np.empty((0, 1), np.float32) for images in (readings.first, readings.again)
    )
    return Looked(found, again, readings.owners, readings.several)


def plain(images: Images) -> Readings:
    """Images that are read in one way alone, as MNIST's are."""
    no = np.zeros(len(images), np.bool_)
    return Readings(images, images[:0], np.empty(0, np.intp), no, no, no[:0])


def read(planes: Iterable[Plane]) -> Readings:
    """What the handler makes of pictures, luminance (H, W) 0–1 each."""
    first, again, signs, others = [], [], [], []
    for number, plane in enumerate(planes):  # one by one: what may be read again of thousands is hundreds of megabytes
        normal = normalise(plane)
        first.append(normal.pixels)
        signs.append((normal.signs.several, normal.paper_is_light))
        for other in read_again(normal):
            again.append(other.pixels)
            others.append((number, other.paper_is_light))
    several, light = np.array(signs, np.bool_).reshape(-1, 2).T
    owners, light_again = np.array(others, np.intp).reshape(-1, 2).T
    return Readings(_stacked(first), _stacked(again), owners, several, light, light_again.astype(np.bool_))


def _stacked(images: Sequence[Images]) -> Images:
    return np.array(images, np.uint8).reshape(-1, 28, 28)
