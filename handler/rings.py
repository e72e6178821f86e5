"""What was drawn around a digit: a ring, a box or a frame that encloses it."""

from typing import Final

import numpy as np

from handler.connected import Parts, find_parts
from handler.planes import Mask, Numbers, widest

_HIGH: Final = 0.3
"""Of a ring's height: what it encloses and is as high is the digit, and not a speck in a zero."""
_ROUND: Final = 1.15
_SLIM: Final = 1.6
"""Times as high as wide: with a bare stroke in it, a rounder ring is drawn around a 1, and a slimmer one is a zero."""
_CORNER: Final = 0.12
"""Of a box's width: so near to the corner of its bounds it has ink."""
_BOX: Final = 3
"""Corners, at least."""
_BARE: Final = 9
"""Times as much of a stroke's variance along it as across it, at least: three times as long as wide."""


def enclosed(parts: Parts, shape: tuple[int, int]) -> tuple[int, bool]:
    """The largest part that the largest of all encloses, if it is a digit, else 0; and whether either may be meant.

    A zero with a bar that does not touch it is a zero, if it is slim enough; if it could be a circled 1, it is both.
    """
    high = parts.bottom - parts.top
    within = [part for part in range(1, len(high)) if around(parts, part)[0] and high[part] >= _HIGH * high[0]]
    if not within:
        return 0, False
    outside = _outside(parts, shape)
    for part in within:
        if not (parts.mask(np.arange(len(high)) == part, shape) & outside).any():
            if not _is_bare(parts, part) or _is_box(parts, shape):
                return part, False
            slim = high[0] / (parts.right[0] - parts.left[0])
            return (0, False) if slim > _SLIM else (part, bool(slim > _ROUND))
    return 0, False


def around(parts: Parts, part: int) -> Mask:
    """Which parts have bounds that lie around those of another on all sides."""
    found: Mask = (parts.top < parts.top[part]) & (parts.bottom > parts.bottom[part])
    found &= (parts.left < parts.left[part]) & (parts.right > parts.right[part])
    return found


def _outside(parts: Parts, shape: tuple[int, int]) -> Mask:
    """The paper that is reached from beyond the picture without crossing the largest part or a gap of two pixels."""
    ring = np.pad(parts.mask(np.arange(len(parts.area)) == 0, shape), 2).view(np.uint8)
    paper = find_parts(widest(widest(ring, 3, 0), 3, 1) == 0)
    # The corner of the padding is paper, and its part has the first run.
    found: Mask = paper.mask(np.arange(len(paper.area)) == paper.runs[3][0], (shape[0] + 4, shape[1] + 4))
    return found[2:-2, 2:-2]


def _is_box(parts: Parts, shape: tuple[int, int]) -> bool:
    """Whether the largest part has ink in three corners of its bounds, at least."""
    top, bottom, left, right = (int(bounds[0]) for bounds in (parts.top, parts.bottom, parts.left, parts.right))
    ring = parts.mask(np.arange(len(parts.area)) == 0, shape)[top:bottom, left:right]
    near = max(1, round(_CORNER * (right - left)))
    ends = (slice(near), slice(-near, None))
    return sum(bool(ring[rows, columns].any()) for rows in ends for columns in ends) >= _BOX


def _is_bare(parts: Parts, part: int) -> bool:
    """Whether a part is a single stroke, as a 1 is."""
    row, start, stop, owner = (values[parts.runs[3] == part] for values in parts.runs)
    length = stop - start
    down: Numbers = np.repeat(row, length)
    across = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length - start, length)
    least, most = np.linalg.eigvalsh(np.cov(np.stack([down, across])) + np.eye(2) / 12)  # a pixel's own extent
    return bool(len(owner) and most > _BARE * least)
