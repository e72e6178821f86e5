"""Pictures of a group to what `images.normalise` makes of each, with what they have in common done once for all."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.canvas import fits, painted
from handler.images import normalise
from handler.luminance import Plane, luminance_of, unit
from handler.members import Named, Packed, Picture
from handler.normal import Normal, Signs
from handler.placement import BOX, SIDE
from handler.pngs import GRAY, Layout

MNIST: Final = Layout(width=SIDE, height=SIDE, depth=8, colour=GRAY)
_SIGNS: Final = Signs(contrast=1, cut=False, several=False, is_blank=False)
_BRIGHT: Final = 250
_BORDER: Final = 8
"""The least maximum and the most ink at the border of an image that `placement.is_mnist` takes."""
_PLACES: Final = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
_SUMS: Final = np.stack(
    [np.ones((SIDE, SIDE), np.float32), *np.broadcast_arrays(_PLACES[:, None], _PLACES[None, :])], axis=-1
).reshape(-1, 3)
_ONES: Final = np.ones(SIDE * SIDE, np.float32)
"""(784, 3): what gives the sum of an image, and its sums weighted by row and by column."""


def normals(pictures: Iterable[Picture]) -> list[tuple[Picture, Normal | None]]:
    """Each picture, without its plane, and what the model reads of it; None where there is only an error.

    It is exactly what `images.normalise` gives. No plane that is larger than the model's is kept while others are read.
    """
    found: list[tuple[Picture, Normal | None]] = []
    packed: list[tuple[int, Packed]] = []
    planes: dict[int, Plane] = {}
    for place, picture in enumerate(pictures):
        if isinstance(picture, Packed):
            if fits(picture.plain.layout):
                packed.append((place, picture))
                found.append((picture, None))
            else:
                found.append(_decoded(picture))
        elif picture.plane is not None and picture.plane.shape == (SIDE, SIDE):
            planes[place] = picture.plane
            found.append((Named(picture.name, picture.frame), None))
        else:
            found.append(_alone(picture))
    for place, picture, normal in _unpacked(packed):
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
            found[places[place]] = Normal(left[place], _SIGNS, turned)
        places = places[~fits]
    return found


def _unpacked(packed: Sequence[tuple[int, Packed]]) -> Iterator[tuple[int, Picture, Normal | None]]:
    """Place, picture and what the model reads of it, of all that fit on a canvas."""
    for alike in (True, False):
        those = [each for each in packed if (each[1].plain.layout == MNIST) is alike]
        if not those:
            continue
        canvas, whole = painted([picture.plain for _, picture in those])
        if alike:
            images = canvas.reshape(-1, SIDE, SIDE)
            for (place, picture), image, normal, is_whole in zip(those, images, mnist(images), whole, strict=True):
                if is_whole:
                    yield place, picture, normal or normalise(unit(image))
        else:
            top = 0
            for (place, picture), is_whole in zip(those, whole, strict=True):
                width, height, *_ = picture.plain.layout
                top += height
                if is_whole:
                    yield place, picture, normalise(unit(canvas[top - height : top, :width]))
        for (place, picture), is_whole in zip(those, whole, strict=True):
            if not is_whole:
                yield place, *_alone(picture.opened())


def _decoded(picture: Packed) -> tuple[Picture, Normal | None]:
    try:
        plane = luminance_of(picture.plain)
    except ValueError:
        return _alone(picture.opened())
    return picture, normalise(plane)


def _alone(picture: Named) -> tuple[Picture, Normal | None]:
    normal = None if picture.plane is None else normalise(picture.plane)
    return Named(picture.name, picture.frame, error=picture.error), normal


def _are_mnist(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    rows, columns = _inked(images)
    flat = images.reshape(len(images), SIDE * SIDE)
    border = sum(np.count_nonzero(edge, axis=1) for edge in (images[:, 0], images[:, -1], *_sides(images)))
    fits = ((flat != 0) @ _ONES <= SIDE * SIDE / 2) & (flat.max(axis=1, initial=0) >= _BRIGHT)
    fits &= border <= _BORDER
    mass = (flat.astype(np.float32) @ _SUMS).astype(np.float64)
    off = np.abs(mass[:, 1:] / np.maximum(mass[:, :1], 1) - SIDE / 2).max(axis=1)
    longer = np.maximum(_lengths(rows), _lengths(columns))
    return np.asarray(fits & (off <= 1) & (longer >= BOX - 1) & (longer <= BOX), np.bool_)


def _sides(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The left and the right edge without the corners."""
    yield images[:, 1:-1, 0]
    yield images[:, 1:-1, -1]


def _inked(images: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of (N, 28, 28), which rows and which columns have ink, (N, 28) each; four pixels at a time."""
    words = np.ascontiguousarray(images).view(np.uint32)
    across, down = words[:, :, 0].copy(), words[:, 0].copy()
    for place in range(1, words.shape[2]):
        across |= words[:, :, place]
    for place in range(1, words.shape[1]):
        down |= words[:, place]
    return across != 0, down.view(np.uint8) != 0


def _lengths(hits: NDArray[np.bool_]) -> NDArray[np.intp]:
    """From the first to the last hit of each line of (N, 28); 28 where there is none."""
    return np.asarray(hits.shape[1] - hits.argmax(axis=1) - hits[:, ::-1].argmax(axis=1), np.intp)
