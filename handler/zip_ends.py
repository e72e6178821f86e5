"""Where a zip archive's directory lies, by the records at its end; `zips` reads it."""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from handler.errors import UnreadableError

END: Final = b"PK\x05\x06"
ENTRY_BYTES: Final = 46
"""Of a line of the directory, without its name, extra fields and comment."""
FULL: Final = 0xFFFFFFFF
"""What stands in 32 bits where a number is in a zip64 record."""
_END64: Final = b"PK\x06\x06"
_LOCATOR64: Final = b"PK\x06\x07"
_END_BYTES: Final = 22


@dataclass(frozen=True, slots=True)
class Directory:
    """A central directory, as the end of the archive has it."""

    start: int
    size: int
    entries: int
    shift: int
    """Bytes put before the archive (a self-extractor's program): added to each offset."""


def find_directory(file: BinaryIO) -> Directory:
    """The directory of an archive; `UnreadableError` where it has none, or one that cannot be in it."""
    size = file.seek(0, 2)
    tail_start = max(0, size - _END_BYTES - 0xFFFF)
    file.seek(tail_start)
    tail = file.read()
    found = _end_record(tail)
    if found < 0:
        raise UnreadableError("truncated", "the zip has no directory at its end: it was cut off, or is no zip")
    entries, directory_size, start = struct.unpack_from("<HII", tail, found + 10)
    end = tail_start + found
    if entries == 0xFFFF or FULL in (directory_size, start):  # noqa: PLR2004  # 16 bits, full
        end, entries, directory_size, start = _end64(file, end, (entries, directory_size, start))
    shift = end - directory_size - start
    if shift < 0 or directory_size < entries * ENTRY_BYTES:
        raise UnreadableError("corrupt", "the zip's end record does not fit the file: it is damaged or cut off")
    return Directory(start + shift, directory_size, entries, shift)


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
