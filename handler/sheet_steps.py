"""The median of what neighbours differ by, of each picture of a sheet in bytes: counted, and only then looked up.

Pixels that differ by so many bytes differ by nearly, but not quite, the same in luminance, which is rounded: so the
bytes say which difference is in the middle, and of the pixels that have it the luminances are compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Gray, unit
from handler.planes import Numbers

Gaps = tuple[int, int]
"""Rows down and columns across, from one in which neighbours are compared to the next."""
BYTES: Final = 256
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
    before = counted(steps).cumsum(axis=1)
    lower, higher = ((before > rank[:, None]).argmax(axis=1) for rank in (upper - 1, upper))
    rows = np.flatnonzero(higher / 255 + _ROUNDING > limits)
    if not len(rows):
        return
    steps, darker, before = steps[rows], darker[rows], before[rows]
    lower, higher, upper = lower[rows], higher[rows], upper[rows]
    low, top = _luminances(steps, darker, before, lower, (upper - 1, upper))
    others = np.flatnonzero(lower != higher)
    if len(others):
        top[others] = _luminances(steps[others], darker[others], before[others], higher[others], (upper[others],))[0]
    for row, one, other in zip(rows.tolist(), low.tolist(), top.tolist(), strict=True):
        yield row, between(one, other, int(size[row]))


def counted(pixels: Iterable[Gray]) -> Numbers:
    """(N, 256): how often each byte is among each of N."""
    return np.stack([np.bincount(each, minlength=BYTES) for each in pixels])


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


def _luminances(
    steps: Gray, darker: Gray, before: Numbers, step: Numbers, ranks: Sequence[Numbers]
) -> list[NDArray[np.float64]]:
    """(K,) for each of `ranks`: the step in luminance that is there in order, of (K, L), where it is of `step` bytes.

    `before` is how many steps are of each byte or less.
    """
    each = np.arange(len(steps))
    less = np.where(step > 0, before[each, step - 1], 0)
    owner = np.repeat(each, before[each, step] - less)
    values, places = _in_order()
    dark = darker.ravel()[np.flatnonzero(steps == step[:, None])]  # in half the time of indexing by what is true
    place = places[step[owner], dark]
    count = np.bincount(owner * BYTES + place, minlength=len(steps) * BYTES).reshape(-1, BYTES).cumsum(axis=1)
    return [values[step, (count > (rank - less)[:, None]).argmax(axis=1)].astype(np.float64) for rank in ranks]


@cache
def _in_order() -> tuple[NDArray[np.float32], Gray]:
    """(256, 256): the steps in luminance of so many bytes, in order; and where that from each byte is among them."""
    luminance = unit(np.arange(BYTES, dtype=np.uint8))
    values, places = np.zeros((BYTES, BYTES), np.float32), np.zeros((BYTES, BYTES), np.uint8)
    for step in range(BYTES):
        from_each = luminance[step:] - luminance[: BYTES - step]
        order = np.argsort(from_each, kind="stable")
        values[step, : len(order)] = from_each[order]
        places[step, order] = np.arange(len(order))
    return values, places
