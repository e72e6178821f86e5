"""Many pictures to what `images.normalise` makes of each, bit for bit, in a fraction of the time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.images import COARSE, normalise
from handler.luminance import Gray, Plane, full, in_bytes
from handler.normal import MNIST, Mnist, Normal, Signs
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


def normalise_group(pictures: Sequence[Gray | Plane]) -> list[Normal]:
    """What `images.normalise` makes of each, and of the `full` plane of those in bytes.

    Small ones in even light, on which nothing but a digit is seen, are read together; all others one by one.
    """
    found = dict(_mnist(pictures))
    alike: defaultdict[tuple[bool, int], list[int]] = defaultdict(list)
    pictures = [picture if number in found else in_bytes(picture) for number, picture in enumerate(pictures)]
    for number, picture in enumerate(pictures):
        if number not in found and is_small(picture):
            alike[picture.dtype == np.uint8, max(1, max(picture.shape) // GRID)].append(number)
    for (_, cells), numbers in alike.items():
        numbers.sort(key=lambda number: sorted(pictures[number].shape, reverse=True))
        for start in range(0, len(numbers), _AMOUNT):
            some = numbers[start : start + _AMOUNT]
            if len(some) > _FEW:
                normals = _on_sheet([pictures[number] for number in some], cells)
                found.update((number, normal) for number, normal in zip(some, normals, strict=True) if normal)
    return [found.get(number) or _alone(picture) for number, picture in enumerate(pictures)]


def _alone(picture: Gray | Plane) -> Normal:
    normal = normalise(full(picture))
    is_kept = normal.seen is not None and picture.dtype == np.uint8 and normal.seen.shape == picture.shape
    return normal._replace(seen=_own(picture)) if is_kept else normal


def is_small(picture: Gray | Plane) -> bool:
    """Whether a picture may go on a sheet; others may as well be read as they come, and need not be held."""
    is_plain = picture.dtype == np.uint8 or picture.flags.c_contiguous
    return is_plain and min(picture.shape) >= _LEAST and max(picture.shape) < 2 * COARSE


def all_mnist(images: NDArray[np.uint8]) -> Mnist | None:
    """Of (N, 28, 28): what `mnist` gives, where that is None of no image."""
    turned = ~are_mnist(images)
    if not turned.any():
        return Mnist(images, turned)
    images = np.where(turned[:, None, None], ~images, images)
    return Mnist(images, turned) if are_mnist(images[turned]).all() else None


def mnist(images: NDArray[np.uint8]) -> list[Normal | None]:
    """Of (N, 28, 28): each that is as MNIST's are, or else its inverse if that is; None for the others."""
    found: list[Normal | None] = [None] * len(images)
    places = np.arange(len(images))
    for turned in (False, True):
        left = ~images[places] if turned else images
        fits = are_mnist(left)
        for place, image in zip(places[fits].tolist(), left[fits], strict=True):
            found[place] = Normal(image, MNIST, turned)
        places = places[~fits]
        if not len(places):
            break
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


def _on_sheet(pictures: Sequence[Gray | Plane], cells: int) -> list[Normal | None]:
    """What is made of each; None of those that are not as most are."""
    sheet = stacked(pictures, cells)
    papers = find_papers(sheet)
    inks = find_inks(sheet, papers)
    pixels = all_placed(inks)
    values = zip(
        pictures,
        pixels,
        inks.found,
        inks.strength.tolist(),
        inks.cut.tolist(),
        inks.several.tolist(),
        papers.is_light.tolist(),
        strict=True,
    )
    return [
        Normal(image, Signs(min(strength, 1), cut, several, is_blank=False), light, _own(picture)) if found else None
        for picture, image, found, strength, cut, several, light in values
    ]


def _own(picture: Gray | Plane) -> Gray | Plane:
    """The same, and not in memory that holds more than it."""
    return picture if picture.base is None else picture.copy()
