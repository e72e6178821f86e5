"""Ink of any size to the 28×28 array that the model reads: in MNIST's box, on its centre, as thick as its strokes."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane
from handler.planes import Mask, averaged, border_of, bounds, centre, extents, wider

SIDE: Final = 28
BOX: Final = 20
CENTRE: Final = 14.5
"""Where MNIST's centre of mass lies in the mean, in pixels from the outer edge."""
INK: Final = 0.25
"""Of full ink: what reaches it belongs to the digit, when its bounds are sought."""
STROKE: Final = 1.9
"""Pixels that a stroke is thick, at least: of MNIST's digits, as measured here, one in twenty has thinner ones."""
_MOST: Final = 3
"""Pixels that a stroke may gain; what is thinner still is no stroke."""
_BRIGHT: Final = 250
"""What an image's brightest pixel is, at least; MNIST's least maximum is 254."""
_STRAY: Final = 8
"""Pixels at an image's edge that are not black, at most; MNIST has 6."""
_EDGE: Final = border_of(np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE), 1).astype(np.intp)
"""The places of an image's edge among its pixels."""
_PLACES: Final = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
_SUMS: Final = np.stack(
    [np.ones((SIDE, SIDE), np.float32), *np.broadcast_arrays(_PLACES[:, None], _PLACES[None, :])], axis=-1
).reshape(-1, 3)
"""(784, 3): what gives the sum of an image, and its sums weighted by row and by column."""
_UPPER: Final = np.array([0xFF] * 4 + [0] * 4, np.uint8).view(np.uint64)[0]
"""The four pixels of the upper row, among the eight that two rows share."""


def placed(ink: Plane, *, thicken: bool = True) -> NDArray[np.uint8]:
    """(28, 28) uint8, 255 full ink, of ink (H, W) 0–1 that is not all less than `INK`."""
    rows, columns = bounds((ink >= INK).any(axis=1)), bounds((ink >= INK).any(axis=0))
    scale = max(rows[1] - rows[0], columns[1] - columns[0]) / BOX
    margin = int(np.ceil(scale))
    rows, columns = wider(rows, margin, ink.shape[0]), wider(columns, margin, ink.shape[1])
    ink = ink[rows[0] : rows[1], columns[0] : columns[1]]
    finer = 2 if thicken else 1
    down, across = (
        weights_of(SIDE * finer, length, np.array([scale / finer]), np.array([centre(ink.sum(axis=axis))]))[0]
        for length, axis in zip(ink.shape, (1, 0), strict=True)
    )
    found: Plane = _full(np.asarray(down @ ink @ across.T, np.float32))
    if thicken:
        thicken_all(found[None])
        found = _full(averaged(found, 2, 2))
    return np.rint(found * 255).astype(np.uint8)


def is_mnist(image: NDArray[np.uint8]) -> bool:
    """Whether (28, 28) uint8 is as all of MNIST is: white on black, 20 pixels long, its mass within 1 of the centre.

    The size alone proves nothing: a scan can be cut to 28×28 too.
    """
    if np.count_nonzero(image[0]) > _STRAY or image.max() < _BRIGHT:  # told at once of most that are not
        return False
    return bool(are_mnist(image[None])[0])


def are_mnist(images: NDArray[np.uint8]) -> Mask:
    """(N,): which of (N, 28, 28) uint8 are as MNIST is, see `is_mnist`."""
    found = np.zeros(len(images), np.bool_)
    border = np.count_nonzero(images.reshape(-1, SIDE * SIDE)[:, _EDGE], axis=1)
    left = np.flatnonzero(border <= _STRAY)
    if not len(left):
        return found
    some = images if len(left) == len(images) else images[left]
    flat = some.reshape(-1, SIDE * SIDE)
    fits = (flat != 0).sum(axis=1, dtype=np.uint16) * 2 <= SIDE * SIDE
    fits &= flat.max(axis=1) >= _BRIGHT
    mass = (flat.astype(np.float32) @ _SUMS).astype(np.float64)  # whole and half numbers below 2²³: exact in any order
    fits &= np.abs(mass[:, 1:] / np.maximum(mass[:, :1], 1) - SIDE / 2).max(axis=1) <= 1
    longer = np.maximum(*(last - first for first, last in map(extents, _inked(some))))
    found[left] = fits & (longer >= BOX - 1) & (longer <= BOX)
    return found


def _inked(images: NDArray[np.uint8]) -> Iterator[Mask]:
    """Of (N, 28, 28), which rows and which columns have ink, (N, 28) each; eight pixels at a time, of two rows."""
    pairs = np.ascontiguousarray(images).reshape(len(images), -1).view(np.uint64).reshape(len(images), SIDE // 2, 7)
    shared = pairs[:, :, 3]
    across = np.empty((*shared.shape, 2), np.bool_)
    across[:, :, 0] = pairs[:, :, 0] | pairs[:, :, 1] | pairs[:, :, 2] | (shared & _UPPER)
    across[:, :, 1] = pairs[:, :, 4] | pairs[:, :, 5] | pairs[:, :, 6] | (shared & ~_UPPER)
    yield across.reshape(-1, SIDE)
    down = pairs[:, 0].copy()
    for place in range(1, pairs.shape[1]):
        down |= pairs[:, place]
    rows = down.view(np.uint8).reshape(-1, 2, SIDE)
    yield (rows[:, 0] | rows[:, 1]) != 0


def _full(ink: Plane) -> Plane:
    """Ink whose strongest is 1."""
    found: Plane = np.clip(ink / np.float32(max(float(ink.max()), 1e-6)), 0, 1)
    return found


def thicken_all(inks: NDArray[np.float32]) -> None:
    """Make the strokes of each ink of twice MNIST's size, (N, 56, 56), as thick as MNIST's, at least.

    A stroke is as thick as twice its area by the length of its outline, which is the total variation of the ink, if
    that is 4/π times longer for being measured along rows and columns.
    """
    steps = inks[:, 1:] - inks[:, :-1], inks[:, :, 1:] - inks[:, :, :-1]
    down, across, area = (_sums(values) for values in (*(np.abs(step, out=step) for step in steps), inks))
    missing = np.minimum(STROKE - area * 4 / np.pi / np.maximum(down + across, 1e-6), _MOST)  # in pixels of 28
    while len(thin := np.flatnonzero(missing > 0)):
        ink = inks[thin]
        gain = np.minimum(missing[thin], 1).astype(np.float32)[:, None, None]
        inks[thin] = ink + (_grown(ink) - ink) * gain
        missing -= 1


def _sums(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(values.reshape(len(values), -1).sum(axis=1), np.float64)


def _grown(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """The maximum of each pixel of (N, H, W) and those next to it."""
    tall = ink.copy()
    np.maximum(tall[:, 1:], ink[:, :-1], out=tall[:, 1:])
    np.maximum(tall[:, :-1], ink[:, 1:], out=tall[:, :-1])
    found = tall.copy()
    np.maximum(found[:, :, 1:], tall[:, :, :-1], out=found[:, :, 1:])
    np.maximum(found[:, :, :-1], tall[:, :, 1:], out=found[:, :, :-1])
    return found


def weights_of(side: int, size: int, scale: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, side, size): what each input pixel gives to each output pixel, rows of a triangle filter that sum to 1.

    `scale`, (N,), is input pixels for each output pixel; `middle`, (N,), in input pixels, lands on `CENTRE`, between
    pixels too.
    """
    reach = np.maximum(scale, 1)
    places = (np.arange(side) + 0.5 - CENTRE * side / SIDE) * scale[:, None] + middle[:, None]
    first = np.floor(places - reach[:, None] - 0.5).astype(np.intp)  # further off all weights are zero
    columns = first[:, :, None] + np.arange(int(2 * reach.max()) + 3)
    weights = places[:, :, None] - (columns + 0.5)
    np.abs(weights, out=weights)
    weights /= reach[:, None, None]
    np.subtract(1, weights, out=weights)
    np.maximum(weights, 0, out=weights)
    weights /= reach[:, None, None]
    found = np.zeros((places.size, size + 2), np.float32)  # and a column on either side for what lies beyond
    columns = columns.clip(-1, size, out=columns).reshape(len(found), -1)
    columns += np.arange(1, found.size, size + 2)[:, None]
    found.ravel()[columns.ravel()] = weights.ravel()
    return found.reshape(*places.shape, size + 2)[:, :, 1:-1]
