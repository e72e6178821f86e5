"""Bytes of a drop to named pictures, lazily: whatever happens to one, the next is still read.

What a drop is, is told by its content, and by its name only where the content cannot tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from handler import zips
from handler.errors import PostponedError, UnreadableError
from handler.inflation import inflate
from handler.luminance import Plane
from handler.pictures import read_frames
from handler.settings import Settings

SNIFF_BYTES: Final = 512
"""Of a file's start are enough to tell what it is."""
_ZIP: Final = "zip archive"
_CONTENTS: Final = (
    (0, b"PK\x03\x04", _ZIP),
    (0, zips.END, _ZIP),
    (0, b"PK\x07\x08", _ZIP),
    (0, b"\x1f\x8b", "gzip file"),
    (0, b"BZh", "bzip2 file"),
    (0, b"\xfd7zXZ\0", "xz file"),
    (257, b"ustar", "tar archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (0, b"Rar!\x1a\x07", "RAR archive"),
    (0, b"\x93NUMPY", "NumPy array"),
    (0, b"\0\0\x08\x03", "IDX array"),
)
_ARRAYS: Final = frozenset({"NumPy array", "IDX array"})
_SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_ARRAY_SUFFIXES: Final = (".npy", ".npz", ".idx3-ubyte", "-idx3-ubyte")
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


def is_ignored(name: str) -> bool:
    """Whether a file is what operating systems and labelling leave behind, and no image."""
    *folders, last = name.split("/")
    return last in _IGNORED or _IGNORED_FOLDER in folders


def is_folder_marker(key: str, size: int) -> bool:
    """Whether an object only makes an empty folder visible."""
    return key.endswith("/") and size == 0


def sniff(start: bytes, name: str) -> str:
    """What an archive or array is called, from the first `SNIFF_BYTES` of it; empty for a loose picture."""
    for offset, magic, kind in _CONTENTS:
        if start[offset : offset + len(magic)] == magic:
            return kind
    plain = name.lower().removesuffix(".gz")
    if plain.endswith(".zip"):  # a program may stand in front of the archive
        return "" if _looks_like_picture(start) else _ZIP
    if name.lower().endswith(_SUFFIXES) or plain.endswith(_ARRAY_SUFFIXES):
        return "" if _looks_like_picture(start) else "file of that name"
    return ""


def read_batch(file: BinaryIO, kind: str, name: str, settings: Settings) -> Iterator[Named]:
    """The pictures of a batch that `sniff` called `kind`, in its order; what breaks it ends as a last, named error."""
    read = 0
    try:
        if file.read(1) == b"":
            raise UnreadableError("empty", "the file has no bytes: upload it again")
        if kind != _ZIP:
            raise UnreadableError("unsupported", f"a {kind} cannot be read: upload a zip archive or loose pictures")
        for picture in _read_zip(file, settings):
            read += 1
            yield picture
    except UnreadableError as error:
        yield Named(name, error=error)
        return
    if not read:
        yield Named(name, error=UnreadableError("empty", "the archive has no images in it"))


def read_picture(data: bytes, name: str, settings: Settings) -> Iterator[Named]:
    """The frames of one picture; `frame` is None where there is only one."""
    if not data:
        yield Named(name, error=UnreadableError("empty", "the file has no bytes: upload it again"))
        return
    number, held = 0, None  # one frame is held back: whether it is the only one shows when the next is asked for
    try:
        for number, plane in enumerate(read_frames(data, settings.max_pixels, settings.max_frames)):
            if held is not None:
                yield Named(name, number - 1, held)
            held = plane
    except UnreadableError as error:
        if held is not None:
            yield Named(name, number, held)
        yield Named(name, None if held is None else number + 1, error=error)
        return
    yield Named(name, number or None, held)


def until(pictures: Iterator[Named], in_time: Callable[[], bool], name: str, *, final: bool) -> Iterator[Named]:
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


def _read_zip(file: BinaryIO, settings: Settings) -> Iterator[Named]:
    inflated = 0
    for number, entry in enumerate(zips.walk(file)):
        if number >= settings.max_members:
            raise UnreadableError(
                "too-many-members", f"{_ending(number, entry)}: split it into archives of {settings.max_members}"
            )
        if entry.name.endswith("/") or is_ignored(entry.name):
            continue
        left = settings.max_inflated_bytes - inflated
        data, error = _inflate(file, entry, min(settings.max_member_bytes, left))
        inflated += len(data)
        if inflated > settings.max_inflated_bytes:
            raise UnreadableError(
                "too-large",
                f"{_ending(number, entry)}: more than {settings.max_inflated_bytes} bytes leave it, split it",
            )
        yield from _read_member(data, error, entry.name, settings)


def _inflate(file: BinaryIO, entry: zips.Entry, limit: int) -> tuple[bytes, UnreadableError | None]:
    """What a member inflates to, at most little more than `limit` bytes of it, and why that is not all."""
    data = bytearray()
    try:
        for piece in inflate(file, entry, limit):
            data += piece
    except UnreadableError as error:
        return bytes(data), error
    if len(data) > limit:
        return bytes(data), UnreadableError("too-large", f"more than {limit} bytes leave the archive for it")
    return bytes(data), None


def _read_member(data: bytes, error: UnreadableError | None, name: str, settings: Settings) -> Iterator[Named]:
    kind = sniff(data[:SNIFF_BYTES], name) if data and not error else ""
    if kind in _ARRAYS:
        error = UnreadableError("unsupported", f"a {kind} cannot be read: save its images as PNG")
    elif kind:
        error = UnreadableError("nested-archive", f"a {kind} inside an archive: upload it by itself")
    if error:
        yield Named(name, error=error)
    else:
        yield from read_picture(data, name, settings)


def _looks_like_picture(start: bytes) -> bool:
    try:
        next(read_frames(start, 0, 1), None)  # no pixel is decoded
    except UnreadableError as error:
        return error.code not in ("not-an-image", "unsupported")
    return True


def _ending(number: int, entry: zips.Entry) -> str:
    return f"the archive was read up to its member {number}, {entry.name!a}, and no further"
