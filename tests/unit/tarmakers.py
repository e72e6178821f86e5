"""Makers of tar archives: by Python's `tarfile`, and header by header what that would not write."""

import io
import tarfile
from collections.abc import Iterable

BLOCK = 512
END = bytes(2 * BLOCK)
FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def tarred(
    members: Iterable[tuple[str, bytes]],
    kind: int = tarfile.PAX_FORMAT,
    mode: str = "w",
    more: Iterable[tarfile.TarInfo] = (),
) -> bytes:
    """An archive of the members, and of headers without bytes behind them."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=kind, errors="surrogateescape") as archive:  # type: ignore[call-overload]  # any mode
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
        for info in more:
            archive.addfile(info)
    return file.getvalue()


def padded(body: bytes) -> bytes:
    """Bytes up to the next whole block."""
    return body + bytes(-len(body) % BLOCK)


def header(
    name: bytes = b"a.png", size: int | bytes = 0, kind: bytes = b"0", magic: bytes = b"ustar\x0000", **changes: bytes
) -> bytes:
    """One header, with its checksum; `at_345=b"…"` puts other bytes at a place."""
    block = bytearray(BLOCK)
    block[: len(name)] = name
    block[124:136] = (b"%011o\0" % size if isinstance(size, int) else size).ljust(12, b"\0")
    block[156:157], block[257:265] = kind, magic.ljust(8, b"\0")
    for place, value in changes.items():
        start = int(place.removeprefix("at_"))
        block[start : start + len(value)] = value
    return signed(bytes(block))


def signed(block: bytes) -> bytes:
    """A header with the right checksum."""
    blank = block[:148] + b" " * 8 + block[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def record(keyword: str, value: bytes) -> bytes:
    """A record of an extended header."""
    rest = b" " + keyword.encode() + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def extended(body: bytes, kind: bytes = b"x") -> bytes:
    """An extended header."""
    return header(b"ext", len(body), kind) + padded(body)


def large(number: int) -> bytes:
    """A size in base 256."""
    return b"\x80" + number.to_bytes(11, "big")
