"""The filtered lines of many PNGs of one layout to the bytes of their pixels (PNG specification, section 9)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.scanlines import Layout

_SUB: Final = 1
_UP: Final = 2
_AVERAGE: Final = 3
_PAETH: Final = 4


def pays(count: int, layout: Layout) -> bool:
    """Whether `unfiltered` is faster for so many pictures than Pillow is for one after the other."""
    return count * 3 >= layout.height + layout.width


def unfiltered(batch: Sequence[bytes], layout: Layout) -> NDArray[np.uint8]:
    """(N, H, stride): the bytes of N pictures' pixels, of their `inflate_lines`.

    A byte depends on those to its left, above it, and above that to its left. So all that stand on one diagonal, of
    all pictures, are made at once; they lie side by side here, the pixel at (row, column) on diagonal row + column.
    """
    count, high, step = len(batch), layout.height, layout.step
    wide = layout.stride // step
    lines = np.frombuffer(b"".join(batch), np.uint8).reshape(count, high, 1 + layout.stride)
    kinds = lines[:, :, 0].T[:, None, :]
    if not kinds.any():
        return lines[:, :, 1:]
    sub, up, average, paeth = (-(kinds == kind).view(np.uint8) for kind in (_SUB, _UP, _AVERAGE, _PAETH))
    any_average, any_paeth = bool(average.any()), bool(paeth.any())
    # Two diagonals and a row of zeros stand before the first.
    skewed = np.zeros((2 + wide + high - 1, 1 + high, step, count), np.uint8)
    diagonal, row, byte, one = skewed.strides
    pixels = np.lib.stride_tricks.as_strided(
        skewed[2:, 1:], (high, wide, step, count), (diagonal + row, diagonal, byte, one)
    )
    pixels[...] = lines[:, :, 1:].reshape(count, high, wide, step).transpose(1, 2, 3, 0)
    for place in range(2, len(skewed)):
        low, top = max(0, place - 1 - wide), min(high, place - 1)  # rows that the diagonal crosses
        rows = slice(low, top)
        left, above = skewed[place - 1, 1 + low : 1 + top], skewed[place - 1, low:top]
        corner = skewed[place - 2, low:top]
        found = (left & sub[rows]) | (above & up[rows])
        if any_average:
            found |= ((left & above) + ((left ^ above) >> 1)) & average[rows]
        if any_paeth:
            found |= _paeth(left, above, corner) & paeth[rows]
        skewed[place, 1 + low : 1 + top] += found
    return pixels.transpose(3, 0, 1, 2).reshape(count, high, layout.stride)


def _paeth(left: NDArray[np.uint8], above: NDArray[np.uint8], corner: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Which of the three is nearest to left + above - corner, the first of those as near (section 9.4).

    In 8 bits, and with masks instead of `where`, which takes most of the time. From the corner that sum is as far as
    the two together where both lie on one side of it, so that the corner is not the nearest.
    """
    from_left = np.maximum(above, corner) - np.minimum(above, corner)
    from_above = np.maximum(left, corner) - np.minimum(left, corner)
    together = ((left >= corner) == (above >= corner)).view(np.uint8)
    from_corner = np.maximum(from_left, from_above) - np.minimum(from_left, from_above) | -together
    is_above = -(from_above <= from_corner).view(np.uint8)
    is_left = -(from_left <= np.minimum(from_above, from_corner)).view(np.uint8)
    nearest = corner ^ ((above ^ corner) & is_above)
    found: NDArray[np.uint8] = nearest ^ ((left ^ nearest) & is_left)
    return found
