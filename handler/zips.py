"""A zip archive's directory to its entries, lazily; `inflate` takes each of them to its bytes.

The layout is that of PKWARE's APPNOTE 6.3.10. The central directory is walked in windows instead of being loaded,
sizes in it are never believed, and nothing is allocated by them.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

from handler.errors import UnreadableError

END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_LOCATOR64: Final = b"PK\x06\x07"
_ENTRY: Final = b"PK\x01\x02"
_SIGNATURE: Final = b"PK\x05\x05"
_END_BYTES: Final = 22
_ENTRY_BYTES: Final = 46
_LONGEST_ENTRY: Final = _ENTRY_BYTES + 3 * 0xFFFF
_WINDOW: Final = 1 << 20
_FULL: Final = 0xFFFFFFFF
_PATH_FIELD: Final = 0x7075
_ZIP64_FIELD: Final = 1
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


@dataclass(frozen=True, slots=True)
class _Directory:
    start: int
    size: int
    entries: int
    shift: int
    """Bytes put before the archive (a self-extractor's program): added to each offset."""


def walk(file: BinaryIO) -> Iterator[Entry]:
    """The entries of the central directory, in its order, folders included.

    Raises `UnreadableError` before the first entry if it is no zip, and after the last good one where it breaks.
    """
    directory = _find_directory(file)
    position, left, window, at, number = directory.start, directory.size, b"", 0, 0
    while left or at < len(window):
        while left and len(window) - at < _LONGEST_ENTRY:
            file.seek(position)  # others read the same file between two entries
            more = file.read(min(_WINDOW, left))
            position, left = position + len(more), left - len(more) if more else 0
            window, at = window[at:] + more, 0
        if window.startswith(_SIGNATURE, at):
            break
        if len(window) - at < _ENTRY_BYTES or not window.startswith(_ENTRY, at):
            raise UnreadableError(
                "corrupt", f"the zip's directory breaks off after {number} of {directory.entries} entries"
            )
        entry, length = _read_entry(window, at, directory.shift)
        at, number = at + length, number + 1
        yield entry
    if number % 0x10000 != directory.entries % 0x10000:  # writers that know no zip64 count in 16 bits
        raise UnreadableError("corrupt", f"the zip says that it has {directory.entries} entries and has {number}")


def _find_directory(file: BinaryIO) -> _Directory:
    size = file.seek(0, 2)
    tail_start = max(0, size - _END_BYTES - 0xFFFF)
    file.seek(tail_start)
    tail = file.read()
    found = _end_record(tail)
    if found < 0:
        raise UnreadableError("truncated", "the zip has no directory at its end: it was cut off, or is no zip")
    entries, directory_size, start = struct.unpack_from("<HII", tail, found + 10)
    end = tail_start + found
    if entries == 0xFFFF or _FULL in (directory_size, start):  # noqa: PLR2004  # 16 bits, full
        end, entries, directory_size, start = _end64(file, end, (entries, directory_size, start))
    shift = end - directory_size - start
    if shift < 0 or directory_size < entries * _ENTRY_BYTES:
        raise UnreadableError("corrupt", "the zip's end record does not fit the file: it is damaged or cut off")
    return _Directory(start + shift, directory_size, entries, shift)


def _end_record(tail: bytes) -> int:
    """Where the end record stands: the last one whose comment ends with the file, else the last one at all."""
    last = found = tail.rfind(END)
    while found >= 0:
        if len(tail) >= found + _END_BYTES:
            comment = int.from_bytes(tail[found + 20 : found + 22], "little")
            if found + _END_BYTES + comment == len(tail):
                return found
        found = tail.rfind(END, 0, found)
    return last if last >= 0 and len(tail) >= last + _END_BYTES else -1


def _end64(file: BinaryIO, end: int, plain: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The zip64 end record before the plain one; without a locator the plain numbers are what they say."""
    file.seek(max(0, end - 20))
    locator = file.read(20)
    if len(locator) < 20 or not locator.startswith(_LOCATOR64):  # noqa: PLR2004  # the locator's length
        return end, *plain
    (claimed,) = struct.unpack_from("<Q", locator, 8)
    for position in (claimed, end - 20 - 56):  # as it says; or right before the locator, where bytes were put in front
        if 0 <= position <= end:
            file.seek(position)
            record = file.read(56)
            if record.startswith(_END64) and len(record) == 56:  # noqa: PLR2004  # the record's fixed part
                return position, *struct.unpack_from("<QQQ", record, 32)
    raise UnreadableError("corrupt", "the zip64 end record is not where the zip says it is")


def _read_entry(window: bytes, at: int, shift: int) -> tuple[Entry, int]:
    flags, method, crc, packed, unpacked, name_length, extra_length, comment_length, offset = _FIELDS(window, at + 8)
    length = _ENTRY_BYTES + name_length + extra_length + comment_length
    if len(window) - at < length:
        raise UnreadableError("corrupt", "the zip's directory ends inside an entry")
    extra = at + _ENTRY_BYTES + name_length
    raw = window[at + _ENTRY_BYTES : extra]
    if not extra_length:
        return Entry(raw.decode("utf-8", "surrogateescape"), flags, method, crc, packed, offset + shift), length
    fields = dict(_extra_fields(window[extra : extra + extra_length]))
    large = fields.get(_ZIP64_FIELD, b"")
    values = []
    for value in (unpacked, packed, offset):  # each is in the zip64 field only where it is full here
        wide, large = (large[:8], large[8:]) if value == _FULL else (b"", large)
        values.append(int.from_bytes(wide, "little") if len(wide) == 8 else value)  # noqa: PLR2004  # bytes of a number
    path = fields.get(_PATH_FIELD, b"")
    if path[:1] == b"\x01" and path[1:5] == zlib.crc32(raw).to_bytes(4, "little") and path[5:]:
        raw = path[5:]
    return Entry(raw.decode("utf-8", "surrogateescape"), flags, method, crc, values[1], values[2] + shift), length


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + size]
        position += 4 + size
