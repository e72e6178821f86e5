"""Pictures of a group to what `images.normalise` makes of each, with what they have in common done once for all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from handler.filters import pays, unfiltered
from handler.images import normalise
from handler.luminance import Plane, luminance_of
from handler.members import Named, Packed, Picture
from handler.normal import Normal
from handler.scanlines import GRAY, Layout, inflate_lines
from handler.together import Gray, full, is_small, normalise_group

_Opened = tuple[int, Picture, Gray | Plane | None]
"""A picture's place in its group, the picture without its plane, and its luminance if it has any."""
_GRAY: Final = (8, GRAY)


def normals(pictures: Iterable[Picture]) -> list[tuple[Picture, Normal | None]]:
    """Each picture, without its plane, and what the model reads of it; None where there is only an error.

    It is exactly what `images.normalise` gives. No plane of more than 127 pixels a side is kept while others are read.
    """
    found: dict[int, tuple[Picture, Normal | None]] = {}
    small: dict[int, Gray | Plane] = {}
    for place, picture, luminance in _opened(pictures):
        if luminance is not None and is_small(luminance):
            small[place] = luminance
        found[place] = picture, None if luminance is None or place in small else normalise(full(luminance))
    for place, normal in zip(small, normalise_group(list(small.values())), strict=True):
        found[place] = found[place][0], normal
    return [found[place] for place in range(len(found))]


def _opened(pictures: Iterable[Picture]) -> Iterator[_Opened]:
    """Each as it comes, but plain PNGs at the end, those of one layout together."""
    packed: defaultdict[Layout, list[tuple[int, Packed]]] = defaultdict(list)
    for place, picture in enumerate(pictures):
        if isinstance(picture, Packed):
            packed[picture.plain.layout].append((place, picture))
        else:
            yield _bare(place, picture)
    for layout, those in packed.items():
        yield from _unpacked(layout, those)


def _unpacked(layout: Layout, those: list[tuple[int, Packed]]) -> Iterator[_Opened]:
    """All that have one layout."""
    good: list[tuple[int, Packed]] = []
    lines: list[bytes] = []
    together = pays(len(those), layout)
    for place, picture in those:
        if (own := inflate_lines(picture.plain) if together else None) is None:
            yield _bare(place, picture.opened())
        else:
            good.append((place, picture))
            lines.append(own)
    is_gray = (layout.depth, layout.colour) == _GRAY
    for (place, picture), pixels in zip(good, unfiltered(lines, layout), strict=True):
        yield place, picture, pixels if is_gray else luminance_of(pixels, picture.plain)


def _bare(place: int, picture: Named) -> _Opened:
    return place, Named(picture.name, picture.frame, error=picture.error), picture.plane
