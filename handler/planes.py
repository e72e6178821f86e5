"""What is done to planes of numbers, whatever they show: means, maxima, middles, borders."""

from functools import lru_cache
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane

Number = TypeVar("Number", np.uint8, np.float32)
Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]
Bounds = tuple[int, int]
"""First place, and the one after the last."""

_MANY: Final = 1500
"""Values from which on partitioning by two places costs more than by one and another look."""
NORMAL: Final = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation."""


def averaged(plane: Plane, down: int, across: int) -> Plane:
    """Means of rectangles of `down` × `across` pixels; the last ones are filled up with what is at the edge."""
    if down == across == 1:
        return plane
    whole = _filled_up(plane, down, across)
    rows = whole.reshape(-1, down, whole.shape[1]).sum(axis=1) if down > 1 else whole
    sums = rows[:, ::across].copy()
    for column in range(1, across):
        sums += rows[:, column::across]
    means: Plane = sums * np.float32(1 / (down * across))
    return means


def _filled_up(plane: Plane, down: int, across: int) -> Plane:
    """The plane with its last row and column repeated until its sides can be divided."""
    high, wide = plane.shape
    shape = high + -high % down, wide + -wide % across
    if shape == plane.shape:
        return plane
    whole = np.empty(shape, plane.dtype)
    whole[:high, :wide] = plane
    whole[:high, wide:] = plane[:, -1:]
    whole[high:] = whole[high - 1]
    return whole


def border_of(plane: NDArray[Number], width: int) -> NDArray[Number]:
    """The pixels that are at most `width` from the edge."""
    inner = plane[width:-width, :]
    sides = (plane[:width], plane[-width:], inner[:, :width], inner[:, -width:])
    return np.concatenate([side.ravel() for side in sides])


def widest(plane: NDArray[Number], size: int, axis: int) -> NDArray[Number]:
    """The maximum over `size` pixels around each, an odd number, of those that are in the picture; by doubling."""
    found = plane.copy()
    view = found if axis == 0 else found.T
    for turned in (view, view[::-1]):
        reach, last = 1, size // 2 + 1
        while reach < last:
            step = min(reach, last - reach)
            np.maximum(turned[:-step], turned[step:], out=turned[:-step])
            reach += step
    return found


def filled(plane: Plane, size: int) -> Plane:
    """A morphological closing: what is dark and narrower than `size` pixels is as light as what is around it."""
    for axis in (0, 1):
        plane = widest(plane, size, axis)
    plane = -plane
    for axis in (0, 1):
        plane = widest(plane, size, axis)
    return -plane


def quantile(values: NDArray[np.float32], share: float) -> float:
    """The value that `share` of all are below, between two of them where it falls there."""
    place = share * (values.size - 1)
    lower = int(place)
    upper = min(lower + 1, values.size - 1)
    if values.size < _MANY:
        ordered = np.partition(values, (lower, upper), axis=None)
        low = float(ordered[lower])
    else:  # two places would take several times as long as one
        ordered = np.partition(values, upper, axis=None)
        low = float(ordered[:upper].max() if upper > lower else ordered[lower])
    return low + (float(ordered[upper]) - low) * (place - lower)


def spread(rest: NDArray[np.float32]) -> float:
    """Standard deviation of what is nearly normal around zero, by the median of its sizes."""
    return NORMAL * quantile(np.abs(rest), 0.5)


def bounds(hit: Any) -> Bounds:  # noqa: ANN401  # NumPy types what any() gives as either kind
    """Where the first and the last hit are."""
    places = np.flatnonzero(hit)
    return int(places[0]), int(places[-1]) + 1


def extents(hits: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """`bounds` of each row of (N, L); 0 and L where there is no hit."""
    return hits.argmax(axis=1), hits.shape[1] - hits[:, ::-1].argmax(axis=1)


def wider(found: Bounds, by: int, side: int) -> Bounds:
    """The same with `by` more on both sides, as far as there is any."""
    return max(found[0] - by, 0), min(found[1] + by, side)


def centre(profile: NDArray[np.floating]) -> float:
    """Centre of mass in pixels from the outer edge."""
    return float(profile @ _middles(len(profile)) / np.add.reduce(profile))


@lru_cache(maxsize=256)
def _middles(size: int) -> NDArray[np.float64]:
    """(size,): where each pixel has its middle."""
    return np.arange(size, dtype=np.float64) + 0.5
