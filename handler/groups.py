"""Pictures of a group to what `images.normalise` makes of each, with what they have in common done once for all."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from handler.canvas import fits, painted, painted_alike
from handler.images import normalise
from handler.luminance import Gray, Plane, full, luminance_of
from handler.members import Named, Packed, Picture
from handler.normal import Mnist, Normal
from handler.placement import SIDE
from handler.pngs import GRAY, Layout, Plain, packed_alike, read_plain
from handler.together import all_mnist, is_small, mnist, normalise_group

MNIST: Final = Layout(width=SIDE, height=SIDE, depth=8, colour=GRAY)
Read = tuple[Picture, Normal | None]
"""A picture without its plane, and what the model reads of it; None where there is only an error."""
_Opened = tuple[int, Picture, Gray | Plane | None]
"""A picture's place in its group, the picture without its plane, and its luminance, if it has any."""
_Plain = tuple[int, Picture, Plain]
"""A picture's place, the picture, and what it holds."""


class Alike(Sequence[Read]):
    """Pictures all of which are MNIST's, with one object for what the model reads of them."""

    def __init__(self, pictures: Sequence[Picture], normals: Mnist) -> None:
        self.pictures = pictures
        self.normals = normals

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pictures)

    @overload
    def __getitem__(self, place: int, /) -> Read: ...
    @overload
    def __getitem__(self, place: slice, /) -> "Alike": ...
    def __getitem__(self, place: int | slice, /) -> "Read | Alike":
        """One of them, or some."""
        if isinstance(place, slice):
            return Alike(self.pictures[place], self.normals[place])
        return self.pictures[place], self.normals[place]

    def __iter__(self) -> Iterator[Read]:
        """All, in order."""
        return zip(self.pictures, self.normals, strict=True)


def normals(pictures: Iterable[Picture]) -> Sequence[Read]:
    """Each picture and what the model reads of it.

    It is exactly what `images.normalise` gives. No plane of more than 127 pixels a side is kept while others are read.
    """
    found: dict[int, Read] = {}
    small: dict[int, Gray | Plane] = {}
    alike: list[_Plain] = []

    def take(place: int, picture: Picture, read: Gray | Plane | None) -> None:
        if read is not None and is_small(read):
            small[place] = read
        found[place] = picture, None if read is None or place in small else normalise(full(read))

    for each in _opened(pictures, alike):
        take(*each)
    if alike:
        canvas, whole = painted([plain for *_, plain in alike])
        images = canvas.reshape(-1, SIDE, SIDE)
        for number, ((place, picture, _), normal) in enumerate(zip(alike, mnist(images), strict=True)):
            if normal and whole[number]:
                found[place] = picture, normal
            else:
                take(*((place, picture, images[number]) if whole[number] else _bare(place, picture)))
    for place, normal in zip(small, normalise_group(list(small.values())), strict=True):
        found[place] = found[place][0], normal
    return [found[place] for place in range(len(found))]


def packed_normals(pictures: Sequence[Packed]) -> Sequence[Read]:
    """What `normals` gives; as `Alike` where all are MNIST's, as most small pictures are."""
    return _alike(pictures) or normals(pictures)


def _alike(pictures: Sequence[Packed]) -> Alike | None:
    packed = packed_alike([picture.data for picture in pictures], MNIST, pictures[0].max_pixels) if pictures else None
    images = painted_alike(packed, SIDE, SIDE) if packed else None
    every = None if images is None else all_mnist(images)
    return Alike(pictures, every) if every else None


def _opened(pictures: Iterable[Picture], alike: list[_Plain]) -> Iterator[_Opened]:
    """Each as it comes, but plain PNGs that share a canvas at the end; those of MNIST's size are put aside."""
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
