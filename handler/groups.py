"""Pictures of a group to what `images.normalise` makes of each, with what they have in common done once for all."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.images import normalise
from handler.luminance import Plane, luminance_of
from handler.members import Packed, Picture
from handler.normal import Normal, Signs
from handler.placement import BOX, SIDE
from handler.scanlines import MNIST, Layout, inflate_lines, pays, unfiltered

_MNIST: Final = Signs(contrast=1, cut=False, several=False, is_blank=False)
_PLACES: Final = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
_SUMS: Final = np.stack(
    [np.ones((SIDE, SIDE), np.float32), *np.broadcast_arrays(_PLACES[:, None], _PLACES[None, :])], axis=-1
).reshape(-1, 3)
"""(784, 3): what gives the sum of an image, and its sums weighted by row and by column."""


def normals(pictures: Sequence[Picture]) -> list[Normal | None]:
    """What the model reads of each picture, exactly as `images.normalise` gives it; None where it has no plane."""
    images, planes = _decoded(pictures)
    passed = dict(zip(images, mnist(np.stack(list(images.values()))), strict=True)) if images else {}
    found: list[Normal | None] = []
    for place in range(len(pictures)):
        image = passed.get(place)
        if image is not None:
            found.append(Normal(image, _MNIST))
        elif place in planes:
            found.append(normalise(planes[place]))
        else:
            found.append(normalise(_unit(images[place])) if place in images else None)
    return found


def _decoded(pictures: Sequence[Picture]) -> tuple[dict[int, NDArray[np.uint8]], dict[int, Plane]]:
    """By place: what may be of MNIST, in 8 bits, and luminance; a plane of MNIST's size is in both."""
    images: dict[int, NDArray[np.uint8]] = {}
    planes: dict[int, Plane] = {}
    for layout, places in _alike(pictures).items():
        plains = {place: picture.plain for place in places if isinstance(picture := pictures[place], Packed)}
        lines = {place: found for place, plain in plains.items() if (found := inflate_lines(plain)) is not None}
        pixels = unfiltered(list(lines.values()), layout)
        if layout == MNIST:
            images |= zip(lines, pixels, strict=True)
        else:
            planes |= ((place, luminance_of(own, plains[place])) for place, own in zip(lines, pixels, strict=True))
    for place, picture in enumerate(pictures):
        if place not in images and place not in planes and picture.plane is not None:
            planes[place] = picture.plane
    same = [place for place, plane in planes.items() if plane.shape == (SIDE, SIDE)]
    return images | {place: np.rint(planes[place] * 255).astype(np.uint8) for place in same}, planes


def mnist(images: NDArray[np.uint8]) -> list[NDArray[np.uint8] | None]:
    """Of (N, 28, 28): each that is as MNIST's are, or whose inverse is, in that order; None for the others.

    What `placement.is_mnist` asks, of all at once. The sums are whole or half numbers below 2²³: exact in 32 bits.
    """
    found: list[NDArray[np.uint8] | None] = [None] * len(images)
    for turned in (images, ~images):
        for place in np.flatnonzero(_are_mnist(turned)).tolist():
            if found[place] is None:
                found[place] = turned[place]
    return found


def _are_mnist(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    inked = images != 0
    rows, columns = inked.any(axis=2), inked.any(axis=1)
    border = inked[:, 0].sum(axis=1) + inked[:, -1].sum(axis=1)
    border += inked[:, 1:-1, 0].sum(axis=1) + inked[:, 1:-1, -1].sum(axis=1)
    flat = images.reshape(len(images), -1)
    fits = (inked.reshape(len(images), -1).sum(axis=1) * 2 <= SIDE * SIDE) & (flat.max(axis=1) >= 250) & (border <= 8)  # noqa: PLR2004  # is_mnist's
    mass = (flat.astype(np.float32) @ _SUMS).astype(np.float64)
    off = np.abs(mass[:, 1:] / np.maximum(mass[:, :1], 1) - SIDE / 2).max(axis=1)
    longer = np.maximum(_lengths(rows), _lengths(columns))
    return np.asarray(fits & (off <= 1) & (longer >= BOX - 1) & (longer <= BOX), np.bool_)


def _lengths(hits: NDArray[np.bool_]) -> NDArray[np.intp]:
    """From the first to the last hit of each line of (N, 28); 28 where there is none."""
    return np.asarray(hits.shape[1] - hits.argmax(axis=1) - hits[:, ::-1].argmax(axis=1), np.intp)


def _alike(pictures: Sequence[Picture]) -> dict[Layout, list[int]]:
    """Where the packed ones stand, by their layout, if there are so many that it pays."""
    alike: defaultdict[Layout, list[int]] = defaultdict(list)
    for place, picture in enumerate(pictures):
        if isinstance(picture, Packed):
            alike[picture.plain.layout].append(place)
    return {layout: places for layout, places in alike.items() if pays(len(places), layout)}


def _unit(pixels: NDArray[np.uint8]) -> Plane:
    return pixels.astype(np.float32) / np.float32(255)
