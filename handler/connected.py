"""The connected parts of a mask."""

from dataclasses import dataclass

import numpy as np

from handler.planes import Mask, Numbers
from handler.runs import find_runs, labelled


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
    """The connected parts of a mask that is not empty."""
    runs = find_runs(mask)
    return parts_of(runs, labelled(*runs), mask.shape)


def parts_of(runs: tuple[Numbers, Numbers, int], label: Numbers, shape: tuple[int, int]) -> Parts:
    """The same of the runs that `runs.find_runs` gives of a mask of that shape, and of their labels."""
    starts, stops, wide = runs
    row, start = np.divmod(starts - wide - 1, wide)
    stop = stops - starts + start
    part = (np.cumsum(label == np.arange(len(row))) - 1)[label]
    area = np.bincount(part, weights=stop - start).astype(np.intp)
    order = np.argsort(-area, kind="stable")
    part = np.argsort(order)[part]
    amount = len(area)
    top, left = np.full(amount, shape[0]), np.full(amount, shape[1])
    bottom, right = np.zeros(amount, np.intp), np.zeros(amount, np.intp)
    np.minimum.at(top, part, row)
    np.maximum.at(bottom, part, row + 1)
    np.minimum.at(left, part, start)
    np.maximum.at(right, part, stop)
    return Parts((row, start, stop, part), area[order], top, bottom, left, right)
