"""What the demo drops: MNIST's test images as a zip of PNGs, and fifty of them as pictures of many kinds."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Pixels = NDArray[np.uint8]


def zipped(images: Pixels) -> bytes:
    """A zip of `images`, (N, 28, 28), as PNGs named by their index, from `00000.png`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for index, pixels in enumerate(images):
            archive.writestr(f"{index:05}.png", _saved(Image.fromarray(pixels), "PNG", compress_level=1))
    return file.getvalue()


def loose(images: Pixels) -> Mapping[str, bytes]:
    """`images`, (N, 28, 28), as one picture each, named by index and kind, the kinds taking turns."""
    made = {}
    for index, pixels in enumerate(images):
        name, make = _KINDS[index % len(_KINDS)]
        made[f"{index:02}-{name}"] = make(Image.fromarray(pixels))
    return made


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401  # Pillow's options are of any kind
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _on_paper(digit: Image.Image, scale: int = 4) -> Image.Image:
    """Dark ink on a larger white sheet, off its centre."""
    sheet = Image.new("L", (40 * scale, 36 * scale), 250)
    ink = ImageOps.invert(digit.resize((28 * scale, 28 * scale), Image.Resampling.BICUBIC))
    sheet.paste(ink.point(lambda value: value * 220 // 255 + 30), (9 * scale, 3 * scale))
    return sheet


def _see_through(digit: Image.Image) -> bytes:
    """Black ink on nothing."""
    black = Image.new("L", digit.size, 0)
    return _saved(Image.merge("LA", (black, digit)), "PNG")


def _deep(digit: Image.Image, kind: str) -> bytes:
    """Sixteen bits a pixel."""
    return _saved(Image.fromarray(np.asarray(digit, np.uint16) * 257), kind)


def _turned(digit: Image.Image) -> bytes:
    """Lying on its side, with the EXIF tag that says so."""
    tags = Image.Exif()
    tags[0x0112] = 6  # Orientation: turn by 90° clockwise to see it upright
    return _saved(_on_paper(digit).transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=tags)


_KINDS: Final[Sequence[tuple[str, Callable[[Image.Image], bytes]]]] = (
    ("plain.png", lambda digit: _saved(digit, "PNG")),
    ("paper.jpg", lambda digit: _saved(_on_paper(digit), "JPEG", quality=85)),
    ("lzw.tif", lambda digit: _saved(digit, "TIFF", compression="tiff_lzw")),
    ("paper.gif", lambda digit: _saved(_on_paper(digit), "GIF")),
    ("lossless.webp", lambda digit: _saved(digit, "WEBP", lossless=True)),
    ("inverted.bmp", lambda digit: _saved(ImageOps.invert(digit), "BMP")),
    ("plain.pgm", lambda digit: _saved(digit, "PPM")),
    ("see-through.png", _see_through),
    ("turned.jpg", _turned),
    ("float.tif", lambda digit: _saved(Image.fromarray(np.asarray(digit, np.float32) / 255), "TIFF")),
    ("palette.gif", lambda digit: _saved(digit.convert("RGB").quantize(16), "GIF")),
    ("paper.webp", lambda digit: _saved(_on_paper(digit), "WEBP", quality=80)),
    ("two-tone.bmp", lambda digit: _saved(_on_paper(digit).convert("1", dither=Image.Dither.NONE), "BMP")),
    ("deep.pgm", lambda digit: _deep(digit, "PPM")),
    ("deep.png", lambda digit: _deep(digit, "PNG")),
    ("inks.jpg", lambda digit: _saved(_on_paper(digit).convert("CMYK"), "JPEG", quality=90)),
)
"""Name and maker of each kind: a format, with white ink on black or dark ink on paper, and a peculiarity."""
