"""The connected parts of a mask."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.planes import Mask

Numbers = NDArray[np.intp]


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
