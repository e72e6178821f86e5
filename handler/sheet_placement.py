"""The ink of each picture of a sheet to 28×28, as `placement.placed` does it with one."""

import numpy as np
from numpy.typing import NDArray

from handler.placement import BOX, CENTRE, INK, SIDE, thicken_all
from handler.planes import averaged, centre
from handler.sheet import per_picture
from handler.sheet_ink import Inks, bounds_of

_FINER = 2
_PLACES = np.arange(SIDE * _FINER) + 0.5 - CENTRE * _FINER


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
    down = _weights(int((window.bottom - window.top).max()), scale / _FINER, middles[0])
    across = _weights(int((window.right - window.left).max()), scale / _FINER, middles[1])
    found = np.ones((len(scale), SIDE * _FINER, SIDE * _FINER), np.float32)
    for number, ink in chosen:  # one by one: padded to one size, the sums might come out another way
        high, wide = ink.shape
        np.matmul(down[number, :, :high] @ ink, across[number, :, :wide].T, out=found[number])
    thicken_all(_fill(found))
    small = averaged(found.reshape(-1, SIDE * _FINER), _FINER, _FINER).reshape(-1, SIDE, SIDE)
    return np.rint(_fill(small) * 255).astype(np.uint8)


def _fill(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Make the strongest of each 1."""
    strongest = ink.reshape(len(ink), -1).max(axis=1).astype(np.float64)
    ink /= per_picture(np.maximum(strongest, 1e-6))
    return np.clip(ink, 0, 1, out=ink)


def _weights(size: int, scale: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, 56, size): what `placement` weighs each with, worked out where it is not zero."""
    reach = np.maximum(scale, 1)
    places = _PLACES * scale[:, None] + middle[:, None]
    first = np.floor(places - reach[:, None] - 0.5).astype(np.intp)
    columns = first[:, :, None] + np.arange(int(2 * reach.max()) + 3)
    weights = places[:, :, None] - (columns + 0.5)
    np.abs(weights, out=weights)
    if is_wide := reach.max() > 1:
        weights /= reach[:, None, None]
    np.subtract(1, weights, out=weights)
    np.maximum(weights, 0, out=weights)
    if is_wide:
        weights /= reach[:, None, None]
    found = np.zeros((places.size, size + 2), np.float32)  # and a column on either side for what lies beyond
    columns = columns.clip(-1, size, out=columns).reshape(len(found), -1)
    columns += np.arange(1, found.size, size + 2)[:, None]
    found.ravel()[columns.ravel()] = weights.ravel()
    return found.reshape(*places.shape, size + 2)[:, :, 1:-1]
