"""Pictures of a group to what `images.normalise` makes of each, with what they have in common done once for all."""

from collections.abc import Iterable, Iterator
from typing import Final

from handler.canvas import fits, painted
from handler.images import normalise
from handler.luminance import Gray, Plane, full, luminance_of
from handler.members import Named, Packed, Picture
from handler.normal import Normal
from handler.placement import SIDE
from handler.pngs import GRAY, Layout, Plain, read_plain
from handler.together import is_small, mnist, normalise_group

MNIST: Final = Layout(width=SIDE, height=SIDE, depth=8, colour=GRAY)
Read = tuple[Picture, Normal | None]
"""A picture without its plane, and what the model reads of it; None where there is only an error."""
_Opened = tuple[int, Picture, Normal | Gray | Plane | None]
"""A picture's place in its group, the picture without its plane, and what the model reads of it where it is MNIST's
already, or else its luminance, if it has any."""
_Plain = tuple[int, Picture, Plain]
"""A picture's place, the picture, and what it holds."""


def normals(pictures: Iterable[Picture]) -> list[Read]:
    """Each picture and what the model reads of it.

    It is exactly what `images.normalise` gives. No plane of more than 127 pixels a side is kept while others are read.
    """
    found: dict[int, Read] = {}
    small: dict[int, Gray | Plane] = {}
    for place, picture, read in _opened(pictures):
        if read is None or isinstance(read, Normal):
            found[place] = picture, read
        elif is_small(read):
            small[place] = read
            found[place] = picture, None
        else:
            found[place] = picture, normalise(full(read))
    for place, normal in zip(small, normalise_group(list(small.values())), strict=True):
        found[place] = found[place][0], normal
    return [found[place] for place in range(len(found))]


def _opened(pictures: Iterable[Picture]) -> Iterator[_Opened]:
    """Each as it comes, but plain PNGs that share a canvas at the end."""
    alike: list[_Plain] = []
    others: list[_Plain] = []
    for place, picture in enumerate(pictures):
        plain = read_plain(picture.data, picture.max_pixels) if isinstance(picture, Packed) else None
        if plain is None:
            yield _bare(place, picture)
        elif plain.layout == MNIST:
            alike.append((place, picture, plain))
        elif fits(plain.layout):
            others.append((place, picture, plain))
        else:
            yield _decoded(place, picture, plain)
    if alike:
        canvas, whole = painted([plain for *_, plain in alike])
        images = canvas.reshape(-1, SIDE, SIDE)
        for (place, picture, _), image, normal, is_whole in zip(alike, images, mnist(images), whole, strict=True):
            yield (place, picture, normal or image) if is_whole else _bare(place, picture)
    if others:
        canvas, whole = painted([plain for *_, plain in others])
        bottom = 0
        for (place, picture, plain), is_whole in zip(others, whole, strict=True):
            width, height, *_ = plain.layout
            top, bottom = bottom, bottom + height
            yield (place, picture, canvas[top:bottom, :width]) if is_whole else _bare(place, picture)


def _decoded(place: int, picture: Picture, plain: Plain) -> _Opened:
    try:
        return place, picture, luminance_of(plain)
    except ValueError:
        return _bare(place, picture)


def _bare(place: int, picture: Picture) -> _Opened:
    opened = picture.opened() if isinstance(picture, Packed) else picture
    return place, Named(opened.name, opened.frame, error=opened.error), opened.plane
