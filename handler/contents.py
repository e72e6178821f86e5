"""What a file is: told by its content, and by its name only where the content cannot tell."""

from typing import Final

from handler import tars, zip_ends
from handler.arrays import NUMPY, is_idx
from handler.errors import UnreadableError
from handler.frames import read_frames
from handler.pngs import START
from handler.streams import BZIP2, GZIP, MAGIC, XZ

SNIFF_BYTES: Final = 512
"""Of a file's start are enough to tell what it is."""
ZIP: Final = "zip archive"
TAR: Final = "tar archive"
ARRAY: Final = "array"
COMPRESSED: Final = frozenset({GZIP, BZIP2, XZ})
_NAMED: Final = "file of that name"
_MAGICS: Final = (
    (START, ""),  # a picture, whatever its pixels look like
    (b"PK\x03\x04", ZIP),
    (zip_ends.END, ZIP),
    (b"PK\x07\x08", ZIP),
    (NUMPY, ARRAY),
    *((magic, kind) for kind, magic in MAGIC.items()),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"MSCF\0\0\0\0", "Cabinet archive"),
    (b"\x28\xb5\x2f\xfd", "Zstandard file"),
    (b"\x04\x22\x4d\x18", "LZ4 file"),
    (b"LZIP", "lzip file"),
    (b"\x1f\x9d", "compress file"),
)
_ANY_MAGIC: Final = tuple(magic for magic, _ in _MAGICS)
_USTAR: Final = slice(257, 262)
_SUFFIXES: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_ARRAY_SUFFIXES: Final = (".npy", ".npz", ".idx3-ubyte", "-idx3-ubyte")


def sniff(start: bytes, name: str) -> str:
    """What an archive or array is called, from the first `SNIFF_BYTES` of it; empty for a loose picture."""
    if start.startswith(_ANY_MAGIC):
        return next(kind for magic, kind in _MAGICS if start.startswith(magic))
    if start[_USTAR] == b"ustar" or tars.is_header(start[: tars.BLOCK]):
        return TAR
    if is_idx(start):
        return ARRAY
    plain = name.lower().removesuffix(".gz")
    if plain.endswith((".zip", ".npz")):  # a program may stand in front of the archive
        return "" if _looks_like_picture(start) else ZIP
    if name.lower().endswith(_SUFFIXES) or plain.endswith(_ARRAY_SUFFIXES):
        is_empty_tar = plain.endswith(".tar") and start.startswith(bytes(tars.BLOCK))  # only the mark at its end
        return TAR if is_empty_tar else "" if _looks_like_picture(start) else _NAMED
    return ""


def _looks_like_picture(start: bytes) -> bool:
    try:
        next(read_frames(start, 0, 1), None)  # no pixel is decoded
    except UnreadableError as error:
        return error.code not in ("not-an-image", "unsupported")
    return True
