"""Which of the two is ink: the dark or the light. Every rule gives the opposite for the inverted picture."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane
from handler.planes import Mask, border_of, filled

_WEIGHTS: Final = (1.0, 1.0, 0.4, 2.0)
"""Of border, area, corners and breadth."""
PLAIN: Final = 0.9
"""A border that is of one class by so much (-1 to 1), in a picture that mostly is, needs no more votes."""
MOST: Final = 0.2
_THIN: Final = 0.15
"""Of the shorter side: ink is narrower."""


def paper_is_light(grid: Plane) -> bool:
    """Whether the lighter of two classes is paper, in even light.

    Paper has most of the border, most of the area and most of the corners, and is broad where ink is thin. One alone
    may err: a frame has all of the border, a thick digit most of the area, a tight one corners and border.
    """
    light = grid > np.float32((float(grid.min()) + float(grid.max())) / 2)
    border, area = _vote(border_of(light.view(np.uint8), 1)), _vote(light)
    if abs(border) > PLAIN and border * area > MOST * abs(border):
        return border > 0
    side = max(1, min(grid.shape) // 8)
    ends = (slice(side), slice(-side, None))
    corners = np.concatenate([light[rows, columns].ravel() for rows in ends for columns in ends])
    votes = (border, area, _vote(corners), _broad(light) - _broad(~light))
    return float(np.dot(_WEIGHTS, votes)) >= 0


def ink_is_dark(grid: Plane) -> bool:
    """Whether what is thin is dark, in any light: what a closing fills against what an opening takes away."""
    size = max(3, int(min(grid.shape) * _THIN) | 1)
    dark, light = filled(grid, size) - grid, filled(-grid, size) + grid
    return float(np.square(dark).sum()) >= float(np.square(light).sum())


def _vote(hit: NDArray[np.generic]) -> float:
    return 2 * float(np.count_nonzero(hit)) / max(hit.size, 1) - 1


def _broad(mask: Mask) -> float:
    """The share of a class that is not within a pixel of the other."""
    inner = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return int(np.count_nonzero(inner)) / max(int(np.count_nonzero(mask)), 1)
