"""Pictures of a group to what `images.normalise` makes of each, with what they have in common done once for all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.filters import pays, unfiltered
from handler.images import normalise
from handler.luminance import Plane, luminance_of
from handler.members import Named, Packed, Picture
from handler.normal import Normal, Signs
from handler.placement import BOX, SIDE
from handler.scanlines import MNIST, Layout, Plain, inflate_lines

_MNIST: Final = Signs(contrast=1, cut=False, several=False, is_blank=False)
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
    packed: defaultdict[Layout, list[int]] = defaultdict(list)
    planes: dict[int, Plane] = {}
    for place, picture in enumerate(pictures):
        if isinstance(picture, Packed):
            packed[picture.plain.layout].append(place)
            found.append((picture, None))
        elif picture.plane is not None and picture.plane.shape == (SIDE, SIDE):
            planes[place] = picture.plane
            found.append((picture, None))
        else:
            found.append(_alone(picture))
    images = {place: np.rint(plane * 255).astype(np.uint8) for place, plane in planes.items()}
    for layout, places in packed.items():
        plains = {place: picture.plain for place in places if isinstance(picture := found[place][0], Packed)}
        pixels = _decoded(plains, layout) if pays(len(places), layout) else {}
        if layout == MNIST:
            images |= pixels
        for place, picture in ((place, found[place][0]) for place in places):
            if place not in pixels and isinstance(picture, Packed):
                found[place] = _alone(picture.opened())
            elif layout != MNIST:
                found[place] = picture, normalise(luminance_of(pixels[place], plains[place]))
    for place, passed in zip(images, mnist(np.stack(list(images.values()))) if images else (), strict=True):
        normal = Normal(passed, _MNIST) if passed is not None else None
        found[place] = found[place][0], normal or normalise(planes.get(place, _unit(images[place])))
    return found


def _alone(picture: Named) -> tuple[Picture, Normal | None]:
    normal = None if picture.plane is None else normalise(picture.plane)
    return Named(picture.name, picture.frame, error=picture.error), normal


def _decoded(plains: Mapping[int, Plain], layout: Layout) -> dict[int, NDArray[np.uint8]]:
    """The pixels of those, by place, whose lines can be inflated."""
    lines = {place: found for place, plain in plains.items() if (found := inflate_lines(plain)) is not None}
    return dict(zip(lines, unfiltered(list(lines.values()), layout), strict=True))


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


def _unit(pixels: NDArray[np.uint8]) -> Plane:
    return pixels.astype(np.float32) / np.float32(255)
