"""Many pictures to what `images.normalise` makes of each, bit for bit, in a fraction of the time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from handler.images import COARSE, normalise
from handler.luminance import Plane
from handler.normal import Normal, Signs
from handler.paper import GRID
from handler.placement import SIDE, are_mnist
from handler.sheet import stacked
from handler.sheet_ink import find_inks
from handler.sheet_paper import find_papers
from handler.sheet_placement import all_placed

_LEAST: Final = 16
"""Pixels of the shorter side, at least, of a picture that goes on a sheet."""
_AMOUNT: Final = 48
"""Of pictures on a sheet, at most: more differ more in size, and no longer stay in the processor's cache."""
_FEW: Final = 5
"""So many are read faster one by one."""


def normalise_group(planes: Sequence[Plane]) -> list[Normal]:
    """What `images.normalise` makes of each.

    Small ones in even light, on which nothing but a digit is seen, are read together; all others one by one.
    """
    found = dict(_mnist(planes))
    by_cells: defaultdict[int, list[int]] = defaultdict(list)
    for number, plane in enumerate(planes):
        if number not in found and is_small(plane):
            by_cells[max(1, max(plane.shape) // GRID)].append(number)
    for cells, numbers in by_cells.items():
        numbers.sort(key=lambda number: sorted(planes[number].shape, reverse=True))
        for start in range(0, len(numbers), _AMOUNT):
            some = numbers[start : start + _AMOUNT]
            if len(some) > _FEW:
                normals = _on_sheet([planes[number] for number in some], cells)
                found.update((number, normal) for number, normal in zip(some, normals, strict=True) if normal)
    return [found.get(number) or normalise(plane) for number, plane in enumerate(planes)]


def is_small(plane: Plane) -> bool:
    """Whether a picture may go on a sheet; others may as well be read as they come, and need not be held."""
    return min(plane.shape) >= _LEAST and max(plane.shape) < 2 * COARSE and plane.flags.c_contiguous


def _mnist(planes: Sequence[Plane]) -> Iterator[tuple[int, Normal]]:
    """Those that are MNIST's already or inverted, by number."""
    numbers = np.array([number for number, plane in enumerate(planes) if plane.shape == (SIDE, SIDE)], np.intp)
    if not len(numbers):
        return
    images = np.rint(np.stack([planes[number] for number in numbers]) * 255).astype(np.uint8)
    for dark in (False, True):
        fits = are_mnist(images)
        for number, image in zip(numbers[fits].tolist(), images[fits], strict=True):
            yield number, Normal(image, Signs(contrast=1, cut=False, several=False, is_blank=False), dark)
        numbers, images = numbers[~fits], 255 - images[~fits]


def _on_sheet(planes: Sequence[Plane], cells: int) -> list[Normal | None]:
    """What is made of each; None of those that are not as most are."""
    sheet = stacked(planes, cells)
    papers = find_papers(sheet)
    inks = find_inks(sheet, papers)
    pixels = all_placed(inks)
    values = zip(
        planes,
        pixels,
        inks.found,
        inks.strength.tolist(),
        inks.cut.tolist(),
        inks.several.tolist(),
        papers.is_light.tolist(),
        strict=True,
    )
    return [
        Normal(image, Signs(min(strength, 1), cut, several, is_blank=False), light, plane) if found else None
        for plane, image, found, strength, cut, several, light in values
    ]
