"""Bytes of a picture to its frames as planes of luminance. Pillow is known only here."""

import io
import warnings
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from handler.errors import UnreadableError

Plane = NDArray[np.float32]

_PLUGINS: Final = (
    AvifImagePlugin.AvifImageFile,
    BmpImagePlugin.BmpImageFile,
    GifImagePlugin.GifImageFile,
    Jpeg2KImagePlugin.Jpeg2KImageFile,
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    PpmImagePlugin.PpmImageFile,
    TiffImagePlugin.TiffImageFile,
    WebPImagePlugin.WebPImageFile,
)
FORMATS: Final = tuple(plugin.format for plugin in _PLUGINS if plugin.format)
"""What is opened: formats that have magic bytes and a decoder that neither runs programs nor reads other files."""
_KNOWN: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM", b"RIFF", b"\0\0\0\x0cjP")
_UNREAD: Final = {b"%PDF": "a PDF", b"8BPS": "a Photoshop file", b"%!PS": "PostScript", b"<svg": "SVG"}
LONGEST: Final = 1024
"""A side of more pixels is reduced by a whole factor towards this: a digit is read from 20."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_ORIENTATION: Final = 0x0112
_LUMINANCE: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue (ITU-R BT.601), as Pillow weighs them too."""
_DARK: Final = 0.5
_INK_SHARE: Final = 0.02


def read_frames(data: bytes, max_pixels: int, max_frames: int) -> Iterator[Plane]:
    """Each page or frame of a picture as luminance, float32 (H, W), 0 black to 1 white, turned as it is to be seen.

    Transparent parts show white paper, or black where all the ink is light. Raises `UnreadableError` for what
    cannot be read, after the frames that can; the first failure of a picture is final.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadableError("too-large", str(error)) from error
    except Exception as error:
        raise _unopened(data, error) from error
    with picture:
        for number in range(max_frames + 1):
            try:
                picture.seek(number)
            except EOFError:
                return
            except Exception as error:
                raise _broken(error) from error
            if number == max_frames:
                raise UnreadableError("too-many-frames", f"only the first {max_frames} frames are read: split the file")
            yield _read_frame(picture, data, max_pixels)
            if picture.format == "MPO":  # a phone's photograph: what follows are previews of it, not pages
                return


def _read_frame(picture: Image.Image, data: bytes, max_pixels: int) -> Plane:
    width, height = picture.size
    if width * height > max_pixels:
        raise UnreadableError(
            "too-large", f"{width} × {height} pixels, and at most {max_pixels} are read: scale it down"
        )
    try:
        if picture.format == "PNG":
            _check_png(data)
        if picture.format in ("JPEG", "MPO") and max(width, height) >= 2 * LONGEST:
            picture.draft(None, (LONGEST, LONGEST))
        picture.load()
        plane = _plane(picture)
    except UnreadableError:
        raise
    except Exception as error:
        raise _broken(error) from error
    return np.ascontiguousarray(_turned(plane, _orientation(picture)))


def _plane(picture: Image.Image) -> Plane:
    mode = picture.mode
    if mode == "F" or mode.startswith("I"):
        return _scaled(np.asarray(picture))
    if mode == "LAB":
        return _unit(_reduced(picture.getchannel("L")))
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        return _on_paper(_reduced(picture.convert("RGBA")))
    if mode not in ("1", "L", "RGB"):
        picture = picture.convert("RGB")
    return _unit(_reduced(picture.convert("L")))


def _reduced(picture: Image.Image) -> Image.Image:
    factor = max(picture.size) // LONGEST
    return picture.reduce(factor) if factor > 1 else picture


def _unit(picture: Image.Image) -> Plane:
    return np.asarray(picture, np.uint8).astype(np.float32) / np.float32(255)


def _scaled(values: NDArray[Any]) -> Plane:
    """Integers of 16 or 32 bits and floats to 0–1; the range is the smallest usual one that holds all values."""
    found = values.astype(np.float64)
    finite = np.isfinite(found)
    if not finite.any():
        return np.zeros(found.shape, np.float32)
    low, high = float(found[finite].min()), float(found[finite].max())
    found = np.where(finite, found, np.median(found[finite]))
    bottom, top = low, high
    if low >= 0:
        tops = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (65535.0,)
        bottom, top = 0.0, next((top for top in tops if high <= top), high)
    plane = ((found - bottom) / max(top - bottom, np.finfo(np.float64).tiny)).astype(np.float32)
    factor = max(plane.shape) // LONGEST
    if factor > 1:
        plane = np.asarray(Image.fromarray(plane).reduce(factor))
    return plane


def _on_paper(picture: Image.Image) -> Plane:
    """Luminance over white, or over black if what is opaque is all light: white ink would not show on white."""
    pixels = np.asarray(picture, np.float32) / np.float32(255)
    luminance, alpha = pixels[..., :3] @ _LUMINANCE, pixels[..., 3]
    opaque = alpha > _DARK
    light = opaque.any() and not opaque.all() and float(np.quantile(luminance[opaque], _INK_SHARE)) > _DARK
    paper = np.float32(0 if light else 1)
    plane: Plane = luminance * alpha + paper * (1 - alpha)
    return plane


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation that is still to be applied; 1 where there is none or it is damaged."""
    if picture.format == "TIFF":  # Pillow turns it while loading
        return 1
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  # damaged EXIF raises anything; the picture is good without it
        return 1


def _turned(plane: Plane, orientation: int) -> Plane:
    """The picture upright (Exif 2.32, table 4: where row 0 and column 0 of the stored picture belong)."""
    if orientation in (5, 6, 7, 8):
        plane = plane.T
    if orientation in (3, 4, 7, 8):
        plane = plane[::-1]
    if orientation in (2, 3, 6, 7):
        plane = plane[:, ::-1]
    return plane


def _check_png(data: bytes) -> None:
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


def _unopened(data: bytes, error: Exception) -> UnreadableError:
    for magic, name in _UNREAD.items():
        if data[:256].lstrip().startswith(magic):
            return UnreadableError("unsupported", f"{name} is not read: save it as PNG or JPEG")
    if data[4:8] == b"ftyp" and data[8:12] not in (b"avif", b"avis"):
        return UnreadableError("unsupported", "HEIC and videos are not read: save it as PNG or JPEG")
    if data.startswith(_KNOWN):
        return UnreadableError("corrupt", f"its header is damaged ({_sentence(error)})")
    return UnreadableError("not-an-image", "the bytes are not a picture of a format that is read here")


def _broken(error: Exception) -> UnreadableError:
    if isinstance(error, MemoryError):
        return UnreadableError("too-large", "decoding it takes more memory than there is: scale it down")
    text = _sentence(error)
    cut = isinstance(error, EOFError) or "truncated" in text.lower()
    return UnreadableError("truncated" if cut else "corrupt", f"it cannot be decoded ({text})")


def _sentence(error: Exception) -> str:
    """An error's text on one line and without what differs from run to run."""
    return " ".join(str(error).split(" <_io.")[0].split()) or type(error).__name__
