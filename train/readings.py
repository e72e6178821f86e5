"""Pictures as the handler reads them, the first time and again."""

from collections.abc import Callable, Iterable
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
    light: NDArray[np.bool_]
    """(N,): whether the first reading has dark ink on light paper."""
    light_again: NDArray[np.bool_]
    """(M,): likewise."""

    def only(self, kept: NDArray[np.bool_]) -> "Readings":
        """Those of the pictures that are `kept`, (N,)."""
        rows = kept[self.owners]
        places = np.cumsum(kept) - 1
        return Readings(
            self.first[kept], self.again[rows], places[self.owners[rows]], self.light[kept], self.light_again[rows]
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

    def settled(self, temperature: float, look_again_below: float) -> Floats:
        """The probabilities of the handler's rows, (N, classes), by a model of such a card."""
        found, again = (calibrated(values, temperature) for values in (self.found, self.again))
        if not len(again):
            return found
        chosen = surest(found, again, self.owners, look_again_below)
        return np.where((chosen >= 0)[:, None], again[chosen], found)


def looked_at(readings: Readings, read: Callable[[Images], Probabilities]) -> Looked:
    """By `read`, (N, 28, 28) to probabilities, which is not asked for those of no images."""
    found, again = (
        read(images) if len(images) else np.empty((0, 1), np.float32) for images in (readings.first, readings.again)
    )
    return Looked(found, again, readings.owners)


def plain(images: Images) -> Readings:
    """Images that are read in one way alone, as MNIST's are."""
    none = np.empty(0, np.bool_)
    return Readings(images, images[:0], np.empty(0, np.intp), np.zeros(len(images), np.bool_), none)


def read(planes: Iterable[Plane]) -> Readings:
    """What the handler makes of pictures, luminance (H, W) 0–1 each."""
    first = [normalise(plane) for plane in planes]
    again = [(owner, other) for owner, normal in enumerate(first) for other in read_again(normal)]
    return Readings(
        np.array([normal.pixels for normal in first], np.uint8).reshape(-1, 28, 28),
        np.array([other.pixels for _, other in again], np.uint8).reshape(-1, 28, 28),
        np.array([owner for owner, _ in again], np.intp),
        np.array([normal.paper_is_light for normal in first], np.bool_),
        np.array([other.paper_is_light for _, other in again], np.bool_),
    )
