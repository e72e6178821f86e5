"""A zip's small members as slices of windows of it: as `inflation` gives them, without a file object for each."""

import struct
import zlib
from typing import BinaryIO, Final

from handler.inflation import DEFLATED, ENCRYPTED, LOCAL, LOCAL_BYTES, STORED
from handler.zips import Entry

_WINDOW: Final = 1 << 17
_NAMES: Final = 1 << 12
"""Of a member's own header, its name and extra fields, in bytes; one that has more is read the other way."""
_MOST_BYTES: Final = 1 << 20
"""Of a member, as it leaves the decompressor: one that is larger is worth its file object."""


class Slices:
    """Members of a zip that are whole and plain; holds one window of the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        self._start = 0
        self._window = b""

    def whole(self, entry: Entry, limit: int) -> bytes | None:
        """All bytes of an entry, at most `limit`; None for what is to be read piece by piece, or to be refused."""
        most = min(limit, _MOST_BYTES)
        if entry.flags & ENCRYPTED or entry.packed > most or entry.offset >= self._size:
            return None
        packed = self._packed(entry)
        if packed is None:
            return None
        data = _unpacked(packed, entry.method, most)
        return data if data is not None and len(data) <= most and zlib.crc32(data) == entry.crc else None

    def _packed(self, entry: Entry) -> bytes | None:
        """The bytes of an entry as they stand in the archive; None where they do not."""
        for again in (False, True):
            window, at = self._window, entry.offset - self._start
            if 0 <= at <= len(window) - LOCAL_BYTES:
                if not window.startswith(LOCAL, at):
                    return None
                name, extra = struct.unpack_from("<HH", window, at + 26)
                begin = at + LOCAL_BYTES + name + extra
                if begin + entry.packed <= len(window):
                    return window[begin : begin + entry.packed]
            if not again:
                self._move(entry)
        return None

    def _move(self, entry: Entry) -> None:
        """Begin the window at an entry: a large one where the members before led to it, as they do in most archives."""
        follows = self._start <= entry.offset <= self._start + len(self._window)
        needed = LOCAL_BYTES + _NAMES + entry.packed
        self._file.seek(entry.offset)  # others read the same file between two members
        self._start, self._window = entry.offset, self._file.read(max(needed, _WINDOW) if follows else needed)


def _unpacked(packed: bytes, method: int, most: int) -> bytes | None:
    if method == STORED:
        return packed
    if method != DEFLATED:
        return None
    inflater = zlib.decompressobj(-15)
    try:
        data = inflater.decompress(packed, most + 1)
    except zlib.error:
        return None
    return data if inflater.eof else None
