"""A zip's small members as slices of windows of it: as `inflation` gives them, without a file object for each."""

import struct
import zlib
from collections.abc import Sequence
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from handler.inflation import DEFLATED, ENCRYPTED, LOCAL, LOCAL_BYTES, STORED
from handler.zips import Line

_WINDOW: Final = 1 << 17
_NAMES: Final = 1 << 12
"""Of a member's own header, its name and extra fields, in bytes; one that has more is read the other way."""
_MOST_BYTES: Final = 1 << 20
"""Of a member, as it leaves the decompressor: one that is larger is worth its file object."""
_FEW_BYTES: Final = 1 << 10
"""Of a packed member that is inflated with one call: not even a hostile one gives more than a megabyte."""
_SMALL_BYTES: Final = 1 << 14
"""Of a member that is read with others, as it leaves the decompressor."""
_NEAR: Final = 1 << 19
"""Bytes between the members that are read together."""
_LENGTHS: Final = struct.Struct("<HH").unpack_from


class Slices:
    """Members of a zip that are whole and plain; holds one window of the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        self._start = 0
        self._window = b""

    def run(self, entries: Sequence[Line], limit: int) -> list[bytes] | None:
        """All bytes of several entries, at most `limit` each; None where one is not whole, small, plain and near."""
        _, flags, methods, crcs, sizes, offsets = zip(*entries, strict=True)
        is_plain = {DEFLATED, STORED}.issuperset(methods) and not any(flag & ENCRYPTED for flag in set(flags))
        first, last = min(offsets), max(offsets)
        if not is_plain or max(sizes) > _FEW_BYTES or last - first > _NEAR or last >= self._size:
            return None
        found, most = [], min(_SMALL_BYTES, limit)
        try:
            for method, packed in zip(methods, self._all_packed(np.array(offsets), np.array(sizes)), strict=False):
                data = zlib.decompress(packed, -15) if method == DEFLATED else packed
                if len(data) > most:
                    return None
                found.append(data)
        except zlib.error:
            return None
        return found if list(map(zlib.crc32, found)) == list(crcs) else None

    def whole(self, entry: Line, limit: int) -> bytes | None:
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

    def _all_packed(self, offsets: NDArray[np.int64], sizes: NDArray[np.int64]) -> list[bytes]:
        """What `_packed` gives of small entries that are near each other; nothing where it may give None of one."""
        first, last = int(offsets.min()), int(offsets.max()) + LOCAL_BYTES + _NAMES + _FEW_BYTES
        if first < self._start or last > self._start + len(self._window):
            self._file.seek(first)  # others read the same file between two runs
            self._start, self._window = first, self._file.read(last - first)
        places, held = offsets - self._start, np.frombuffer(self._window, np.uint8)
        if places.max() > len(held) - LOCAL_BYTES:
            return []
        heads = held[places[:, None] + np.arange(LOCAL_BYTES)]
        begins = places + LOCAL_BYTES + heads[:, 26:].copy().view("<u2").sum(axis=1, dtype=np.int64)
        ends = begins + sizes
        if ends.max() > len(held) or (heads[:, : len(LOCAL)] != np.frombuffer(LOCAL, np.uint8)).any():
            return []
        return [self._window[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]

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
