"""The median of what neighbours differ by, of each picture of a sheet in bytes: counted, and only then looked up.

Pixels that differ by so many bytes differ by nearly, but not quite, the same in luminance, which is rounded: so the
bytes say which difference is in the middle, and of the pixels that have it the luminances are compared.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Gray, unit
from handler.planes import Numbers

Gaps = tuple[int, int]
"""Rows down and columns across, from one in which neighbours are compared to the next."""
_BYTES: Final = 256
_LUMINANCE: Final = unit(np.arange(_BYTES, dtype=np.uint8))
_ROUNDING: Final = 1e-6
"""More than luminances that differ by so many bytes can differ by otherwise."""


def middles(high: Numbers, wide: Numbers, gaps: Gaps) -> tuple[Numbers, Numbers]:
    """How many steps there are, and the upper of the two that are in the middle, or the only one."""
    down, across = gaps
    size = np.asarray(-(-high // down) * (wide - 1) + (high - 1) * -(-wide // across), np.intp)
    return size, np.minimum((size - 1) // 2 + 1, size - 1)


def between(low: float, high: float, size: int) -> float:
    """The median of `size` values, of which these are in the middle."""
    return low + (high - low) * (0.5 * (size - 1) % 1)


def counted_medians(
    grays: NDArray[np.uint8], high: Numbers, wide: Numbers, gaps: Gaps, limits: NDArray[np.float64]
) -> Iterator[tuple[int, float]]:
    """The median step of pictures, (N, H, W), by their number, where it may be more than a limit."""
    steps, darker = _steps(grays, high, wide, gaps)
    size, upper = middles(high, wide, gaps)
    upper += steps.shape[1] - size  # zeros that are no steps
    places = np.arange(len(steps))[:, None] * _BYTES + steps
    before = np.bincount(places.ravel(), minlength=len(steps) * _BYTES).reshape(-1, _BYTES).cumsum(axis=1)
    lower, higher = ((before > rank[:, None]).argmax(axis=1) for rank in (upper - 1, upper))
    for row in np.flatnonzero(higher / 255 + _ROUNDING > limits).tolist():
        found: list[float] = []
        for step in sorted({int(lower[row]), int(higher[row])}):
            first = int(before[row, step - 1]) if step else 0
            ordered = _ordered(steps[row], darker[row], step)
            found += [
                float(ordered[rank - first])
                for rank in (upper[row] - 1, upper[row])
                if first <= rank < before[row, step]
            ]
        yield row, between(found[0], found[1], int(size[row]))


def _steps(grays: NDArray[np.uint8], high: Numbers, wide: Numbers, gaps: Gaps) -> tuple[Gray, Gray]:
    """(N, L) of bytes: by what neighbours differ, zeros for what is no step, and the darker of the two.

    Beyond a picture its edge goes on, so that only the rows below it and the columns beside it must be left out.
    """
    down, across = gaps
    rows, columns = grays[:, ::down], grays[:, :, ::across]
    pairs = (rows[:, :, 1:], rows[:, :, :-1]), (columns[:, 1:], columns[:, :-1])
    least, most = ([choose(*pair) for pair in pairs] for choose in (np.minimum, np.maximum))
    most[0] -= least[0]
    most[1] -= least[1]
    most[0] *= (np.arange(rows.shape[1]) * down < high[:, None])[:, :, None]
    most[1] *= (np.arange(columns.shape[2]) * across < wide[:, None])[:, None, :]
    steps, darker = (
        np.concatenate([part.reshape(len(grays), -1) for part in parts], axis=1) for parts in (most, least)
    )
    return steps, darker


def _ordered(steps: Gray, darker: Gray, step: int) -> NDArray[np.float32]:
    """The steps of so many bytes, in luminance and in order."""
    dark = darker[steps == step]
    values: NDArray[np.float32] = _LUMINANCE[dark + np.uint8(step)]
    values -= _LUMINANCE[dark]
    values.sort()
    return values
