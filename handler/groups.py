"""Pictures of a group to what `images.normalise` makes of each, with what they have in common done once for all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.filters import pays, unfiltered
from handler.images import normalise
from handler.luminance import Plane, luminance_of
from handler.members import Named, Packed, Picture
from handler.normal import Normal, Signs
from handler.placement import BOX, SIDE
from handler.scanlines import MNIST, Layout, inflate_lines

_MNIST: Final = Signs(contrast=1, cut=False, several=False, is_blank=False)
_BRIGHT: Final = 250
_BORDER: Final = 8
"""The least maximum and the most ink at the border of an image that `placement.is_mnist` takes."""
_PLACES: Final = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
_SUMS: Final = np.stack(
    [np.ones((SIDE, SIDE), np.float32), *np.broadcast_arrays(_PLACES[:, None], _PLACES[None, :])], axis=-1
).reshape(-1, 3)
"""(784, 3): what gives the sum of an image, and its sums weighted by row and by column."""


def normals(pictures: Iterable[Picture]) -> list[tuple[Picture, Normal | None]]:
    """Each picture, without its plane, and what the model reads of it; None where there is only an error.

    It is exactly what `images.normalise` gives. No plane that is larger than the model's is kept while others are read.
    """
    found: list[tuple[Picture, Normal | None]] = []
    packed: defaultdict[Layout, list[tuple[int, Packed]]] = defaultdict(list)
    planes: dict[int, Plane] = {}
    for place, picture in enumerate(pictures):
        if isinstance(picture, Packed):
            packed[picture.plain.layout].append((place, picture))
            found.append((picture, None))
        elif picture.plane is not None and picture.plane.shape == (SIDE, SIDE):
            planes[place] = picture.plane
            found.append((Named(picture.name, picture.frame), None))
        else:
            found.append(_alone(picture))
    for layout, those in packed.items():
        for place, picture, normal in _unpacked(layout, those):
            found[place] = picture, normal
    images = [np.rint(plane * 255).astype(np.uint8) for plane in planes.values()]
    for (place, plane), normal in zip(planes.items(), mnist(np.stack(images)) if images else (), strict=True):
        found[place] = found[place][0], normal or normalise(plane)
    return found


def mnist(images: NDArray[np.uint8]) -> list[Normal | None]:
    """Of (N, 28, 28): each that is as MNIST's are, or else its inverse if that is; None for the others.

    What `placement.is_mnist` asks, of all at once. The sums are whole or half numbers below 2²³: exact in 32 bits.
    """
    found: list[Normal | None] = [None] * len(images)
    places = np.arange(len(images))
    for turned in (False, True):
        left = ~images[places] if turned else images
        fits = _are_mnist(left)
        for place in np.flatnonzero(fits).tolist():
            found[places[place]] = Normal(left[place], _MNIST, turned)
        places = places[~fits]
    return found


def _unpacked(layout: Layout, those: list[tuple[int, Packed]]) -> Iterator[tuple[int, Picture, Normal | None]]:
    """Place, picture and what the model reads of it, of all that have one layout."""
    good: list[tuple[int, Packed]] = []
    lines: list[bytes] = []
    together = pays(len(those), layout)
    for place, picture in those:
        if (own := inflate_lines(picture.plain) if together else None) is None:
            yield place, *_alone(picture.opened())
        else:
            good.append((place, picture))
            lines.append(own)
    pixels = unfiltered(lines, layout)
    if layout == MNIST:
        for (place, picture), image, normal in zip(good, pixels, mnist(pixels), strict=True):
            yield place, picture, normal or normalise(image.astype(np.float32) / np.float32(255))
    else:
        for (place, picture), own_pixels in zip(good, pixels, strict=True):
            yield place, picture, normalise(luminance_of(own_pixels, picture.plain))


def _alone(picture: Named) -> tuple[Picture, Normal | None]:
    normal = None if picture.plane is None else normalise(picture.plane)
    return Named(picture.name, picture.frame, error=picture.error), normal


def _are_mnist(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    inked = images != 0
    rows, columns = inked.any(axis=2), inked.any(axis=1)
    border = inked[:, 0].sum(axis=1) + inked[:, -1].sum(axis=1)
    border += inked[:, 1:-1, 0].sum(axis=1) + inked[:, 1:-1, -1].sum(axis=1)
    flat = images.reshape(len(images), SIDE * SIDE)
    fits = (
        (inked.reshape(flat.shape).sum(axis=1) * 2 <= SIDE * SIDE)
        & (flat.max(axis=1, initial=0) >= _BRIGHT)
        & (border <= _BORDER)
    )
    mass = (flat.astype(np.float32) @ _SUMS).astype(np.float64)
    off = np.abs(mass[:, 1:] / np.maximum(mass[:, :1], 1) - SIDE / 2).max(axis=1)
    longer = np.maximum(_lengths(rows), _lengths(columns))
    return np.asarray(fits & (off <= 1) & (longer >= BOX - 1) & (longer <= BOX), np.bool_)


def _lengths(hits: NDArray[np.bool_]) -> NDArray[np.intp]:
    """From the first to the last hit of each line of (N, 28); 28 where there is none."""
    return np.asarray(hits.shape[1] - hits.argmax(axis=1) - hits[:, ::-1].argmax(axis=1), np.intp)
