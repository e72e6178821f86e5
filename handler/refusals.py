"""Why a picture cannot be read, from its bytes and from what its decoder raised."""

import zlib
from typing import Final

from handler.errors import UnreadableError

_KNOWN: Final = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \t\r\n"),
)
_UNREAD: Final = {b"%PDF": "a PDF", b"8BPS": "a Photoshop file", b"%!PS": "PostScript"}
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def check_png(data: bytes) -> None:
    """Refuse a PNG with a wrong checksum or without its end, which Pillow shows all the same."""
    position = len(_PNG)
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        end = position + 12 + length
        if end > len(data):
            break
        kind = data[position + 4 : position + 8]
        if zlib.crc32(data[position + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise UnreadableError("corrupt", f"the PNG's {kind.decode('latin-1')!r} chunk does not match its checksum")
        if kind == b"IEND":
            return
        position = end
    raise UnreadableError("truncated", "the PNG ends before its end chunk")


def unopened(data: bytes, error: Exception) -> UnreadableError:
    """Why Pillow could not open `data`: no picture, one of a format that is not read here, or a damaged one."""
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, name in _UNREAD.items():
        if start.startswith(magic):
            return UnreadableError("unsupported", f"{name} is not read: save it as PNG or JPEG")
    if start.startswith(b"<") and b"<svg" in start:
        return UnreadableError("unsupported", "SVG is not read: save it as PNG or JPEG")
    is_avif, is_webp = data[4:12] in (b"ftypavif", b"ftypavis"), data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if data[4:8] == b"ftyp" and not is_avif:
        return UnreadableError("unsupported", "HEIC and videos are not read: save it as PNG or JPEG")
    if is_webp and int.from_bytes(data[4:8], "little") + 8 > len(data):
        return UnreadableError("truncated", "the WebP ends before its data does")
    if is_avif or is_webp or data.startswith(_KNOWN):
        return UnreadableError(_code(error), f"its header is damaged ({sentence(error)})")
    return UnreadableError("not-an-image", "the bytes are not a picture of a format that is read here")


def broken(error: Exception) -> UnreadableError:
    """What Pillow raised while it decoded a picture that it could open."""
    if isinstance(error, MemoryError):
        return UnreadableError("too-large", "decoding it takes more memory than there is: scale it down")
    return UnreadableError(_code(error), f"it cannot be decoded ({sentence(error)})")


def _code(error: Exception) -> str:
    return "truncated" if isinstance(error, EOFError) or "truncated" in str(error).lower() else "corrupt"


def sentence(error: Exception) -> str:
    """An error's text on one line and without what differs from run to run."""
    return " ".join(str(error).split(" <_io.")[0].split()) or type(error).__name__
