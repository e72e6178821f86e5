"""A tar archive to its members, in one pass, with every header bounded.

The layout is that of POSIX.1-2017 (ustar and pax), with GNU's long names and base-256 numbers. `tarfile` keeps every
header that it has seen, and takes an extended header into memory whatever its size; this does neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from handler.errors import UnreadableError
from handler.streams import Stream

BLOCK: Final = 512
EXTENDED_BYTES: Final = 1 << 20
"""Of a long name or an extended header; real ones have some hundred."""
_CHECKSUM: Final = slice(148, 156)
_FOLDER: Final = b"5"
_GNU_NAME, _GNU_LINK, _PAX, _PAX_ALL = b"L", b"K", b"x", b"g"
_EXTENDED: Final = (_GNU_NAME, _GNU_LINK, _PAX, _PAX_ALL)
_OTHERS: Final = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    b"S": "a sparse file",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A member's header; its bytes come next in the stream."""

    name: str
    """Bytes that are not UTF-8 are lone surrogates (`surrogateescape`)."""
    size: int
    folder: bool
    other: str
    """What it is, where it is neither file nor folder: a link or the like."""


def is_header(block: bytes) -> bool:
    """Whether 512 bytes are the header of a member: whether its checksum is right, of signed bytes or unsigned."""
    if len(block) != BLOCK or not block.strip(b"\0"):
        return False
    try:
        claimed = _number(block[_CHECKSUM])
    except UnreadableError:
        return False
    unsigned = sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ")
    signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # noqa: PLR2004  # the sign bit
    return claimed in (unsigned, signed)


def walk(stream: Stream) -> Iterator[Member]:
    """The members of an archive, in order; what the caller does not read of one's bytes is passed over.

    Raises `UnreadableError` where the archive breaks, or ends without its end mark.
    """
    fields: dict[str, str] = {}
    everywhere: dict[str, str] = {}
    number = 0
    while (block := stream.read(BLOCK)).strip(b"\0") or len(block) < BLOCK:
        if len(block) < BLOCK:
            raise UnreadableError("truncated", f"the tar ends after {number} members, without its end mark")
        if not is_header(block):
            raise UnreadableError("corrupt", f"the tar breaks after {number} members: no header follows")
        kind, size = block[156:157], _number(block[124:136])
        if kind in _EXTENDED:
            found = _read_extended(stream, kind, size)
            (everywhere if kind == _PAX_ALL else fields).update(found)
            continue
        member = _member(block, kind, size, everywhere | fields)
        fields, number = {}, number + 1
        start = stream.position
        yield member
        left = member.size + -member.size % BLOCK - (stream.position - start)
        if stream.skip(left) < left:
            raise UnreadableError("truncated", f"the tar ends inside its member {number}, {member.name!a}")


def _member(block: bytes, kind: bytes, size: int, fields: dict[str, str]) -> Member:
    prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""  # GNU keeps times there
    name = block[:100].split(b"\0")[0]
    path = fields.get("path", (prefix + b"/" + name if prefix else name).decode(errors="surrogateescape"))
    other = _OTHERS.get(kind, "")
    if any(field.startswith("GNU.sparse.") for field in fields):
        other = "a sparse file"
    if other and other != "a sparse file":
        size = 0  # a link names the size of what it points to, and has no bytes
    elif "size" in fields:
        size = _decimal(fields["size"])
    folder = kind == _FOLDER or (path.endswith("/") and not other)
    return Member(path, size, folder, other)


def _read_extended(stream: Stream, kind: bytes, size: int) -> dict[str, str]:
    """The fields of an extended header: pax records, or GNU's long name."""
    if size > EXTENDED_BYTES:
        raise UnreadableError("too-large", f"an extended header of the tar has {size} bytes: real ones have hundreds")
    body = stream.read(size)
    padding = -size % BLOCK
    if len(body) < size or stream.skip(padding) < padding:
        raise UnreadableError("truncated", "the tar ends inside an extended header")
    if kind in (_GNU_NAME, _GNU_LINK):
        name = body.split(b"\0")[0].decode(errors="surrogateescape")
        return {"path": name} if kind == _GNU_NAME else {}
    fields = {}
    while body.strip(b"\0"):
        length, space, _ = body.partition(b" ")
        end = int(length) if space and length.isdigit() and len(length) < 8 else 0  # noqa: PLR2004  # 1 MB has 7
        keyword, equals, value = body[len(length) + 1 : end - 1].partition(b"=")
        if end > len(body) or not equals or body[end - 1 : end] != b"\n":
            raise UnreadableError("corrupt", "an extended header of the tar is damaged")
        fields[keyword.decode(errors="replace")] = value.decode(errors="surrogateescape")
        body = body[end:]
    return fields


def _number(field: bytes) -> int:
    """A number as tar writes it: octal digits, or base 256 behind a set sign bit."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise UnreadableError("corrupt", "a header of the tar has a number that is none")
    return int(digits, 8)


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004  # 64 bits have 20 digits
        raise UnreadableError("corrupt", "an extended header of the tar has a size that is no number")
    return int(text)
