"""Which connected parts of the ink are the digit, and which are specks, rings and remains of what stood beside it."""

from typing import Final

import numpy as np

from handler import rings
from handler.connected import Parts, parts_of
from handler.planes import Mask, Numbers
from handler.runs import find_runs, labelled

_SMALL: Final = 0.22
"""Of the digit's longer side: a shorter part that lies apart is a speck or a full stop."""
_APART: Final = 0.06
"""Of the digit's longer side: a smaller gap is a break in the stroke."""
_STRIP: Final = 0.15
"""Of the digit's longer side: what reaches no farther than that from the picture's edge is what stood beside it."""
_SIZE: Final = 0.55
"""Of the digit's height: a part that is as high may be another digit."""
_SHARE: Final = 0.2
"""Of the digit's ink: a part that has as much may be another digit."""


def digit_of(mask: Mask) -> tuple[Mask, bool]:
    """The mask without what is not the digit, and whether there are several digits in it; it must not be empty.

    The digit is the largest part, and with it all that is near it or not small.
    """
    starts, stops, step = find_runs(mask)
    label = labelled(starts, stops, step)
    if not label.any():  # one part, as most have
        return mask, False
    parts = parts_of((starts, stops, step), label, mask.shape)
    amount = len(parts.area)
    main, either = _main(parts, mask.shape)
    high, wide = parts.bottom - parts.top, parts.right - parts.left
    longer = max(int(high[main]), int(wide[main]))
    extent = np.maximum(high, wide)
    gap = _gap(parts, main)
    at_edge = _at_edge(parts, mask.shape)
    depth = _depth(parts, mask.shape)
    small = (extent < _SMALL * longer) & (gap > np.maximum(_APART * longer, 1)) & (gap * 2 > extent)
    if parts.area[small].sum() * 2 > parts.area[main]:  # a stroke in many pieces
        small &= False
    dust = (parts.area <= max(1, parts.area[main] // 100)) & (gap > 1)
    strip = at_edge & (depth <= max(_STRIP * longer, 2)) & (gap > np.maximum(_APART * longer, 1))
    digit = (high >= _SIZE * high[main]) & (parts.area >= _SHARE * parts.area[main]) & ~strip
    beside = np.maximum(parts.left - parts.right[main], parts.left[main] - parts.right) > max(_APART * longer, 1)
    others = digit & beside
    several = either or bool(others.any())
    neighbour = others & at_edge & (parts.area < parts.area[main]) if not at_edge[main] else np.zeros(amount, np.bool_)
    kept = ~(small | dust | strip | neighbour | rings.around(parts, main))
    kept[main] = True
    return (mask if kept.all() else parts.mask(kept, mask.shape)), several


def _main(parts: Parts, shape: tuple[int, int]) -> tuple[int, bool]:
    """The part that is the digit, and whether another may be meant as well.

    It is the largest, unless that hugs the edge and another is nearly as large, or it is drawn around another.
    """
    hugs = _at_edge(parts, shape) & (_depth(parts, shape) <= max(2, min(shape) // 8))
    inner = np.flatnonzero(~hugs)
    if hugs[0] and len(inner) and parts.area[inner[0]] * 4 > parts.area[0]:
        return int(inner[0]), False
    return rings.enclosed(parts, shape)


def _at_edge(parts: Parts, shape: tuple[int, int]) -> Mask:
    found: Mask = (parts.top == 0) | (parts.left == 0) | (parts.bottom == shape[0]) | (parts.right == shape[1])
    return found


def _depth(parts: Parts, shape: tuple[int, int]) -> Numbers:
    """How far from the edge that it touches a part reaches; the picture's size where it touches none."""
    far = max(shape)
    sides = (
        np.where(parts.top == 0, parts.bottom, far),
        np.where(parts.left == 0, parts.right, far),
        np.where(parts.bottom == shape[0], shape[0] - parts.top, far),
        np.where(parts.right == shape[1], shape[1] - parts.left, far),
    )
    found: Numbers = np.minimum.reduce(sides)
    return found


def _gap(parts: Parts, main: int) -> Numbers:
    """Pixels between the runs of each part and those of the main one, diagonals counted as the longer side."""
    row, start, stop, part = parts.runs
    own = part == main
    other = np.flatnonzero(~own)
    down = np.abs(row[other][:, None] - row[own][None])
    across = np.maximum(start[own][None] - stop[other][:, None], start[other][:, None] - stop[own][None]) + 1
    nearest = np.maximum(down, np.maximum(across, 0)).min(axis=1)
    found = np.full(len(parts.area), np.iinfo(np.intp).max)
    np.minimum.at(found, part[other], nearest)
    found[main] = 0
    return found
