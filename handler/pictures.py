"""Bytes of a picture to its frames, upright, as planes of luminance. Pillow opens and decodes only here."""

import ctypes
import io
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
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
    _imaging,
)

from handler.errors import UnreadableError
from handler.luminance import LONGEST, Plane, read_luminance
from handler.refusals import broken, check_png, sentence, unopened

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
_ORIENTATION: Final = 0x0112
_PILLOW_PIXELS: Final = 89_478_485
"""Pillow's own limit."""
_PHOTOMETRIC: Final = 0x0106
"""Of a TIFF: 0 where white is zero, which Pillow turns round for 8 bits and fewer alone."""
_DEEP: Final = ("I", "F")
_SINGLE: Final = ("JPEG", "MPO")
"""A phone's photograph too: what follows it are previews, not pages."""
_TILE_WIDTH: Final = 322
_TILE_LENGTH: Final = 323


def read_frames(data: bytes, max_pixels: int, max_frames: int) -> Iterator[Plane]:
    """Each page or frame of a picture as luminance, float32 (H, W), 0 black to 1 white, turned as it is to be seen.

    Transparent parts show white paper, or black where all the ink is light. Raises `UnreadableError` for what
    cannot be read, after the frames that can; the first failure of a picture is final.
    """
    with _open(data, max_pixels) as picture:
        for number in range(max_frames + 1):
            if not _seek(picture, number):
                return
            if number == max_frames:
                raise UnreadableError("too-many-frames", f"only the first {max_frames} frames are read: split the file")
            width, height = picture.size
            if width * height > max_pixels:
                raise UnreadableError(
                    "too-large", f"{width} × {height} pixels, and at most {max_pixels} are read: scale it down"
                )
            if picture.format == "TIFF":
                _check_tiles(picture, max_pixels)
            if picture.format == "PNG" and not number:
                check_png(data)
            yield _read_frame(picture)
            if picture.format in _SINGLE:
                return


def pixels_of(data: bytes, max_pixels: int, most: int) -> int:
    """Pixels that decoding a picture of one frame fills; 0 where it has more than `most`, or may have more frames.

    Of a GIF, which would have to be decoded to tell, that is always 0.
    """
    try:
        with _open(data, max_pixels) as picture:
            pixels = max(picture.width * picture.height, _tile_pixels(picture))
            if pixels > most or picture.format == "GIF":
                return 0
            if picture.format in _SINGLE or not _seek(picture, 1):
                return pixels
    except UnreadableError:
        pass
    return 0


def _seek(picture: Image.Image, number: int) -> bool:
    """Go to a frame, and tell whether there is one."""
    try:
        picture.seek(number)
    except EOFError as error:
        if not number:
            raise broken(error) from error
        return False
    except Image.DecompressionBombError as error:
        raise _bomb(error) from error
    except Exception as error:
        raise broken(error) from error
    return True


def _check_tiles(picture: Image.Image, max_pixels: int) -> None:
    """Refuse a TIFF whose tiles are larger than a picture may be: each is decoded whole, however small the picture."""
    tile = _tile_pixels(picture)
    if tile > max_pixels:
        raise UnreadableError("too-large", f"tiles of {tile} pixels, and at most {max_pixels} are read: save it anew")


def _tile_pixels(picture: Image.Image) -> int:
    """Of a TIFF in tiles; 0 where there are none."""
    tags = getattr(picture, "tag_v2", {})
    try:
        return int(tags.get(_TILE_WIDTH, 0)) * int(tags.get(_TILE_LENGTH, 0))
    except Exception as error:
        raise broken(error) from error


def _open(data: bytes, max_pixels: int) -> Image.Image:
    _hush()
    _learn()
    Image.MAX_IMAGE_PIXELS = min(
        max_pixels, _PILLOW_PIXELS
    )  # it raises at twice that, in a GIF's later frames before it fills them
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _bomb(error) from error
    except Exception as error:
        raise unopened(data, error) from error


def _bomb(error: Exception) -> UnreadableError:
    return UnreadableError("too-large", f"{sentence(error)}: scale it down")


def _read_frame(picture: Image.Image) -> Plane:
    try:
        if picture.format in ("JPEG", "MPO") and max(picture.size) >= 2 * LONGEST:
            picture.draft(None, (LONGEST, LONGEST))
        picture.load()
        plane = read_luminance(picture)
        if picture.mode.startswith(_DEEP) and getattr(picture, "tag_v2", {}).get(_PHOTOMETRIC) == 0:
            plane = 1 - plane
        return np.ascontiguousarray(_turned(plane, _orientation(picture)))
    except Exception as error:
        raise broken(error) from error


@cache
def _hush() -> None:
    """Keep Pillow and its libtiff from writing to the log what an `error` row says: a batch can hold many of them."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    handler = getattr(ctypes.CDLL(_imaging.__file__), "TIFFSetErrorHandler", None)
    if handler:  # a Pillow that hides its libtiff stays loud
        handler.argtypes, handler.restype = [ctypes.c_void_p], ctypes.c_void_p
        handler(None)


@cache
def _learn() -> None:
    """Have Pillow open TIFFs of 16 and 32 bits in which white is zero as it opens those in which black is."""
    known = TiffImagePlugin.OPEN_INFO
    for (order, photometric, kind, fill, bits, extra), modes in list(known.items()):
        if photometric == 1 and modes[0].startswith(_DEEP):
            known.setdefault((order, 0, kind, fill, bits, extra), modes)


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
