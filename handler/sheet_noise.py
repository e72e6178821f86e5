"""The noise of the paper of each picture of a sheet, as `paper.grain_of` tells it."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane
from handler.planes import NORMAL, Numbers
from handler.sheet import Sheet
from handler.sheet_steps import Gaps, between, counted_medians, middles

Values = NDArray[np.float64]

_SAFE: Final = 1e-6
"""Of a limit: so much is left to what rounding may do to it."""


def noises(sheet: Sheet, least: Values) -> Values:
    """The standard deviation of the noise that neighbours differ by, or `least` where it is less than that."""
    found = least.copy()
    gaps = np.maximum(1, np.stack([sheet.high, sheet.wide]) // 16)
    for down, across in sorted(set(zip(*gaps.tolist(), strict=True))):
        chosen = np.flatnonzero((gaps[0] == down) & (gaps[1] == across))
        high, wide, limits = sheet.high[chosen], sheet.wide[chosen], least[chosen] * (2**0.5 / NORMAL * (1 - _SAFE))
        medians = (
            _medians(sheet.stack[chosen], high, wide, (down, across), limits)
            if sheet.grays is None
            else counted_medians(sheet.grays[chosen], high, wide, (down, across), limits)
        )
        for row, median in medians:
            number = chosen[row]
            found[number] = max(least[number], NORMAL * median / 2**0.5)
    return found


def _medians(stack: Plane, high: Numbers, wide: Numbers, gaps: Gaps, limits: Values) -> Iterator[tuple[int, float]]:
    """The median step of pictures, by their number, where it may be more than a limit."""
    steps = _steps(stack, high, wide, gaps)
    size, upper = middles(high, wide, gaps)
    upper += steps.shape[1] - size  # zeros that are no steps
    is_less = np.count_nonzero(steps <= limits.astype(np.float32)[:, None], axis=1) > upper  # the median, too
    for row in np.flatnonzero(~is_less).tolist():
        own, rank = steps[row], int(upper[row])
        own.partition(rank)
        yield row, between(float(own[:rank].max()), float(own[rank]), int(size[row]))


def _steps(stack: Plane, high: Numbers, wide: Numbers, gaps: Gaps) -> Plane:
    """(K, L): by what neighbours in some rows and columns differ; zeros for what is no such step.

    Beyond a picture its edge goes on, so that only the rows below it and the columns beside it must be left out.
    """
    down, across = gaps
    rows, columns = stack[:, ::down], stack[:, :, ::across]
    level, upright = rows[:, :, 1:] - rows[:, :, :-1], columns[:, 1:] - columns[:, :-1]
    level *= (np.arange(rows.shape[1]) * down < high[:, None])[:, :, None]
    upright *= (np.arange(columns.shape[2]) * across < wide[:, None])[:, None, :]
    steps = np.concatenate([level.reshape(len(stack), -1), upright.reshape(len(stack), -1)], axis=1)
    np.abs(steps, out=steps)
    return steps
