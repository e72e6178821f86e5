"""The ink of each picture of a sheet to 28×28, as `placement.placed` does it with one."""

import numpy as np
from numpy.typing import NDArray

from handler.placement import BOX, INK, SIDE, thicken_all, weights_of
from handler.planes import averaged, centre
from handler.sheet import per_picture
from handler.sheet_ink import Inks, bounds_of

_FINER = 2
_SIDE = SIDE * _FINER


def all_placed(inks: Inks) -> NDArray[np.uint8]:
    """(N, 28, 28) uint8, 255 full ink; without meaning where no ink is found."""
    bounds = bounds_of(inks.ink >= INK)
    scale = bounds.longer() / BOX
    window = bounds.wider(np.ceil(scale).astype(np.intp), inks.window)
    chosen = [
        (number, inks.ink[number, top:bottom, left:right])
        for number, (top, bottom, left, right) in enumerate(window.boxes())
        if inks.found[number]
    ]
    middles = np.zeros((2, len(scale)))
    for number, ink in chosen:
        middles[:, number] = centre(np.add.reduce(ink, axis=1)), centre(np.add.reduce(ink, axis=0))
    down = weights_of(_SIDE, int((window.bottom - window.top).max()), scale / _FINER, middles[0])
    across = weights_of(_SIDE, int((window.right - window.left).max()), scale / _FINER, middles[1])
    found = np.ones((len(scale), _SIDE, _SIDE), np.float32)
    for number, ink in chosen:  # one by one: padded to one size, the sums might come out another way
        high, wide = ink.shape
        np.matmul(down[number, :, :high] @ ink, across[number, :, :wide].T, out=found[number])
    thicken_all(_fill(found))
    small = averaged(found.reshape(-1, _SIDE), _FINER, _FINER).reshape(-1, SIDE, SIDE)
    return np.rint(_fill(small) * 255).astype(np.uint8)


def _fill(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Make the strongest of each 1."""
    strongest = ink.reshape(len(ink), -1).max(axis=1).astype(np.float64)
    ink /= per_picture(np.maximum(strongest, 1e-6))
    return np.clip(ink, 0, 1, out=ink)
