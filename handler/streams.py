"""Compressed streams to their bytes, in pieces of bounded size, and pieces to a file that can be read forwards."""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol

from handler.errors import SpentError, UnreadableError

CHUNK: Final = 1 << 18
_SLICE: Final = 1024
"""Bytes into a decompressor at a time, and out of it: where a file is damaged, no more than these are lost before."""
XZ_MEMORY: Final = 128 << 20
"""An xz stream declares the memory that it takes, up to 4 GiB; presets take 65 MB at most."""
_STREAM_BYTES: Final = 1024
"""What beginning a stream counts for: millions of empty ones take time and give nothing."""
GZIP: Final = "gzip file"
BZIP2: Final = "bzip2 file"
XZ: Final = "xz file"
MAGIC: Final = {GZIP: b"\x1f\x8b", BZIP2: b"BZh", XZ: b"\xfd7zXZ\0"}


class _Decompressor(Protocol):
    """What bz2's and lzma's decompressors have in common, and zlib's is given."""

    @property
    def eof(self) -> bool:
        """Whether the stream is at its end."""

    @property
    def needs_input(self) -> bool:
        """Whether no more comes without more input."""

    @property
    def unused_data(self) -> bytes:
        """Input behind the end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most `max_length` bytes."""


class _Gzip:
    """zlib's decompressor for gzip, with the manners of the other two."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        piece = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(piece) < max_length
        return piece


def _make(kind: str) -> _Decompressor:
    if kind == GZIP:
        return _Gzip()
    if kind == BZIP2:
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


def decompress(file: BinaryIO, kind: str) -> Iterator[bytes]:
    """The bytes of a gzip, bzip2 or xz file, in small pieces, an empty one before each stream; `kind` is of `MAGIC`.

    Streams that follow each other are one, as all three tools have it; zeros after the last are padding.
    Raises `UnreadableError` where a stream is damaged, ends early, or wants more memory than `XZ_MEMORY`.
    """
    held, streams = file.read(_SLICE), 0
    while held or not streams:
        decompressor = _make(kind)
        yield b""
        while not decompressor.eof:
            if decompressor.needs_input:
                held = held or file.read(_SLICE)
                if not held:
                    raise UnreadableError("truncated", f"the {kind} ends before its data does: upload it again")
            piece = _piece(decompressor, held, kind)
            held = b""
            if piece:
                yield piece
        held, streams = decompressor.unused_data, streams + 1
        while not held.strip(b"\0") and (held := file.read(_SLICE)):
            pass
        held = held.lstrip(b"\0")
        if held and not held.startswith(MAGIC[kind][: len(held)]):
            raise UnreadableError("corrupt", f"the {kind} has other bytes behind its end")


def _piece(decompressor: _Decompressor, data: bytes, kind: str) -> bytes:
    try:
        return decompressor.decompress(data, _SLICE)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if "limit" in str(error).lower():
            raise UnreadableError(
                "too-large", f"the {kind} wants more than {XZ_MEMORY} bytes of memory: compress it with a preset"
            ) from error
        raise UnreadableError("corrupt", f"the {kind} is damaged ({error})") from error


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """A file's bytes from where it stands, in pieces of at most `CHUNK`."""
    while piece := file.read(CHUNK):
        yield piece


class Budget:
    """The bytes that may leave the decompressors of one drop, whichever they are and however often they begin."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def pays(self, count: int) -> bool:
        """Pay for `count` bytes at once, if that can be."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def spend(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, each of them paid for; `SpentError` where that cannot be."""
        for piece in pieces:
            self._left -= len(piece) or _STREAM_BYTES
            if self._left < 0:
                raise SpentError(f"more than {self._limit} bytes leave it")
            if piece:
                yield piece


class Stream:
    """Pieces as a file that is read forwards; holds no more than what is asked for and one piece."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held, self._at = b"", 0
        self.position = 0
        """Bytes that were read or passed over."""

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end."""
        start = self.peek(count)
        self._at += len(start)
        self.position += len(start)
        return start

    def peek(self, count: int) -> bytes:
        """The next `count` bytes, which stay to be read; fewer only at the end."""
        size = len(self._held) - self._at
        if size < count:
            parts = [self._held[self._at :]]
            while size < count and (piece := next(self._pieces, None)) is not None:
                parts.append(piece)
                size += len(piece)
            self._held, self._at = b"".join(parts), 0
        return self._held[self._at : self._at + count]

    def skip(self, count: int) -> int:
        """Pass over `count` bytes; gives how many there were."""
        left = count
        while left > 0 and (passed := len(self.read(min(left, CHUNK)))):
            left -= passed
        return count - left

    def end(self) -> None:
        """Pass over all that is left: a checksum at the end is held against the data only there."""
        while self.skip(CHUNK):
            pass
