"""A zip archive's directory to its entries, lazily; `inflate` takes each of them to its bytes.

The layout is that of PKWARE's APPNOTE 6.3.10. The central directory is walked in windows instead of being loaded,
sizes in it are never believed, and nothing is allocated by them.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import BinaryIO, Final, NamedTuple

import numpy as np

from handler.errors import UnreadableError
from handler.zip_ends import ENTRY_BYTES, FULL, find_directory

_ENTRY: Final = b"PK\x01\x02"
_SIGNATURE: Final = b"PK\x05\x05"
_LONGEST_ENTRY: Final = ENTRY_BYTES + 3 * 0xFFFF
_WINDOW: Final = 1 << 20
RUN: Final = 256
"""Lines of the directory that are read together, at most."""
_LONG_NAME: Final = 1 << 10
"""Characters: with a longer one a run ends, so that the names of none take much memory."""
_RUN_BYTES: Final = 1 << 14
"""Of the directory that is read at once: of short names, about `RUN` lines."""
_PATH_FIELD: Final = 0x7075
_ZIP64_FIELD: Final = 1
_LAYOUT: Final = np.dtype(
    {
        "names": ["flags", "method", "crc", "packed", "name", "extra", "comment", "offset"],
        "formats": ["<u2", "<u2", "<u4", "<u4", "<u2", "<u2", "<u2", "<u4"],
        "offsets": [8, 10, 16, 20, 28, 30, 32, 42],
        "itemsize": ENTRY_BYTES,
    }
)
_FIELDS: Final = struct.Struct("<HH4xIIIHHH8xI").unpack_from


class Entry(NamedTuple):
    """One line of the central directory."""

    name: str
    """Bytes that are not UTF-8 are lone surrogates (`surrogateescape`)."""
    flags: int
    method: int
    crc: int
    packed: int
    """Bytes that it takes in the archive; where a lie, its CRC tells."""
    offset: int
    """Of its local header in the file."""


Line = tuple[str, int, int, int, int, int]
"""The same without the names of its parts, which take as long to make as to read it."""


def walk(file: BinaryIO) -> Iterator[Entry]:
    """The entries of the central directory, in its order, folders included.

    Raises `UnreadableError` before the first entry if it is no zip, and after the last good one where it breaks.
    """
    return starmap(Entry, _lines(file))


def runs(file: BinaryIO) -> Iterator[Sequence[Line]]:
    """The same as plain lines, up to `RUN` of them together; those before the archive breaks come before the error."""
    held: list[Line] = []
    try:
        for line in _lines(file):
            held.append(line)
            if len(held) == RUN or len(line[0]) > _LONG_NAME:
                yield held
                held = []
    except UnreadableError:
        if held:
            yield held
        raise
    if held:
        yield held


def _lines(file: BinaryIO) -> Iterator[Line]:
    directory = find_directory(file)
    position, left, window, at, number, alone = directory.start, directory.size, b"", 0, 0, 0
    while left or at < len(window):
        while left and len(window) - at < _LONGEST_ENTRY:
            file.seek(position)  # others read the same file between two entries
            more = file.read(min(_WINDOW, left))
            position, left = position + len(more), left - len(more) if more else 0
            window, at, alone = window[at:] + more, 0, alone - at
        if window.startswith(_SIGNATURE, at):
            break
        if len(window) - at < ENTRY_BYTES or not window.startswith(_ENTRY, at):
            raise UnreadableError(
                "corrupt", f"the zip's directory breaks off after {number} of {directory.entries} entries"
            )
        if at >= alone:
            plain, alone = _plain_lines(window, at, directory.shift)
            yield from plain
            if plain:
                at, number = alone, number + len(plain)
                continue
            alone = at + _RUN_BYTES
        flags, method, crc, packed, unpacked, named, extra, comment, offset = _FIELDS(window, at + 8)
        name, end = at + ENTRY_BYTES, at + ENTRY_BYTES + named + extra + comment
        if len(window) < end:
            raise UnreadableError("corrupt", "the zip's directory ends inside an entry")
        raw, at, number = window[name : name + named], end, number + 1
        if extra:
            fields = window[name + named : name + named + extra]
            raw, packed, offset = _corrected(raw, (unpacked, packed, offset), fields)
        yield raw.decode("utf-8", "surrogateescape"), flags, method, crc, packed, offset + directory.shift
    if number % 0x10000 != directory.entries % 0x10000:  # writers that know no zip64 count in 16 bits
        raise UnreadableError("corrupt", f"the zip says that it has {directory.entries} entries and has {number}")


def _plain_lines(window: bytes, at: int, shift: int) -> tuple[Sequence[Line], int]:
    """Lines without extra fields that follow each other from a place on, and where they end; none where there are none.

    A line is what stands between two signatures whose distance is its length.
    """
    bytes_ = np.frombuffer(window[at : at + _RUN_BYTES], np.uint8)
    starts = np.flatnonzero(bytes_[: 1 - ENTRY_BYTES] == _ENTRY[0])
    for place in range(1, len(_ENTRY)):
        starts = starts[bytes_[starts + place] == _ENTRY[place]]
    fields = bytes_[starts[:, None] + np.arange(ENTRY_BYTES)].view(_LAYOUT)[:, 0]
    names = starts + ENTRY_BYTES
    behind = names + fields["name"]
    broken = np.flatnonzero((behind[:-1] + fields["comment"][:-1] != starts[1:]) | (fields["extra"][:-1] != 0))
    count = int(broken[0]) if len(broken) else len(starts) - 1
    places = zip((names + at).tolist()[:count], (behind + at).tolist()[:count], strict=True)
    raw = [window[name:end].decode("utf-8", "surrogateescape") for name, end in places]
    columns = (fields[column].tolist() for column in ("flags", "method", "crc", "packed"))
    offsets = (fields["offset"].astype(np.int64) + shift).tolist()
    return list(zip(raw, *columns, offsets, strict=False)), at + int(starts[count])


def _corrected(raw: bytes, numbers: tuple[int, int, int], extra: bytes) -> tuple[bytes, int, int]:
    """A name, the bytes that it takes packed and where it begins, as the extra fields have them.

    `numbers` are the directory's: of bytes unpacked, of bytes packed, and the offset.
    """
    fields = dict(_extra_fields(extra))
    large = fields.get(_ZIP64_FIELD, b"")
    values = []
    for value in numbers:  # each is in the zip64 field only where it is full here
        wide, large = (large[:8], large[8:]) if value == FULL else (b"", large)
        values.append(int.from_bytes(wide, "little") if len(wide) == 8 else value)  # noqa: PLR2004  # bytes of a number
    path = fields.get(_PATH_FIELD, b"")
    if path[:1] == b"\x01" and path[1:5] == zlib.crc32(raw).to_bytes(4, "little") and path[5:]:
        raw = path[5:]
    return raw, values[1], values[2]


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + size]
        position += 4 + size
