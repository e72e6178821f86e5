"""How much ink there is at each place of a picture, whatever its polarity, its paper and the light on it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from handler.luminance import Plane
from handler.planes import averaged, border_of, filled, quantile, spread, widest
from handler.polarity import ink_is_dark, paper_is_light

CONTRAST: Final = 0.04
"""Less difference between paper and ink than this, of black to white, is a blank picture."""
_GRID: Final = 32
"""Cells of the longer side, about, that light and polarity are told by: they change more slowly than ink."""
_NOISE: Final = 6
"""Times the spread of the paper that ink must differ from it; of 4,096 normal values the farthest is at about 4."""
_LOUDEST: Final = 0.25
"""What differs from the paper by this is ink, however uneven the border: on a tiny picture the ink is in the border."""
_LEAST: Final = 20
"""Cells of the longer side, at least, of a picture in which light can be told from ink, and half that of the other."""
_RANGE: Final = 0.12
"""Of all that a picture ranges over: a border of less, between its deciles, lies in even light."""
_CLEAN: Final = 0.75
"""Of the border: with less paper than this in it, it does not tell how even the paper is."""
_FLAT: Final = 0.12
"""Of the same: a cell that differs by less from its neighbours is in the middle of paper, shadow or ink."""
_BETWEEN: Final = 0.2
"""Of the same: so far from the darkest and from the lightest a flat cell is neither paper nor ink in even light."""
_SHARE: Final = 0.03
"""Of all cells: so many between are no accident."""
_WINDOW: Final = 0.2
"""Of the shorter side: what is narrower is ink, what is wider is a shadow."""
_DARKEST: Final = 0.1
"""Paper in a shadow is not taken to be darker than this: ink is measured by it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper under a picture, and which way ink differs from it."""

    is_light: bool
    level: Plane
    """Its luminance, or 1 less that where the ink is the lighter: (1, 1) in even light, else (H, W)."""
    noise: float
    """Its standard deviation, as a share of its level."""

    def ink(self, plane: Plane) -> Plane:
        """What is missing of the paper's level at each pixel, 0 none to 1 all; less than 0 beyond it."""
        shown = _rounded(plane if self.is_light else np.float32(1) - plane)
        return np.asarray((self.level - shown) / np.maximum(self.level, np.float32(_DARKEST)), np.float32)


def find_paper(plane: Plane, *, shade: bool = True, votes: bool = True) -> Paper | None:
    """The paper of luminance 0–1 (H, W) of at most some 10,000 pixels; None where nothing stands out from it.

    Without `shade` all light is even; without `votes` the border alone tells paper from ink.
    """
    darkest, lightest = float(plane.min()), float(plane.max())
    if lightest - darkest < CONTRAST:
        return None
    cells = max(1, max(plane.shape) // _GRID)
    grid = averaged(plane, *(min(cells, side) for side in plane.shape))
    border = border_of(plane, max(1, min(plane.shape) // 16))
    if shade and _is_uneven(border, grid):
        return _uneven_paper(plane, grid)
    middle = quantile(border, 0.5)
    light = paper_is_light(grid) if votes else middle - darkest >= lightest - middle
    if votes:
        half = np.float32((darkest + lightest) / 2)
        paper = border[border > half] if light else border[border < half]
        border = paper if paper.size > _CLEAN * border.size else plane[plane > half if light else plane < half]
        middle = quantile(border, 0.5)
    noise = max(spread(border - np.float32(middle)), _grain(plane))
    if (middle - darkest if light else lightest - middle) < _least(noise):
        return None
    level = middle if light else 1 - middle
    return Paper(light, _rounded(np.full((1, 1), level, np.float32)), noise / max(level, _DARKEST))


def _uneven_paper(plane: Plane, grid: Plane) -> Paper | None:
    light = ink_is_dark(grid)
    level = _filled(plane if light else 1 - plane)
    missing = Paper(light, level, 0).ink(plane)
    middle = np.float32(quantile(missing, 0.5))  # what is filled lies above the paper, by its noise
    noise = spread(missing - middle)
    found = Paper(light, level * (1 - middle), noise)
    return None if float(missing.max() - middle) < _least(noise) else found


def _rounded(plane: Plane) -> Plane:
    """In steps of 1/65536: a threshold must not fall between a picture and its inverse, which differ by less."""
    return np.asarray(np.rint(plane * np.float32(65536)) * np.float32(1 / 65536), np.float32)


def _least(noise: float) -> float:
    """What ink differs from paper by, at least."""
    return max(CONTRAST, min(_NOISE * noise, _LOUDEST))


def _grain(plane: Plane) -> float:
    """Standard deviation of the noise, by what neighbours of some rows and columns differ."""
    down, across = (max(1, side // 16) for side in plane.shape)
    rows, columns = plane[::down], plane[:, ::across]
    steps = np.concatenate([(rows[:, 1:] - rows[:, :-1]).ravel(), (columns[1:] - columns[:-1]).ravel()])
    return spread(steps) / 2**0.5 if steps.size else 0.0


def _is_uneven(border: Plane, grid: Plane) -> bool:
    """Whether there are flat places of more levels than two: in even light, paper and ink have one each."""
    if max(grid.shape) < _LEAST or min(grid.shape) * 2 < _LEAST:
        return False
    low, high = float(grid.min()), float(grid.max())
    if quantile(border, 0.9) - quantile(border, 0.1) < _RANGE * (high - low):
        return False
    level = (grid - np.float32(low)) / np.float32(max(high - low, 1e-6))
    most, least = level, -level
    for axis in (0, 1):
        most, least = widest(most, 3, axis), widest(least, 3, axis)
    between = (most + least < _FLAT) & (level > _BETWEEN) & (level < 1 - _BETWEEN)
    return int(np.count_nonzero(between)) > _SHARE * level.size


def _filled(plane: Plane) -> Plane:
    """Light paper without the ink on it: a closing, with the slope of the light going on beyond the edges."""
    size = max(3, int(min(plane.shape) * _WINDOW) | 1)
    reach = size // 2
    basis, inverse = _surface(plane.shape)
    smooth = (basis @ (inverse @ plane.ravel())).reshape(plane.shape)
    beyond = np.pad(smooth, reach, mode="reflect", reflect_type="odd")
    beyond += np.pad(plane - smooth, reach, mode="edge")
    return filled(beyond, size)[reach:-reach, reach:-reach]


@lru_cache(maxsize=16)
def _surface(shape: tuple[int, int]) -> tuple[Plane, Plane]:
    """(H·W, 6) and (6, H·W): the surfaces up to second order, and what finds the one nearest to a plane."""
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij")
    terms = (np.ones(shape), down, across, down * down, down * across, across * across)
    basis = np.stack([term.ravel() for term in terms], axis=1)
    return basis.astype(np.float32), np.linalg.solve(basis.T @ basis, basis.T).astype(np.float32)
