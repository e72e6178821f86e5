"""A picture's luminance to the 28×28 array that the model reads, made as MNIST itself was made.

MNIST's digits (LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section III.A) were
fitted into 20×20 keeping their aspect ratio, and placed in 28×28 by their centre of mass. Of its 70,000 images the
centre of mass, in pixels from the outer edge, lies between 13.98 and 15 in either direction, 14.5 in the mean: that
is where others are placed too.
"""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane

Number = TypeVar("Number", np.uint8, np.float32)

SIDE: Final = 28
BOX: Final = 20
CENTRE: Final = 14.5
"""Where MNIST's centre of mass lies in the mean, in pixels from the outer edge."""
_CONTRAST: Final = 0.04
"""Less difference between paper and ink than this, of black to white, is a blank picture."""
_INK: Final = 0.3
"""Of the darkest ink: what reaches it belongs to the digit, when its bounds are sought."""
_PAPER: Final = 0.12
"""Of the darkest ink: what is less is paper."""


def normalise(plane: Plane) -> NDArray[np.uint8]:
    """(28, 28) uint8, white ink on black, of luminance (H, W) 0–1; all zero exactly where the picture is blank.

    An image that already is one of MNIST's comes back bit for bit.
    """
    if plane.shape == (SIDE, SIDE):
        values = np.rint(plane * 255).astype(np.uint8)
        if is_mnist(values):
            return values
    ink = find_ink(plane)
    if ink is None:
        return np.zeros((SIDE, SIDE), np.uint8)
    rows, columns = _bounds(ink.max(axis=1) >= _INK), _bounds(ink.max(axis=0) >= _INK)
    scale = max(rows[1] - rows[0], columns[1] - columns[0]) / BOX
    margin = int(np.ceil(scale))
    ink = ink[
        max(rows[0] - margin, 0) : rows[1] + margin,
        max(columns[0] - margin, 0) : columns[1] + margin,
    ]
    down = _weights(ink.shape[0], scale, _centre(ink.sum(axis=1)))
    across = _weights(ink.shape[1], scale, _centre(ink.sum(axis=0)))
    small = down @ ink @ across.T
    return np.rint(np.clip(small / max(float(small.max()), 1e-6), 0, 1) * 255).astype(np.uint8)


def is_mnist(image: NDArray[np.uint8]) -> bool:
    """Whether (28, 28) uint8 is as all of MNIST is: white on black, 20 pixels long, its mass within 1 of the centre.

    The size alone proves nothing: a scan can be cut to 28×28 too.
    """
    if np.count_nonzero(image) * 2 > image.size or image.max() < 250:  # noqa: PLR2004  # MNIST's least maximum is 254
        return False
    if np.count_nonzero(_border(image, 1)) > 8:  # noqa: PLR2004  # MNIST has 6 at most
        return False
    mass = image.astype(np.float64)
    down, across = _centre(mass.sum(axis=1)), _centre(mass.sum(axis=0))
    rows, columns = _bounds(image.max(axis=1) > 0), _bounds(image.max(axis=0) > 0)
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    return max(abs(down - SIDE / 2), abs(across - SIDE / 2)) <= 1 and BOX - 1 <= longer <= BOX


def find_ink(plane: Plane) -> Plane | None:
    """Ink, 0 (paper) to 1, of luminance 0–1, whatever the polarity; None where nothing stands out.

    The paper is what most of the border is.
    """
    paper = float(np.median(_border(plane, max(1, min(plane.shape) // 16))))
    low, high = float(plane.min()), float(plane.max())
    ink = paper - plane if paper - low >= high - paper else plane - paper
    darkest = float(ink.max())
    if darkest < _CONTRAST:
        return None
    found: Plane = np.clip((ink / np.float32(darkest) - np.float32(_PAPER)) / np.float32(1 - _PAPER), 0, 1)
    return found


def _border(plane: NDArray[Number], width: int) -> NDArray[Number]:
    inner = plane[width:-width, :]
    sides = (plane[:width], plane[-width:], inner[:, :width], inner[:, -width:])
    return np.concatenate([side.ravel() for side in sides])


def _bounds(hit: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(hit)
    return int(places[0]), int(places[-1]) + 1


def _centre(profile: NDArray[np.floating]) -> float:
    """Centre of mass in pixels from the outer edge."""
    return float(profile @ (np.arange(len(profile)) + 0.5) / profile.sum())


def _weights(size: int, scale: float, centre: float) -> Plane:
    """(28, size): what each input pixel gives to each output pixel, rows of a triangle filter that sum to 1.

    `scale` is input pixels for each output pixel; `centre`, in input pixels, lands on `CENTRE`, between pixels too.
    """
    reach = max(scale, 1.0)
    places = (np.arange(SIDE) + 0.5 - CENTRE) * scale + centre
    distance = np.abs(places[:, None] - (np.arange(size) + 0.5)) / reach
    weights = np.maximum(1 - distance, 0) / reach
    return weights.astype(np.float32)
