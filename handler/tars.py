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
_FOLDERS: Final = (b"5", b"D", b"V")  # GNU's list of a folder's files, and its label of a volume, are no files either
_OLD_FILE: Final = b"\0"
_GNU_NAME, _GNU_LINK, _PAX, _PAX_ALL = b"L", b"K", b"x", b"g"
_EXTENDED: Final = (_GNU_NAME, _GNU_LINK, _PAX, _PAX_ALL)
_GNU_SPARSE: Final = b"S"
_SPARSE: Final = "GNU.sparse"
_FIELDS: Final = ("path", "size", "GNU.sparse.name")
"""Of extended headers that are kept; of others, only whether they tell of a sparse file."""
_OTHERS: Final = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    _GNU_SPARSE: "a sparse file",
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
    if claimed == unsigned:
        return True
    return claimed == unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # noqa: PLR2004  # signed


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
        more = block[482:483].strip(b"\0") if kind == _GNU_SPARSE else b""
        while more:  # the map of a sparse file goes on before its bytes
            more = stream.read(BLOCK)[504:505].strip(b"\0")
        start = stream.position
        yield member
        left = member.size + -member.size % BLOCK - (stream.position - start)
        if stream.skip(left) < left:
            raise UnreadableError("truncated", f"the tar ends inside its member {number}, {member.name!a}")
    stream.end()


def _member(block: bytes, kind: bytes, size: int, fields: dict[str, str]) -> Member:
    prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""  # GNU keeps times there
    name = block[:100].split(b"\0")[0]
    path = fields.get("path") or (prefix + b"/" + name if prefix else name).decode(errors="surrogateescape")
    path = fields.get("GNU.sparse.name") or path
    other = _OTHERS[_GNU_SPARSE if _SPARSE in fields else kind] if kind in _OTHERS or _SPARSE in fields else ""
    folder = kind in _FOLDERS or (path.endswith("/") and not other)
    if "size" in fields:
        size = _decimal(fields["size"])
    if (folder and kind in (b"5", _OLD_FILE)) or (other and other != _OTHERS[_GNU_SPARSE]):
        size = 0  # a link names the size of what it points to, an old folder that of its list; neither has bytes
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
    fields, at, end = {}, 0, len(body.rstrip(b"\0"))
    while at < end:
        length = body[at : at + 8].partition(b" ")[0]  # 1 MB has 7 digits
        until = at + int(length) if length.isdigit() else at
        keyword, equals, value = body[at + len(length) + 1 : until - 1].partition(b"=")
        if until > len(body) or not equals or body[until - 1 : until] != b"\n":
            raise UnreadableError("corrupt", "an extended header of the tar is damaged")
        field = keyword.decode(errors="replace")
        if field.startswith(_SPARSE):
            fields[_SPARSE] = ""
        if field in _FIELDS:
            fields[field] = value.decode(errors="surrogateescape")
        at = until
    return fields


def _number(field: bytes) -> int:
    """A number as tar writes it: octal digits, or base 256 behind a set sign bit."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0").partition(b"\0")[0].rstrip()
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise UnreadableError("corrupt", "a header of the tar has a number that is none")
    return int(digits, 8)


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004  # 64 bits have 20 digits
        raise UnreadableError("corrupt", "an extended header of the tar has a size that is no number")
    return int(text)
