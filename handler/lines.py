"""Ruled lines and edges of boxes that run through a picture, taken out of the ink where they are no strokes."""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.parts import digit_of
from handler.planes import Mask, quantile, widest

LEAST: Final = 24
"""Pixels of the shorter side, at least: in less no line can be told from a stroke."""
_SLOPE: Final = 0.12
"""Rows down for each column across, at most: seven degrees."""
_LONG: Final = 0.85
"""Of the picture's side: a line is ink in that many of its columns."""
_ASIDE: Final = 0.15
"""Of the picture's side: so near to an edge lies what is left of a box."""
_THICK: Final = 0.08
"""Of the picture's side: what is thicker is no line."""
_RUN: Final = re.compile(b"\1+")
"""Of true values, as bytes."""
_MOST: Final = 200
"""Ways from edge to edge along ink; with more of them the picture is a texture, and no paper with lines."""


def without_lines(mask: Mask) -> Mask:
    """The mask without lines that run from edge to edge, where a digit remains that they are no part of.

    A digit's own stroke may run from edge to edge too, where the picture was cut along the digit. So a line is only
    taken out where what remains stands free of the edges that lie beside the line.
    """
    if min(mask.shape) < LEAST:
        return mask
    found = mask
    for turned in (False, True):
        view = found.T if turned else found
        if view[:, :2].any() and view[:, -2:].any():
            view = _without_level_lines(view, between=not turned)
            found = view.T if turned else view
    if found is mask or not found.any():
        return mask
    rest, _ = digit_of(found)
    return rest if _is_digit(rest, int(np.count_nonzero(mask))) else mask


def _without_level_lines(mask: Mask, *, between: bool) -> Mask:
    """The mask without the straight lines between ink at the left edge and ink at the right edge.

    Unless `between`, a single one must run along the edge.
    """
    high, wide = mask.shape
    inner = min(max(2, int(wide * _THICK)), wide - 1)  # beyond a line along the edge
    left = _middles(mask[:, 0] | mask[:, 1]) + _middles(mask[:, inner])
    right = _middles(mask[:, -1] | mask[:, -2]) + _middles(mask[:, -1 - inner])
    ends = [(first, last) for first in left for last in right if abs(first - last) <= _SLOPE * wide]
    if not ends:
        return mask
    first, last = np.array(ends).T
    columns = np.arange(wide)
    rows = np.rint(first[:, None] + (last - first)[:, None] * (columns / max(wide - 1, 1))).astype(np.intp)
    covered = np.count_nonzero(widest(mask.view(np.uint8), 3, 0)[rows, columns], axis=1)
    paths = rows[covered >= _LONG * wide]
    if not len(paths):
        return mask
    paths = paths[_firsts(paths)]
    if len(paths) > _MOST:
        return mask
    places = paths.mean(axis=1)
    if not between and np.ptp(places) < _ASIDE * high:
        paths = paths[np.minimum(places, high - 1 - places) < _ASIDE * high]
    for path in paths:
        above, below = (_reach(mask, path, step) for step in (-1, 1))
        thick = above + below
        usual = quantile(thick.astype(np.float32), 0.5)
        if 0 < usual <= max(3, high * _THICK):
            level = np.arange(high)[:, None]
            line = (level > path - above - 1) & (level < path + below + 1) & (thick <= usual * 1.5 + 1)
            mask = mask & ~line
    return mask


def _firsts(paths: NDArray[np.intp]) -> list[int]:
    """Which of (N, W) are no repetition of one before; `numpy.unique` would take a hundred times as long of a few."""
    first: dict[bytes, int] = {}
    for number, path in enumerate(paths):
        first.setdefault(path.tobytes(), number)
    return list(first.values())


def _middles(edge: Mask) -> list[int]:
    """Where each run of ink along an edge has its middle."""
    return [sum(run.span(), -1) // 2 for run in _RUN.finditer(edge.tobytes())]


def _reach(mask: Mask, path: NDArray[np.intp], step: int) -> NDArray[np.intp]:
    """How many pixels of ink there are up or down from a path, for each column; the path may miss it by a pixel."""
    high, wide = mask.shape
    place = path + step * np.arange(int(max(3, high * _THICK)) + 2)[:, None]
    hit = mask[place.clip(0, high - 1), np.arange(wide)] & (place >= 0) & (place < high)
    alive = hit.copy()
    alive[0] = True
    reach: NDArray[np.intp] = np.count_nonzero(np.logical_and.accumulate(alive, axis=0) & hit, axis=0)
    return reach


def _is_digit(rest: Mask, whole: int) -> bool:
    """Whether what remains of a mask of `whole` pixels is large, and free of the edges."""
    rows, columns = np.flatnonzero(rest.any(axis=1)), np.flatnonzero(rest.any(axis=0))
    if not len(rows):
        return False
    high, wide = rest.shape
    margins = (rows[0], columns[0], high - 1 - rows[-1], wide - 1 - columns[-1])
    size = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    return int(np.count_nonzero(rest)) * 40 > whole and size * 4 >= min(high, wide) and min(margins) > 0
