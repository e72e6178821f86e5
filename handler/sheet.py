"""Small pictures of nearly one size, stacked, so that one NumPy call does for all what each needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Gray, Plane, full
from handler.planes import Mask, Numbers


@dataclass(frozen=True, slots=True)
class Sheet:
    """N pictures, each at the top left of its layer; what is beyond a picture repeats its edge."""

    pictures: Sequence[Gray | Plane]
    grays: NDArray[np.uint8] | None
    """(N, H, W), if the pictures are in bytes."""
    stack: NDArray[np.float32]
    """(N, H, W): luminance 0–1."""
    high: Numbers
    wide: Numbers
    valid: Mask
    """(N, H, W): where a picture is."""
    cells: int
    """Pixels in a cell of the grid, down and across, of each of them; it divides H and W."""


def stacked(pictures: Sequence[Gray | Plane], cells: int) -> Sheet:
    """A sheet of pictures, all of bytes or none, with so many pixels in a cell."""
    high, wide = np.array([picture.shape for picture in pictures]).T
    shape = (-(-int(sides.max()) // cells) * cells for sides in (high, wide))
    stack = np.empty((len(pictures), *shape), pictures[0].dtype)
    for layer, picture in zip(stack, pictures, strict=True):
        down, across = picture.shape
        layer[:down, :across] = picture
        if across < layer.shape[1]:
            layer[:down, across:] = picture[:, -1:]
        if down < layer.shape[0]:
            layer[down:] = layer[down - 1]
    grays = stack if stack.dtype == np.uint8 else None
    return Sheet(pictures, grays, full(stack), high, wide, inside(high, wide, stack.shape[1:]), cells)


def inside(high: Numbers, wide: Numbers, shape: tuple[int, ...]) -> Mask:
    """(N, H, W): the first rows and columns of each layer."""
    down, across = (np.arange(side) < sides[:, None] for side, sides in zip(shape, (high, wide), strict=True))
    return down[:, :, None] & across[:, None, :]


def ranked(ordered: NDArray[np.float32], first: Numbers, count: Numbers, share: float) -> NDArray[np.float64]:
    """What `planes.quantile` gives of `count` values from `first` on, of each row of (N, L), which are in order."""
    place = share * (count - 1)
    lower = place.astype(np.intp)
    upper = np.minimum(lower + 1, count - 1)
    rows = np.arange(len(ordered))
    low, high = (ordered[rows, first + rank].astype(np.float64) for rank in (lower, upper))
    found: NDArray[np.float64] = low + (high - low) * (place - lower)
    return found


def per_picture(values: NDArray[Any]) -> NDArray[np.float32]:
    """(N,) numbers as they are weighed against (N, H, W), in 32 bits as a single picture's are."""
    return values.astype(np.float32)[:, None, None]
