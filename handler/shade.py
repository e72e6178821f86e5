"""Paper in uneven light: whether the light is uneven, and what the paper would be without the ink on it."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane
from handler.planes import filled, quantile, widest

LEAST: Final = 20
"""Cells of the longer side, at least, of a picture in which light can be told from ink, and half that of the other."""
RANGE: Final = 0.12
"""Of all that a picture ranges over: a border of less, between its deciles, lies in even light."""
_FLAT: Final = 0.12
"""Of the same: a cell that differs by less from its neighbours is in the middle of paper, shadow or ink."""
_BETWEEN: Final = 0.2
"""Of the same: so far from the darkest and from the lightest a flat cell is neither paper nor ink in even light."""
_SHARE: Final = 0.03
"""Of all cells: so many between are no accident."""
_WINDOW: Final = 0.2
"""Of the shorter side: what is narrower is ink, what is wider is a shadow."""

_ROUNDS: Final = 8
_FIRST: Final = 0.35
_NEARER: Final = 0.6
"""Of the range: cells within the first distance of a surface belong to it, and within so much less at each round."""
_ON: Final = 0.06
"""Of the range: what is so near to the surface is paper."""
_LIT: Final = 3
"""Times as far as ink a cell may lie on the other side of the surface: there is nothing lighter than light paper."""
_PAPER: Final = 0.25
"""Share of cells that must be paper, in the end."""
_BEYOND: Final = 0.1
"""Of the range: what is so much lighter than light paper is something else."""
_FEW: Final = 0.02
"""Share of cells that may be."""


def is_uneven(border: Plane, grid: Plane) -> bool:
    """Whether there are flat places of more levels than two: in even light, paper and ink have one each."""
    if max(grid.shape) < LEAST or min(grid.shape) * 2 < LEAST:
        return False
    low, high = float(grid.min()), float(grid.max())
    if quantile(border, 0.9) - quantile(border, 0.1) < RANGE * (high - low):
        return False
    level = (grid - np.float32(low)) / np.float32(max(high - low, 1e-6))
    most, least = level, -level
    for axis in (0, 1):
        most, least = widest(most, 3, axis), widest(least, 3, axis)
    between = (most + least < _FLAT) & (level > _BETWEEN) & (level < 1 - _BETWEEN)
    return int(np.count_nonzero(between)) > _SHARE * level.size


def closed(plane: Plane) -> Plane:
    """Light paper without the ink on it: a closing, with the slope of the light going on beyond the edges."""
    size = max(3, int(min(plane.shape) * _WINDOW) | 1)
    reach = size // 2
    basis = _surfaces(plane.shape)
    smooth = (basis @ (_nearest(plane.shape) @ plane.ravel())).reshape(plane.shape)
    beyond = np.pad(smooth, reach, mode="reflect", reflect_type="odd")
    beyond += np.pad(plane - smooth, reach, mode="edge")
    return filled(beyond, size)[reach:-reach, reach:-reach]


def smoothed(grid: Plane, shape: tuple[int, int]) -> Plane | None:
    """Light paper as a surface of second order through the cells of a grid that are paper, in a plane of `shape`.

    None where no such surface has enough of the grid on it and hardly anything above it. It is fitted again and again
    to what lies near it, ever nearer (Holland and Welsch, Robust Regression Using Iteratively Reweighted
    Least-Squares, 1977).
    """
    values, basis = grid.ravel(), _surfaces(grid.shape)
    span = float(values.max() - values.min())
    near = np.ones(values.size, np.float32)
    terms = np.zeros(basis.shape[1], np.float32)
    for number in range(_ROUNDS):
        weighted = basis * near[:, None]
        terms = np.linalg.solve(weighted.T @ basis + 1e-3 * np.eye(len(terms)), weighted.T @ values).astype(np.float32)
        missing = basis @ terms - values
        reach = max(_ON, _FIRST * _NEARER**number) * span
        near = ((missing < reach) & (missing > -_LIT * reach)).astype(np.float32)
    on, beyond = np.abs(missing) < _ON * span, missing < -_BEYOND * span
    if np.count_nonzero(on) < _PAPER * on.size or np.count_nonzero(beyond) > _FEW * on.size:
        return None
    return (_surfaces(shape) @ terms).reshape(shape)


@lru_cache(maxsize=16)
def _surfaces(shape: tuple[int, int]) -> Plane:
    """(H·W, 6): the terms up to second order, at the middle of each pixel of a picture that is 2 by 2."""
    down, across = np.meshgrid(*((2 * np.arange(side) + 1) / side - 1 for side in shape), indexing="ij")
    terms = (np.ones(shape), down, across, down * down, down * across, across * across)
    return np.stack([term.ravel() for term in terms], axis=1).astype(np.float32)


@lru_cache(maxsize=16)
def _nearest(shape: tuple[int, int]) -> NDArray[np.float32]:
    """(6, H·W): what finds the terms of the surface that is nearest to a plane."""
    basis = _surfaces(shape).astype(np.float64)
    return np.linalg.solve(basis.T @ basis, basis.T).astype(np.float32)
