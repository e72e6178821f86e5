"""How much ink there is at each place of a picture, whatever its polarity, its paper and the light on it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane

Number = TypeVar("Number", np.uint8, np.float32)
Mask = NDArray[np.bool_]

_GRID: Final = 32
"""Cells of the longer side, about, that paper is sought in: it changes more slowly than ink."""
CONTRAST: Final = 0.04
"""Less difference between paper and ink than this, of black to white, is a blank picture."""
_NOISE: Final = 6
"""Times the spread of the paper that ink must differ from it; of 4,096 normal values the farthest is at about 4."""
_LOUDEST: Final = 0.25
"""What differs from the paper by this is ink, however uneven the border: on a tiny picture the ink is in the border."""
_UNEVEN: Final = 0.12
"""Of the contrast: a border that ranges over more, from its first to its last decile, may lie in uneven light."""
_WINDOW: Final = 0.2
"""Of the shorter side: what is narrower is ink, what is wider is a shadow."""
_LEAST: Final = 20
_FLAT: Final = 0.12
_BETWEEN: Final = 0.2
_SHARE: Final = 0.03
_THIN: Final = 0.15
_DARKEST: Final = 0.1
"""Paper in a shadow is not taken to be darker than this: ink is measured by it."""
_POLARITY: Final = (1.0, 0.8, 0.4, 1.2)
"""Weights of border, area, corners and breadth in telling paper from ink; see `bench.normaliser`."""


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
        shown = plane if self.is_light else 1 - plane
        found: Plane = (self.level - shown) / np.maximum(self.level, np.float32(_DARKEST))
        return found


def find_paper(plane: Plane, *, shade: bool = True, votes: bool = True) -> Paper | None:
    """The paper of luminance 0–1 (H, W) of at most some 10,000 pixels; None where nothing stands out from it.

    Without `shade` all light is even; without `votes` the border alone tells paper from ink.
    """
    darkest, lightest = float(plane.min()), float(plane.max())
    if lightest - darkest < CONTRAST:
        return None
    border = border_of(plane, max(1, min(plane.shape) // 16))
    middle = float(np.median(border))
    cells = max(1, max(plane.shape) // _GRID)
    grid = averaged(plane, *(min(cells, side) for side in plane.shape))
    if shade and _is_uneven(border, grid):
        return _uneven_paper(plane, grid)
    light = middle - darkest >= lightest - middle
    if votes:
        light = _paper_is_light(grid)
        half = np.float32((darkest + lightest) / 2)
        paper = border[(border >= half) == light]
        border = paper if paper.size * 4 > border.size else plane[(plane >= half) == light]
        middle = float(np.median(border))
    spread = max(_spread(border - np.float32(middle)), _grain(plane))
    if (middle - darkest if light else lightest - middle) < _least(spread):
        return None
    level = middle if light else 1 - middle
    return Paper(light, np.full((1, 1), level, np.float32), spread / max(level, _DARKEST))


def _uneven_paper(plane: Plane, grid: Plane) -> Paper | None:
    light = _ink_is_dark(grid)
    level = _closed(plane if light else 1 - plane)
    missing = Paper(light, level, 0).ink(plane)
    middle = np.median(missing)  # the closing lies above the paper, by its noise
    noise = _spread(missing - middle)
    found = Paper(light, level * (1 - middle), noise)
    return None if float(missing.max() - middle) < _least(noise) else found


def _grain(plane: Plane) -> float:
    """Standard deviation of the noise, by what neighbours of some rows and columns differ."""
    every, each = (max(1, side // _GRID) for side in plane.shape)
    steps = np.concatenate([np.diff(plane[::every], axis=1).ravel(), np.diff(plane[:, ::each], axis=0).ravel()])
    return _spread(steps) / 2**0.5


def _least(spread: float) -> float:
    """What ink differs from paper by, at least."""
    return max(CONTRAST, min(_NOISE * spread, _LOUDEST))


def _spread(rest: Plane) -> float:
    """Standard deviation of what is nearly normal, by the median of its sizes."""
    return 1.4826 * float(np.median(np.abs(rest)))


def border_of(plane: NDArray[Number], width: int) -> NDArray[Number]:
    """The pixels that are at most `width` from the edge."""
    inner = plane[width:-width, :]
    sides = (plane[:width], plane[-width:], inner[:, :width], inner[:, -width:])
    return np.concatenate([side.ravel() for side in sides])


def averaged(plane: Plane, down: int, across: int) -> Plane:
    """Means of rectangles of `down` × `across` pixels; the last ones are filled up with what is at the edge."""
    if down == across == 1:
        return plane
    missing = [(0, -side % size) for side, size in zip(plane.shape, (down, across), strict=True)]
    whole = np.pad(plane, missing, mode="edge") if any(after for _, after in missing) else plane
    height, width = whole.shape[0] // down, whole.shape[1] // across
    means: Plane = whole.reshape(height, down, width, across).mean(axis=(1, 3), dtype=np.float32)
    return means


def widest(plane: NDArray[Number], size: int, axis: int) -> NDArray[Number]:
    """The maximum over `size` pixels around each, of those that are in the picture, by doubling."""
    before, after = (size - 1) // 2, size // 2
    pad = [(0, 0), (0, 0)]
    pad[axis] = (before, after)
    found = np.pad(plane, pad, mode="edge")
    reach = 1
    while reach < size:
        step = min(reach, size - reach)
        ahead = found[step:] if axis == 0 else found[:, step:]
        here = found[:-step] if axis == 0 else found[:, :-step]
        found = np.maximum(ahead, here)
        reach += step
    return found


def _is_uneven(border: Plane, grid: Plane) -> bool:
    """Whether there are flat places of more levels than two: in even light, paper and ink have one each."""
    if max(grid.shape) < _LEAST or min(grid.shape) * 4 < _LEAST:
        return False
    low, high = float(grid.min()), float(grid.max())
    first, last = np.quantile(border, (0.1, 0.9)).tolist()
    if last - first < _UNEVEN * (high - low):
        return False
    level = (grid - np.float32(low)) / np.float32(max(high - low, 1e-6))
    most, least = level, level
    for axis in (0, 1):
        most, least = widest(most, 3, axis), -widest(-least, 3, axis)
    between = (most - least < _FLAT) & (level > _BETWEEN) & (level < 1 - _BETWEEN)
    return int(np.count_nonzero(between)) > _SHARE * level.size


def _ink_is_dark(grid: Plane) -> bool:
    """Whether what is thin is dark: what a small closing fills against what a small opening takes away."""
    size = max(3, int(min(grid.shape) * _THIN) | 1)
    filled, emptied = grid, grid
    for axis in (0, 1):
        filled, emptied = widest(filled, size, axis), -widest(-emptied, size, axis)
    for axis in (0, 1):
        filled, emptied = -widest(-filled, size, axis), widest(emptied, size, axis)
    return float(np.square(filled - grid).sum()) >= float(np.square(grid - emptied).sum())


def _paper_is_light(grid: Plane) -> bool:
    """Whether the lighter of two classes is paper: by four votes, each the opposite for the inverted picture.

    Paper has most of the border, most of the area and most of the corners, and is broad where ink is thin.
    """
    half = np.float32((float(grid.min()) + float(grid.max())) / 2)
    light = grid > half
    side = max(1, min(grid.shape) // 8)
    corners = np.concatenate(
        [
            light[rows, columns].ravel()
            for rows in (slice(side), slice(-side, None))
            for columns in (slice(side), slice(-side, None))
        ]
    )
    votes = (_vote(border_of(light.view(np.uint8), 1)), _vote(light), _vote(corners), _broad(light) - _broad(~light))
    return float(np.dot(_POLARITY, votes)) >= 0


def _vote(hit: NDArray[np.generic]) -> float:
    return 2 * float(np.count_nonzero(hit)) / max(hit.size, 1) - 1


def _broad(mask: Mask) -> float:
    """The share of a class that is not within a pixel of the other."""
    whole = int(np.count_nonzero(mask))
    if not whole or min(mask.shape) < 3:
        return 0.0
    inner = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return int(np.count_nonzero(inner)) / whole


def _smooth(grid: Plane) -> Plane:
    """The surface of second order that lies nearest to the grid."""
    basis, inverse = _surface(grid.shape)
    found: Plane = (basis @ (inverse @ grid.ravel())).reshape(grid.shape)
    return found


@lru_cache(maxsize=16)
def _surface(shape: tuple[int, int]) -> tuple[Plane, Plane]:
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij")
    terms = (np.ones(shape), down, across, down * down, down * across, across * across)
    basis = np.stack([term.ravel() for term in terms], axis=1)
    return basis.astype(np.float32), np.linalg.solve(basis.T @ basis, basis.T).astype(np.float32)


def _closed(grid: Plane) -> Plane:
    """Light paper without the ink on it: a morphological closing, beyond the edges of what the slope there promises."""
    size = max(3, int(min(grid.shape) * _WINDOW) | 1)
    reach = size // 2
    high, wide = grid.shape
    surface = _smooth(grid)
    rows = np.arange(-reach, high + reach).clip(0, high - 1)
    columns = np.arange(-reach, wide + reach).clip(0, wide - 1)
    found = grid[np.ix_(rows, columns)]
    outer = np.pad(surface, reach, mode="reflect", reflect_type="odd")
    found = found + (outer - surface[np.ix_(rows, columns)])
    for axis in (0, 1):
        found = widest(found, size, axis)
    for axis in (0, 1):
        found = -widest(-found, size, axis)
    return found[reach:-reach, reach:-reach]
