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
_FEW_BYTES: Final = 1 << 10
"""Of a packed member that is inflated with one call: not even a hostile one gives more than a megabyte."""
_LENGTHS: Final = struct.Struct("<HH").unpack_from


class Slices:
    """Members of a zip that are whole and plain; holds one window of the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        self._start = 0
        self._window = b""

    def whole(self, entry: Entry, limit: int) -> bytes | None:
        """All bytes of an entry, at most `limit`; None for what is to be read piece by piece, or to be refused."""
        _, flags, method, crc, size, offset = entry
        most = min(_MOST_BYTES, limit)
        if flags & ENCRYPTED or size > most or offset >= self._size:
            return None
        packed = self._packed(offset, size)
        if packed is None:
            return None
        if method == DEFLATED:
            packed = _inflated(packed, most)
        elif method != STORED:
            return None
        return packed if packed is not None and len(packed) <= most and zlib.crc32(packed) == crc else None

    def _packed(self, offset: int, size: int) -> bytes | None:
        """The bytes of an entry as they stand in the archive; None where they do not."""
        for again in (False, True):
            window, at = self._window, offset - self._start
            if 0 <= at <= len(window) - LOCAL_BYTES:
                if not window.startswith(LOCAL, at):
                    return None
                name, extra = _LENGTHS(window, at + 26)
                begin = at + LOCAL_BYTES + name + extra
                if begin + size <= len(window):
                    return window[begin : begin + size]
            if not again:
                self._move(offset, size)
        return None

    def _move(self, offset: int, size: int) -> None:
        """Begin the window at an entry: a large one where the members before led to it, as they do in most archives."""
        follows = self._start <= offset <= self._start + len(self._window)
        needed = LOCAL_BYTES + _NAMES + size
        self._file.seek(offset)  # others read the same file between two members
        self._start, self._window = offset, self._file.read(max(needed, _WINDOW) if follows else needed)


def _inflated(packed: bytes, most: int) -> bytes | None:
    """The bytes of a deflated stream, perhaps more than `most`; None where it is longer, damaged or cut off."""
    try:
        if len(packed) <= _FEW_BYTES:
            return zlib.decompress(packed, -15)
        inflater = zlib.decompressobj(-15)
        found = inflater.decompress(packed, most + 1)
    except zlib.error:
        return None
    return found if inflater.eof else None
