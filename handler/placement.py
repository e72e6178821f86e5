"""Ink of any size to the 28×28 array that the model reads: in MNIST's box, on its centre, as thick as its strokes."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane
from handler.planes import averaged, border_of, bounds, centre, wider, widest

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


def placed(ink: Plane, *, thicken: bool = True) -> NDArray[np.uint8]:
    """(28, 28) uint8, 255 full ink, of ink (H, W) 0–1 that is not all less than `INK`."""
    rows, columns = bounds((ink >= INK).any(axis=1)), bounds((ink >= INK).any(axis=0))
    scale = max(rows[1] - rows[0], columns[1] - columns[0]) / BOX
    margin = int(np.ceil(scale))
    rows, columns = wider(rows, margin, ink.shape[0]), wider(columns, margin, ink.shape[1])
    ink = ink[rows[0] : rows[1], columns[0] : columns[1]]
    finer = 2 if thicken else 1
    down = _weights(SIDE * finer, ink.shape[0], scale / finer, centre(ink.sum(axis=1)))
    across = _weights(SIDE * finer, ink.shape[1], scale / finer, centre(ink.sum(axis=0)))
    found: Plane = _full(np.asarray(down @ ink @ across.T, np.float32))
    if thicken:
        found = _full(averaged(_thickened(found), 2, 2))
    return np.rint(found * 255).astype(np.uint8)


def is_mnist(image: NDArray[np.uint8]) -> bool:
    """Whether (28, 28) uint8 is as all of MNIST is: white on black, 20 pixels long, its mass within 1 of the centre.

    The size alone proves nothing: a scan can be cut to 28×28 too.
    """
    if np.count_nonzero(image) * 2 > image.size or image.max() < 250:  # noqa: PLR2004  # MNIST's least maximum is 254
        return False
    if np.count_nonzero(border_of(image, 1)) > 8:  # noqa: PLR2004  # MNIST has 6 at most
        return False
    mass = image.astype(np.float64)
    down, across = centre(mass.sum(axis=1)), centre(mass.sum(axis=0))
    rows, columns = bounds(image.any(axis=1)), bounds(image.any(axis=0))
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    return max(abs(down - SIDE / 2), abs(across - SIDE / 2)) <= 1 and BOX - 1 <= longer <= BOX


def _full(ink: Plane) -> Plane:
    """Ink whose strongest is 1."""
    found: Plane = np.clip(ink / np.float32(max(float(ink.max()), 1e-6)), 0, 1)
    return found


def _thickened(ink: Plane) -> Plane:
    """Ink of twice MNIST's size with strokes that are as thick as MNIST's, at least.

    A stroke is as thick as twice its area by the length of its outline, which is the total variation of the ink, if
    that is 4/π times longer for being measured along rows and columns.
    """
    outline = float(np.abs(ink[1:] - ink[:-1]).sum()) + float(np.abs(ink[:, 1:] - ink[:, :-1]).sum())
    missing = min(STROKE - float(ink.sum()) * 4 / np.pi / max(outline, 1e-6), _MOST)  # in pixels of 28
    while missing > 0:
        gain = np.float32(min(missing, 1))
        ink = ink + (widest(widest(ink, 3, 0), 3, 1) - ink) * gain
        missing -= 1
    return ink


def _weights(side: int, size: int, scale: float, middle: float) -> Plane:
    """(side, size): what each input pixel gives to each output pixel, rows of a triangle filter that sum to 1.

    `scale` is input pixels for each output pixel; `middle`, in input pixels, lands on `CENTRE`, between pixels too.
    """
    reach = max(scale, 1.0)
    places = (np.arange(side) + 0.5 - CENTRE * side / SIDE) * scale + middle
    distance = np.abs(places[:, None] - (np.arange(size) + 0.5)) / reach
    weights = np.maximum(1 - distance, 0) / reach
    return weights.astype(np.float32)
