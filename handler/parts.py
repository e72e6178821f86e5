"""Connected parts of the ink: which are the digit, and which are specks, dots and remains of what stood beside it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.planes import Mask

Numbers = NDArray[np.intp]

_SMALL: Final = 0.22
"""Of the digit's longer side: a shorter part that lies apart is a speck or a full stop."""
_APART: Final = 0.06
"""Of the digit's longer side: a smaller gap is a break in the stroke."""
_STRIP: Final = 0.15
"""Of the digit's longer side: what reaches no farther than that from the picture's edge is what stood beside it."""
_SIZE: Final = 0.55
"""Of the digit's height: a part that is as high may be another digit."""
_ENCLOSED: Final = 0.3
"""Of a ring's height: what it encloses and is as high is the digit, and not a speck in a zero."""
_SHARE: Final = 0.2
"""Of the digit's ink: a part that has as much may be another digit."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The 8-connected parts of a mask, the one with most pixels first; each array has a value for each part."""

    runs: tuple[Numbers, Numbers, Numbers, Numbers]
    """Row, first column, column after the last, and part, of each horizontal run of ink."""
    area: Numbers
    top: Numbers
    bottom: Numbers
    left: Numbers
    right: Numbers

    def mask(self, kept: Mask, shape: tuple[int, int]) -> Mask:
        """The pixels of the parts that are `kept`."""
        row, start, stop = (values[kept[self.runs[3]]] for values in self.runs[:3])
        steps = np.zeros((shape[0], shape[1] + 1), np.int8)
        steps[row, start] = 1
        steps[row, stop] = -1
        return np.cumsum(steps[:, :-1], axis=1, dtype=np.int8).astype(np.bool_)


def find_parts(mask: Mask) -> Parts:
    """The connected parts of a mask that is not empty, by its runs: those of neighbouring rows are joined.

    Labels spread by taking the least of what touches and then jumping to what that has already found (Shiloach and
    Vishkin, An O(log n) parallel connectivity algorithm, 1982).
    """
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    edges = np.diff(padded, axis=1)
    row, start = np.nonzero(edges > 0)
    stop = np.nonzero(edges < 0)[1]
    wide = mask.shape[1] + 2  # keys of rows that never overlap, though a run may touch one column farther
    first = np.searchsorted(row * wide + stop, (row + 1) * wide + start)  # runs below that end at the start or later
    last = np.searchsorted(row * wide + start, (row + 1) * wide + stop, side="right")
    count = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(row)), count)
    below = np.arange(len(above)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    label = np.arange(len(row))
    while (label[above] != label[below]).any():
        least = np.minimum(label[above], label[below])
        np.minimum.at(label, label[above], least)
        np.minimum.at(label, label[below], least)
        while (label[label] != label).any():
            label = label[label]
    part = (np.cumsum(label == np.arange(len(row))) - 1)[label]
    area = np.bincount(part, weights=stop - start).astype(np.intp)
    order = np.argsort(-area, kind="stable")
    part = np.argsort(order)[part]
    amount = len(area)
    top, left = np.full(amount, mask.shape[0]), np.full(amount, mask.shape[1])
    bottom, right = np.zeros(amount, np.intp), np.zeros(amount, np.intp)
    np.minimum.at(top, part, row)
    np.maximum.at(bottom, part, row + 1)
    np.minimum.at(left, part, start)
    np.maximum.at(right, part, stop)
    return Parts((row, start, stop, part), area[order], top, bottom, left, right)


def digit_of(mask: Mask) -> tuple[Mask, bool]:
    """The mask without what is not the digit, and whether there are several digits in it; it must not be empty.

    The digit is the largest part, and with it all that is near it or not small.
    """
    parts = find_parts(mask)
    amount = len(parts.area)
    if amount == 1:
        return mask, False
    main = _main(parts, mask.shape)
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
    several = bool(others.any())
    neighbour = others & at_edge & (parts.area < parts.area[main]) if not at_edge[main] else np.zeros(amount, np.bool_)
    kept = ~(small | dust | strip | neighbour | _around(parts, main))
    kept[main] = True
    return (mask if kept.all() else parts.mask(kept, mask.shape)), several


def _main(parts: Parts, shape: tuple[int, int]) -> int:
    """The part that is the digit: the largest, unless that hugs the edge and another is nearly as large."""
    hugs = _at_edge(parts, shape) & (_depth(parts, shape) <= max(2, min(shape) // 8))
    inner = np.flatnonzero(~hugs)
    if hugs[0] and len(inner) and parts.area[inner[0]] * 4 > parts.area[0]:
        return int(inner[0])
    high = parts.bottom - parts.top
    within = [part for part in range(1, len(high)) if _around(parts, part)[0] and high[part] >= _ENCLOSED * high[0]]
    return within[0] if within else 0


def _around(parts: Parts, part: int) -> Mask:
    """Which parts lie around another on all sides, as a ring or a box does."""
    found: Mask = (parts.top < parts.top[part]) & (parts.bottom > parts.bottom[part])
    found &= (parts.left < parts.left[part]) & (parts.right > parts.right[part])
    return found


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
