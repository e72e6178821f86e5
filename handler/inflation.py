"""A zip archive's entry to its bytes, in pieces, with no size in any header believed."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from handler.errors import UnreadableError
from handler.zips import Entry

LOCAL: Final = b"PK\x03\x04"
LOCAL_BYTES: Final = 30
_CHUNK: Final = 1 << 18
_IDLE_BYTES: Final = 1 << 20
"""Of packed data that give no byte; deflate's largest block header has some hundred."""
ENCRYPTED: Final = 0x2041  # bits 0 (encrypted), 6 (strong encryption) and 13 (masked directory)
STORED: Final = 0
DEFLATED: Final = 8


def inflate(file: BinaryIO, entry: Entry, limit: int) -> Iterator[bytes]:
    """The bytes of an entry, in pieces, as they leave the decompressor; the caller counts them.

    One piece more than `limit` bytes is never made. Raises `UnreadableError` for an encrypted member, a compression
    that is not read here, data that ends early, and bytes whose CRC is not the directory's.
    """
    if entry.flags & ENCRYPTED:
        raise UnreadableError("encrypted", "the member is encrypted: upload it without a password")
    if entry.method not in (STORED, DEFLATED):
        raise UnreadableError("unsupported", f"zip compression method {entry.method}: use deflate or store")
    header = b""
    if entry.offset < file.seek(0, 2):
        file.seek(entry.offset)
        header = file.read(LOCAL_BYTES)
    if len(header) < LOCAL_BYTES or not header.startswith(LOCAL):
        raise UnreadableError("corrupt", "the zip's directory points to a place where no member begins")
    position = entry.offset + LOCAL_BYTES + sum(struct.unpack_from("<HH", header, 26))
    crc, made = 0, 0
    for piece in _unpacked(file, entry, position, min(limit + 1, _CHUNK)):
        crc, made = zlib.crc32(piece, crc), made + len(piece)
        yield piece
        if made > limit:
            return
    if crc != entry.crc:
        raise UnreadableError("corrupt", "the member's bytes do not match its checksum")


def _unpacked(file: BinaryIO, entry: Entry, position: int, chunk: int) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(-15) if entry.method == DEFLATED else None
    left, held, idle = entry.packed, b"", 0
    while decompressor is None or not decompressor.eof:
        if not held and left:
            file.seek(position)  # others read the same file between two pieces
            held = file.read(min(_CHUNK if decompressor else chunk, left))
            idle += len(held)
            if idle > _IDLE_BYTES:
                raise UnreadableError("corrupt", f"{idle} bytes of the member inflate to nothing")
            position, left = position + len(held), left - len(held)
            if not held:
                raise UnreadableError("truncated", "the archive ends inside the member")
        if decompressor is None:
            if not held:
                return
            piece, held = held, b""
        else:
            try:
                piece = decompressor.decompress(held, chunk)
            except zlib.error as error:
                raise UnreadableError("corrupt", f"the member cannot be inflated ({error})") from error
            if not piece and not decompressor.unconsumed_tail and not left and not decompressor.eof:
                raise UnreadableError("truncated", "the member's data ends before the member does")
            held = decompressor.unconsumed_tail
        if piece:
            idle = 0
            yield piece
