"""Plain PNGs to their packed lines, as Pillow's decoder takes them without an object for each picture.

The layout is that of the PNG specification (third edition, sections 5, 7 and 9). Only what decodes to the same pixels
wherever it is decoded is taken: one picture that is not interlaced, of a usual kind and a small size, with nothing in
it that turns it, makes parts of it transparent or animates it, and whole in every checksum. All else is Pillow's.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

GRAY: Final = 0
PALETTE: Final = 3
_CHANNELS: Final = {GRAY: 1, 2: 3, PALETTE: 1, 4: 2, 6: 4}
_DEPTHS: Final = {GRAY: (1, 2, 4, 8, 16), 2: (8,), PALETTE: (1, 2, 4, 8), 4: (8,), 6: (8,)}
START: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
"""What every PNG begins with, its header's size and name included."""
_ANIMATED: Final = b"acTL"
_SIDES: Final = struct.Struct(">II").unpack_from
_SHAPE: Final = struct.Struct(">II9xI4s").unpack_from
_CHUNK: Final = struct.Struct(">I4s").unpack_from
_CRC: Final = struct.Struct(">I").unpack_from
_HEAD_BYTES: Final = 33
_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_LEAST_BYTES: Final = _HEAD_BYTES + 12 + len(_END)
"""Of a PNG with one IDAT chunk that has no bytes."""
_IDAT_CRC: Final = zlib.crc32(b"IDAT")
_BEFORE: Final = struct.Struct(f">{_HEAD_BYTES}sI4s").pack
_BEHIND: Final = struct.Struct(f">I{len(_END)}s").pack
"""What stands before the packed lines of a PNG that has nothing beside them, and behind."""
_HARMLESS: Final = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7, b"sBIT": 0, b"bKGD": 0}
"""Chunks that change no pixel, and the bytes that Pillow wants each to have."""
_MOST_BYTES: Final = 1 << 14
"""Of a picture's lines, and of its file: a whole group is held at once, and larger ones cost Pillow as much time."""


class Layout(NamedTuple):
    """What a PNG's header says of its lines."""

    width: int
    height: int
    depth: int
    colour: int


class Plain(NamedTuple):
    """A plain PNG whose checksums are right."""

    layout: Layout
    packed: bytes
    """The bytes of its IDAT chunks."""
    palette: bytes
    """Red, green and blue of each colour; empty where it has none."""


def pixels_of(data: bytes) -> int:
    """Pixels that a PNG says it has; 0 for what is no PNG, or may have several frames."""
    size = len(data)
    if size < _LEAST_BYTES or not data.startswith(START):
        height, width = shape_of(data)
        return 0 if _ANIMATED in data else height * width
    width, height, packed, kind = _SHAPE(data, 16)
    is_bare = kind == b"IDAT" and packed == size - _LEAST_BYTES and data.endswith(_END)
    return 0 if not is_bare and _ANIMATED in data else width * height


def all_pixels_of(files: Sequence[bytes]) -> list[int]:
    """The same of each of several."""
    if min(map(len, files), default=0) < _HEAD_BYTES or _ANIMATED in b"".join(files):
        return [pixels_of(data) for data in files]
    sides = [_SIDES(data, 16) if data.startswith(START) else (0, 0) for data in files]
    return [width * height for width, height in sides]


def shape_of(data: bytes) -> tuple[int, int]:
    """Rows and columns that a PNG says it has; (0, 0) for what is no PNG."""
    if not data.startswith(START) or len(data) < _HEAD_BYTES:
        return 0, 0
    width, height = _SIDES(data, 16)
    return height, width


def _is_bare(data: bytes) -> bool:
    """Whether a PNG says that it has one IDAT and nothing else between its header and its end."""
    size = len(data)
    if size < _LEAST_BYTES or not data.endswith(_END):
        return False
    packed, kind = _CHUNK(data, _HEAD_BYTES)
    return bool(kind == b"IDAT" and packed == size - _LEAST_BYTES)


def read_plain(data: bytes, max_pixels: int) -> Plain | None:
    """What a plain PNG of at most `max_pixels` holds; None for whatever is none, or is not whole."""
    layout = _read_layout(data[:_HEAD_BYTES], max_pixels) if len(data) <= _MOST_BYTES else None
    if layout is None:
        return None
    if _is_bare(data):
        packed = data[41:-16]
        is_whole = layout.colour != PALETTE and zlib.crc32(packed, _IDAT_CRC) == _CRC(data, len(data) - 16)[0]
        return Plain(layout, packed, b"") if is_whole else None
    return _read_chunks(data, layout)


def packed_alike(files: Iterable[bytes], layout: Layout, max_pixels: int) -> list[bytes] | None:
    """What `read_plain` finds packed in files of one layout that is read and has no palette; None where one has not.

    That one has nothing beside its lines is told by making the only such file that holds them.
    """
    if layout.width * layout.height > max_pixels:
        return None
    head, found = _head(layout), []
    for data in files:
        packed = data[41:-16]
        made = _BEFORE(head, len(packed), b"IDAT") + packed + _BEHIND(zlib.crc32(packed, _IDAT_CRC), _END)
        if made != data or len(data) > _MOST_BYTES:
            plain = read_plain(data, max_pixels)
            if plain is None or plain.layout != layout:
                return None
            packed = plain.packed
        found.append(packed)
    return found


@lru_cache(maxsize=256)
def _head(layout: Layout) -> bytes:
    """The header that a PNG of a layout has."""
    named = b"IHDR" + struct.pack(">IIBB3x", *layout)
    return START[:-4] + named + zlib.crc32(named).to_bytes(4, "big")


@lru_cache(maxsize=256)
def _read_layout(head: bytes, max_pixels: int) -> Layout | None:
    if len(head) < _HEAD_BYTES or not head.startswith(START):
        return None
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    depth, colour, *others = head[24:29]
    if depth not in _DEPTHS.get(colour, ()) or any(others) or zlib.crc32(head[12:29]).to_bytes(4, "big") != head[29:]:
        return None
    line_bytes = (width * depth * _CHANNELS[colour] + 7) // 8
    fits = 0 < height * line_bytes <= _MOST_BYTES and width * height <= max_pixels
    return Layout(width, height, depth, colour) if fits else None


def _read_chunks(data: bytes, layout: Layout) -> Plain | None:
    """The same of a PNG that has other chunks beside one IDAT."""
    position, packed, palette = _HEAD_BYTES, [], b""
    while (position := _next(data, start := position)) > start:
        kind, body = data[start + 4 : start + 8], data[start + 8 : position - 4]
        if kind == b"IDAT":
            packed.append(body)
        elif kind == b"IEND":
            is_whole = packed and bool(palette) == (layout.colour == PALETTE)
            return Plain(layout, b"".join(packed), palette) if is_whole and not body else None
        elif packed:  # Pillow has its own rules for what follows the pixels
            return None
        elif kind == b"PLTE" and layout.colour == PALETTE and not palette and len(body) in range(3, 769, 3):
            palette = body
        elif len(body) < _HARMLESS.get(kind, len(data)):
            return None
    return None


def _next(data: bytes, start: int) -> int:
    """Where the chunk after the one at `start` begins; `start` where that one is cut off or damaged."""
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    if len(data) < end or zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
        return start
    return end
