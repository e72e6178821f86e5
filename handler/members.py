"""One file of a drop to named pictures: a picture's frames, or an array's images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from handler import frames, pngs
from handler.arrays import read_array
from handler.errors import PostponedError, SpentError, UnreadableError
from handler.luminance import Plane
from handler.settings import Settings
from handler.streams import Stream

LIGHT_BYTES: Final = 1 << 18
"""Of a picture that is held before it is decoded, at most."""
LIGHT_PIXELS: Final = 1 << 20
"""Of the same: decoding it takes little memory, and little time."""
_IGNORED: Final = frozenset({".DS_Store", "Thumbs.db", "labels.csv"})
_IGNORED_FOLDER: Final = "__MACOSX"


@dataclass(frozen=True, slots=True)
class Named:
    """One picture of a drop: its luminance, (H, W) 0–1, or why it has none."""

    name: str
    """Path in the batch, or key below the folder; bytes that are not UTF-8 are lone surrogates."""
    frame: int | None = None
    plane: Plane | None = None
    error: UnreadableError | None = None


class Packed:
    """One picture of a drop, of a single frame, that is not decoded yet: many are decoded together (see `groups`)."""

    __slots__ = ("data", "max_pixels", "name", "pixels")
    frame: Final = None

    def __init__(self, name: str, data: bytes, pixels: int, max_pixels: int) -> None:
        self.name = name
        self.data = data
        self.pixels = pixels
        """As many as it says it has, at most `LIGHT_PIXELS`; 0 where that no longer matters."""
        self.max_pixels = max_pixels
        """The same as its neighbours': Pillow has one limit for all that is open."""

    def opened(self) -> Named:
        """The same picture, decoded by itself."""
        try:
            (plane,) = frames.read_frames(self.data, self.max_pixels, 1)
        except UnreadableError as error:
            return Named(self.name, error=error)
        return Named(self.name, plane=plane)

    @property
    def plane(self) -> Plane | None:
        """Luminance, as `Named` has it."""
        return self.opened().plane

    @property
    def error(self) -> UnreadableError | None:
        """Why it has none."""
        return self.opened().error


Picture = Named | Packed


def is_ignored(name: str) -> bool:
    """Whether a file is what operating systems and labelling leave behind, and no image."""
    if "/" not in name:
        return name in _IGNORED
    *folders, last = name.split("/")
    return last in _IGNORED or _IGNORED_FOLDER in folders


def are_files(names: Iterable[str]) -> bool:
    """Whether none of them is ignored or a folder, as a look at all of them together shows; False where it cannot."""
    together = "/".join((*names, ""))
    return "//" not in together and not any(ignored in together for ignored in (*_IGNORED, _IGNORED_FOLDER))


def is_folder_marker(key: str, size: int) -> bool:
    """Whether an object only makes an empty folder visible."""
    return key.endswith("/") and size == 0


def pack(data: bytes, name: str, settings: Settings) -> Packed | None:
    """A small picture of one frame; None where it is anything else, or not worth being sent to another process."""
    if len(data) > LIGHT_BYTES:
        return None
    pixels, limit = pngs.pixels_of(data), settings.max_pixels
    if not pixels and settings.workers and not data.startswith(pngs.START):
        pixels = frames.pixels_of(data, limit, min(LIGHT_PIXELS, limit))
    return Packed(name, data, pixels, limit) if 0 < pixels <= LIGHT_PIXELS and pixels <= limit else None


def pack_pngs(files: Sequence[bytes], names: Sequence[str], settings: Settings) -> list[Packed] | None:
    """What `pack` gives of several small PNGs; None where it gives None of one, or one is something else."""
    pixels, limit = pngs.all_pixels_of(files), settings.max_pixels
    if not 0 < min(pixels) <= max(pixels) <= min(LIGHT_PIXELS, limit) or max(map(len, files)) > LIGHT_BYTES:
        return None
    return [Packed(name, data, count, limit) for name, data, count in zip(names, files, pixels, strict=True)]


def read_picture(data: bytes, name: str, settings: Settings) -> Iterator[Picture]:
    """The frames of one picture; `frame` is None where there is only one."""
    if not data:
        yield Named(name, error=UnreadableError("empty", "the file has no bytes: upload it again"))
    elif packed := pack(data, name, settings):
        yield packed
    else:
        yield from _numbered(frames.read_frames(data, settings.max_pixels, settings.max_frames), name)


def read_images(reopen: Callable[[], Stream], name: str, settings: Settings) -> Iterator[Named]:
    """The images of one array, which `reopen` gives from its start; `frame` is None where there is only one."""
    planes = read_array(reopen, settings.max_pixels, settings.max_members, settings.max_member_bytes)
    yield from _numbered(planes, name)


def until(pictures: Iterator[Picture], in_time: Callable[[], bool], name: str, *, final: bool) -> Iterator[Picture]:
    """The pictures for as long as there is time, then one error `out-of-time` under `name`.

    Raises `PostponedError` instead where the drop is not `final`: it can have more time in another invocation.
    """
    for number, picture in enumerate(pictures):
        if number and not in_time():
            if not final:
                raise PostponedError(f"{name!r} was begun when little time was left")
            sentence = f"the invocation ended after {number} images, before {picture.name!a}: split the batch"
            yield Named(name, error=UnreadableError("out-of-time", sentence))
            return
        yield picture


def _numbered(planes: Iterator[Plane], name: str) -> Iterator[Named]:
    """Planes with their numbers; one is held back, until the next shows that it is not the only one."""
    number, held = 0, None
    try:
        for number, plane in enumerate(planes):
            if held is not None:
                yield Named(name, number - 1, held)
            held = plane
    except SpentError:
        if held is not None:
            yield Named(name, number, held)
        raise
    except UnreadableError as error:
        if held is not None:
            yield Named(name, number, held)
        yield Named(name, None if held is None else number + 1, error=error)
        return
    yield Named(name, number or None, held)
