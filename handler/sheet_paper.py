"""The paper of each picture of a sheet, where it is found as most is: in even light, by its border."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Gray, Plane, full
from handler.paper import CLEAN, CONTRAST, DARKEST, LOUDEST, OUTSTANDING, rounded
from handler.planes import NORMAL, Mask, Numbers, averaged, border_of
from handler.polarity import MOST, PLAIN
from handler.shade import LEAST, RANGE
from handler.sheet import Sheet, inside, per_picture, ranked
from handler.sheet_noise import noises

_WHITE: Final = 255
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Papers:
    """What `paper.Paper` says, for each picture; without meaning where it is not `found`."""

    found: Mask
    is_light: Mask
    level: Values
    noise: Values


def find_papers(sheet: Sheet) -> Papers:
    """The papers that `paper.find_paper` finds, but only those that need no second thought."""
    darkest, lightest = _range(sheet)
    border, count = _borders(sheet)
    none = np.zeros_like(count)
    grid = _gridded(sheet)
    low, high = _range(grid)
    tiny = (np.maximum(grid.high, grid.wide) < LEAST) | (np.minimum(grid.high, grid.wide) * 2 < LEAST)
    is_even = tiny | (ranked(border, none, count, 0.9) - ranked(border, none, count, 0.1) < RANGE * (high - low))
    edge, area = _votes(grid)
    is_light, is_clear = edge > 0, (np.abs(edge) > PLAIN) & (edge * area > MOST * np.abs(edge))

    middles = ((darkest + lightest) / 2).astype(np.float32)[:, None]
    first = np.where(is_light, (border <= middles).sum(axis=1), 0)
    last = np.where(is_light, count, (border < middles).sum(axis=1))
    is_clean = last - first > CLEAN * count
    first, last = np.where(is_clean, first, 0), np.where(is_clean, last, count)
    middle = ranked(border, first, last - first, 0.5)
    places = np.arange(border.shape[1])
    own = (places >= first[:, None]) & (places < last[:, None])
    rest = np.where(own, np.abs(border - middle.astype(np.float32)[:, None]), np.float32(np.inf))
    rest.sort(axis=1)
    noise = noises(sheet, NORMAL * ranked(rest, none, last - first, 0.5))
    stands_out = np.where(is_light, middle - darkest, lightest - middle) >= np.clip(
        OUTSTANDING * noise, CONTRAST, LOUDEST
    )
    level = np.where(is_light, middle, 1 - middle)
    found = (lightest - darkest >= CONTRAST) & is_even & is_clear & is_clean & stands_out
    return Papers(found, is_light, level, noise / np.maximum(level, DARKEST))


def inks_of(stack: NDArray[np.float32], papers: Papers) -> NDArray[np.float32]:
    """(N, H, W): what `paper.Paper.ink` gives of each of (N, H, W), luminance 0–1."""
    ink = stack.copy()
    for number in np.flatnonzero(~papers.is_light):
        np.subtract(np.float32(1), ink[number], out=ink[number])
    level = rounded(per_picture(papers.level))
    np.subtract(level, rounded(ink, out=ink), out=ink)
    ink /= np.maximum(level, np.float32(DARKEST))
    return ink


def _borders(sheet: Sheet) -> tuple[NDArray[np.float32], Numbers]:
    """(N, L): the values of each border in order, infinite ones behind them; and how many there are."""
    borders = [_border_of(picture) for picture in sheet.pictures]
    count = np.array([len(border) for border in borders])
    found = np.full((len(borders), count.max()), np.inf if sheet.grays is None else _WHITE, borders[0].dtype)
    for row, border in zip(found, borders, strict=True):
        row[: len(border)] = border
    found.sort(axis=1, kind=None if sheet.grays is None else "stable")  # of bytes that is the fast one
    values = full(found)
    values[np.arange(found.shape[1]) >= count[:, None]] = np.inf
    return values, count


def _border_of(picture: Gray | Plane) -> Gray | Plane:
    width = max(1, min(picture.shape) // 16)
    if picture.dtype == np.uint8:
        return border_of(np.asarray(picture, np.uint8), width)
    return border_of(np.asarray(picture, np.float32), width)


def _gridded(sheet: Sheet) -> Sheet:
    """The sheet of the pictures' grids, each a cell a pixel."""
    cells = sheet.cells
    if cells == 1:
        return sheet
    layers, down, across = sheet.stack.shape
    means = averaged(sheet.stack.reshape(-1, across), cells, cells).reshape(layers, down // cells, across // cells)
    high, wide = -(-sheet.high // cells), -(-sheet.wide // cells)
    valid = inside(high, wide, means.shape[1:])
    np.copyto(means, means[:, :1, :1], where=~valid)
    return Sheet(sheet.pictures, None, means, high, wide, valid, 1)


def _votes(grid: Sheet) -> tuple[Values, Values]:
    """For the lighter class being paper, -1 to 1: of the border and of the area, as in `polarity.paper_is_light`."""
    each, bottom, right = np.arange(len(grid.pictures)), grid.high - 1, grid.wide - 1
    darkest, lightest = _range(grid)
    light = (grid.stack > per_picture((darkest + lightest) / 2)) & grid.valid
    sides = light[:, 0], light[each, bottom], light[:, 1:, 0], light[each, 1:, right]
    border = sum(np.count_nonzero(side, axis=1) for side in sides)
    border -= light[each, bottom, 0].astype(np.intp) + light[each, bottom, right]
    area = np.count_nonzero(light.reshape(len(each), -1), axis=1)
    return 2 * border / (2 * (bottom + right)) - 1, 2 * area / (grid.high * grid.wide) - 1


def _range(sheet: Sheet) -> tuple[Values, Values]:
    """The darkest and the lightest of each picture: what is beyond it is neither darker nor lighter."""
    flat = sheet.stack.reshape(len(sheet.pictures), -1)
    return flat.min(axis=1).astype(np.float64), flat.max(axis=1).astype(np.float64)
