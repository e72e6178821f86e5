"""Many pictures to what `images.normalise` makes of each, bit for bit, in a fraction of the time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.images import COARSE, normalise
from handler.luminance import Plane, unit
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
_MNIST: Final = Signs(contrast=1, cut=False, several=False, is_blank=False)
Gray = NDArray[np.uint8]
"""Luminance in bytes, 255 white."""


def normalise_group(pictures: Sequence[Gray | Plane]) -> list[Normal]:
    """What `images.normalise` makes of each, and of the `full` plane of those in bytes.

    Small ones in even light, on which nothing but a digit is seen, are read together; all others one by one.
    """
    found = dict(_mnist(pictures))
    planes = {number: full(picture) for number, picture in enumerate(pictures) if number not in found}
    by_cells: defaultdict[int, list[int]] = defaultdict(list)
    for number, plane in planes.items():
        if is_small(plane):
            by_cells[max(1, max(plane.shape) // GRID)].append(number)
    for cells, numbers in by_cells.items():
        numbers.sort(key=lambda number: sorted(planes[number].shape, reverse=True))
        for start in range(0, len(numbers), _AMOUNT):
            some = numbers[start : start + _AMOUNT]
            if len(some) > _FEW:
                normals = _on_sheet([planes[number] for number in some], cells)
                found.update((number, normal) for number, normal in zip(some, normals, strict=True) if normal)
    return [found.get(number) or normalise(planes[number]) for number in range(len(pictures))]


def is_small(picture: Gray | Plane) -> bool:
    """Whether a picture may go on a sheet; others may as well be read as they come, and need not be held."""
    is_plain = picture.dtype == np.uint8 or picture.flags.c_contiguous
    return is_plain and min(picture.shape) >= _LEAST and max(picture.shape) < 2 * COARSE


def full(picture: Gray | Plane) -> Plane:
    """The plane of luminance 0–1, itself or of bytes."""
    return unit(np.asarray(picture, np.uint8)) if picture.dtype == np.uint8 else np.asarray(picture, np.float32)


def mnist(images: NDArray[np.uint8]) -> list[Normal | None]:
    """Of (N, 28, 28): each that is as MNIST's are, or else its inverse if that is; None for the others."""
    found: list[Normal | None] = [None] * len(images)
    places = np.arange(len(images))
    for turned in (False, True):
        left = ~images[places] if turned else images
        fits = are_mnist(left)
        for place in np.flatnonzero(fits).tolist():
            found[places[place]] = Normal(left[place], _MNIST, turned)
        places = places[~fits]
    return found


def _mnist(pictures: Sequence[Gray | Plane]) -> Iterator[tuple[int, Normal]]:
    """Those that are MNIST's already or inverted, by number."""
    numbers = [number for number, picture in enumerate(pictures) if picture.shape == (SIDE, SIDE)]
    if numbers:
        normals = mnist(np.stack([_grays(pictures[number]) for number in numbers]))
        yield from ((number, normal) for number, normal in zip(numbers, normals, strict=True) if normal)


def _grays(picture: Gray | Plane) -> Gray:
    """The luminance in bytes, as `images.normalise` asks whether it is MNIST's."""
    return np.asarray(picture if picture.dtype == np.uint8 else np.rint(picture * 255), np.uint8)


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
        Normal(image, Signs(min(strength, 1), cut, several, is_blank=False), light, _own(plane)) if found else None
        for plane, image, found, strength, cut, several, light in values
    ]


def _own(plane: Plane) -> Plane:
    """The same, and not in memory that holds more than it."""
    return plane if plane.base is None else plane.copy()
