"""How much ink there is at each place of a picture, whatever its polarity, its paper and the light on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from handler.luminance import Plane
from handler.planes import averaged, border_of, quantile, spread
from handler.polarity import ink_is_dark, paper_is_light
from handler.shade import closed, is_uneven, smoothed

CONTRAST: Final = 0.04
"""Less difference between paper and ink than this, of black to white, is a blank picture."""
GRID: Final = 32
"""Cells of the longer side, about, that light and polarity are told by: they change more slowly than ink."""
OUTSTANDING: Final = 6
"""Times the spread of the paper that ink must differ from it; of 4,096 normal values the farthest is at about 4."""
LOUDEST: Final = 0.25
"""What differs from the paper by this is ink, however uneven the border: on a tiny picture the ink is in the border."""
CLEAN: Final = 0.75
"""Of the border: with less paper than this in it, it does not tell how even the paper is."""
_NEAR: Final = 0.1
"""Of the paper's level: what differs by less from a surface through the paper is the paper's noise."""
DARKEST: Final = 0.1
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
        shown = rounded(plane if self.is_light else np.float32(1) - plane)
        return np.asarray((self.level - shown) / np.maximum(self.level, np.float32(DARKEST)), np.float32)


def find_paper(plane: Plane, *, shade: bool = True, votes: bool = True) -> Paper | None:
    """The paper of luminance 0–1 (H, W) of at most some 10,000 pixels; None where nothing stands out from it.

    Without `shade` all light is even; without `votes` the border alone tells paper from ink.
    """
    return next(_papers(plane, shade=shade, votes=votes), None)


def other_papers(plane: Plane, *, shade: bool = True, votes: bool = True) -> Iterator[Paper]:
    """What else the paper could be, if `find_paper` has found one but what was read on it makes no sense."""
    return (paper for paper in islice(_papers(plane, shade=shade, votes=votes), 1, None) if paper)


def _papers(plane: Plane, *, shade: bool, votes: bool) -> Iterator[Paper | None]:
    """The likeliest first; it is None where that has no ink on it."""
    darkest, lightest = float(plane.min()), float(plane.max())
    if lightest - darkest < CONTRAST:
        return
    cells = max(1, max(plane.shape) // GRID)
    grid = averaged(plane, *(min(cells, side) for side in plane.shape))
    border = border_of(plane, max(1, min(plane.shape) // 16))
    if shade and is_uneven(border, grid):
        light = ink_is_dark(grid)
        yield _closed_paper(plane, light=light)
        yield _closed_paper(plane, light=not light)
        yield _smooth_paper(plane, grid, light=light)
        yield _smooth_paper(plane, grid, light=not light)
    elif votes:
        light = paper_is_light(grid)
        yield _even_paper(plane, border, light=light)
        yield _even_paper(plane, border, light=not light)
    else:
        middle = quantile(border, 0.5)
        light = middle - darkest >= lightest - middle
        yield _level_paper(plane, border, middle, light=light)
        yield _even_paper(plane, border, light=not light)


def _even_paper(plane: Plane, border: Plane, *, light: bool) -> Paper | None:
    half = np.float32((float(plane.min()) + float(plane.max())) / 2)
    paper = border[border > half] if light else border[border < half]
    border = paper if paper.size > CLEAN * border.size else plane[plane > half if light else plane < half]
    return _level_paper(plane, border, quantile(border, 0.5), light=light)


def _level_paper(plane: Plane, border: Plane, middle: float, *, light: bool) -> Paper | None:
    noise = max(spread(border - np.float32(middle)), grain_of(plane))
    if (middle - float(plane.min()) if light else float(plane.max()) - middle) < _least(noise):
        return None
    level = middle if light else 1 - middle
    return Paper(light, rounded(np.full((1, 1), level, np.float32)), noise / max(level, DARKEST))


def _closed_paper(plane: Plane, *, light: bool) -> Paper | None:
    level = closed(plane if light else 1 - plane)
    missing = Paper(light, level, 0).ink(plane)
    middle = np.float32(quantile(missing, 0.5))  # what is filled lies above the paper, by its noise
    noise = spread(missing - middle)
    return None if float(missing.max() - middle) < _least(noise) else Paper(light, level * (1 - middle), noise)


def _smooth_paper(plane: Plane, grid: Plane, *, light: bool) -> Paper | None:
    level = smoothed(grid if light else 1 - grid, plane.shape)
    if level is None:
        return None
    missing = Paper(light, level, 0).ink(plane)
    rest = missing[np.abs(missing) < _NEAR]
    noise = spread(rest) if rest.size else 0.0
    return None if float(missing.max()) < _least(noise) else Paper(light, level, noise)


def rounded(plane: Plane, out: Plane | None = None) -> Plane:
    """In steps of 1/65536: a threshold must not fall between a picture and its inverse, which differ by less."""
    found = np.multiply(plane, np.float32(65536), out=out)
    np.rint(found, out=found)
    found *= np.float32(1 / 65536)
    return found


def _least(noise: float) -> float:
    """What ink differs from paper by, at least."""
    return max(CONTRAST, min(OUTSTANDING * noise, LOUDEST))


def grain_of(plane: Plane) -> float:
    """Standard deviation of the noise, by what neighbours of some rows and columns differ."""
    down, across = (max(1, side // 16) for side in plane.shape)
    rows, columns = plane[::down], plane[:, ::across]
    places = len(rows) * (rows.shape[1] - 1), (len(columns) - 1) * columns.shape[1]
    steps = np.empty(sum(places), np.float32)
    np.subtract(rows[:, 1:], rows[:, :-1], out=steps[: places[0]].reshape(len(rows), -1))
    np.subtract(columns[1:], columns[:-1], out=steps[places[0] :].reshape(-1, columns.shape[1]))
    return spread(steps) / 2**0.5 if steps.size else 0.0
