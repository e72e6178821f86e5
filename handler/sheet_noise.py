"""The noise of the paper of each picture of a sheet, as `paper.grain_of` tells it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.planes import NORMAL, Numbers
from handler.sheet import Sheet

Values = NDArray[np.float64]

_SAFE: Final = 1e-6
"""Of a limit: so much is left to what rounding may do to it."""


def noises(sheet: Sheet, least: Values) -> Values:
    """The standard deviation of the noise that neighbours differ by, or `least` where it is less than that."""
    found = least.copy()
    gaps = np.maximum(1, np.stack([sheet.high, sheet.wide]) // 16)
    for down, across in sorted(set(zip(*gaps.tolist(), strict=True))):
        chosen = np.flatnonzero((gaps[0] == down) & (gaps[1] == across))
        steps, missing = _steps(sheet, chosen, down, across)
        size = steps.shape[1] - missing
        upper = missing + np.minimum((size - 1) // 2 + 1, size - 1)
        limit = (least[chosen] * (2**0.5 / NORMAL * (1 - _SAFE))).astype(np.float32)
        is_less = np.count_nonzero(steps <= limit[:, None], axis=1) > upper  # the median, too
        for row in np.flatnonzero(~is_less).tolist():
            own, rank = steps[row], int(upper[row])
            own.partition(rank)
            low, high = float(own[:rank].max()), float(own[rank])
            grain = NORMAL * (low + (high - low) * (0.5 * (int(size[row]) - 1) % 1)) / 2**0.5
            found[chosen[row]] = max(least[chosen[row]], grain)
    return found


def _steps(sheet: Sheet, chosen: Numbers, down: int, across: int) -> tuple[NDArray[np.float32], Numbers]:
    """(K, L): by what neighbours in some rows and columns differ, and how many zeros of each row are no such step.

    Beyond a picture its edge goes on, so that only the rows below it and the columns beside it must be left out.
    """
    stack = sheet.stack if len(chosen) == len(sheet.stack) else sheet.stack[chosen]
    high, wide = sheet.high[chosen], sheet.wide[chosen]
    rows, columns = stack[:, ::down], stack[:, :, ::across]
    level, upright = rows[:, :, 1:] - rows[:, :, :-1], columns[:, 1:] - columns[:, :-1]
    level *= (np.arange(rows.shape[1]) * down < high[:, None])[:, :, None]
    upright *= (np.arange(columns.shape[2]) * across < wide[:, None])[:, None, :]
    steps = np.concatenate([level.reshape(len(chosen), -1), upright.reshape(len(chosen), -1)], axis=1)
    np.abs(steps, out=steps)
    size = -(-high // down) * (wide - 1) + (high - 1) * -(-wide // across)
    return steps, steps.shape[1] - size
