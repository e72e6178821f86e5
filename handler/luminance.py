"""Pixels of a picture, of whatever mode Pillow decoded it to, to a plane of luminance."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImagePalette

from handler.pngs import Plain

Plane = NDArray[np.float32]
Gray = NDArray[np.uint8]
"""Luminance in bytes, 255 white."""

LONGEST: Final = 1024
"""A side of more pixels is reduced by a whole factor towards this: a digit is read from 20."""
RGB_WEIGHTS: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue (ITU-R BT.601), as Pillow weighs them too."""
_TOPS: Final = ((255.0, 4095.0, 65535.0), (1.0, 255.0, 65535.0))
"""What white is in files of integers (of 8, 12 and 16 bits, whatever they are stored in), and of floats."""
OVERSHOOT: Final = 1.25
"""Floats that were resized with a cubic filter go beyond white by up to this."""
_PNG_MODES: Final = {
    (0, 1): ("1", "1"),
    (0, 2): ("L", "L;2"),
    (0, 4): ("L", "L;4"),
    (0, 8): ("L", "L"),
    (0, 16): ("I;16", "I;16B"),
    (2, 8): ("RGB", "RGB"),
    (3, 1): ("P", "P;1"),
    (3, 2): ("P", "P;2"),
    (3, 4): ("P", "P;4"),
    (3, 8): ("P", "P"),
    (4, 8): ("LA", "LA"),
    (6, 8): ("RGBA", "RGBA"),
}
"""By colour type and depth: what Pillow makes of a PNG, and what it calls the bytes of its lines."""
_DARK: Final = 0.5
_INK_SHARE: Final = 0.02


def read_luminance(picture: Image.Image) -> Plane:
    """Luminance, float32 (H, W), 0 black to 1 white, of a picture that is loaded; large ones are reduced.

    Transparent parts show white paper, or black where all the ink is light.
    """
    mode = picture.mode
    if mode == "F" or mode.startswith("I"):
        return _scaled(picture)
    if mode == "LAB":
        return unit(np.asarray(_reduced(picture.getchannel("L")), np.uint8))
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        return _on_paper(_reduced(picture.convert("RGBA")))
    if mode not in ("1", "L", "RGB"):
        picture = picture.convert("RGB")
    return unit(np.asarray(_reduced(picture.convert("L")), np.uint8))


def luminance_of(plain: Plain) -> Plane:
    """The same of a plain PNG; `ValueError` where its data is damaged or too little."""
    width, height, depth, colour = plain.layout
    mode, kind = _PNG_MODES[colour, depth]
    picture = Image.frombytes(mode, (width, height), plain.packed, "zip", kind)
    if plain.palette:
        picture.palette = ImagePalette.raw("RGB", plain.palette)
        picture.load()
    return np.ascontiguousarray(read_luminance(picture))


def reduce_plane(plane: Plane) -> Plane:
    """A plane with its sides divided by the whole number that brings the longer one towards `LONGEST`."""
    return np.asarray(_reduced(Image.fromarray(plane)), np.float32) if max(plane.shape) >= 2 * LONGEST else plane


def _reduced(picture: Image.Image) -> Image.Image:
    factor = max(picture.size) // LONGEST
    return picture.reduce(factor) if factor > 1 else picture


def unit(pixels: NDArray[np.uint8]) -> Plane:
    """Luminance, 0 to 1, of pixels from 0 to 255."""
    return pixels.astype(np.float32, order="C") / np.float32(255)


def full(picture: Gray | Plane) -> Plane:
    """The plane of luminance 0–1, itself or of bytes."""
    return unit(np.asarray(picture, np.uint8)) if picture.dtype == np.uint8 else np.asarray(picture, np.float32)


def in_bytes(picture: Gray | Plane) -> Gray | Plane:
    """The bytes whose plane a picture is, if there are such, else itself."""
    if picture.dtype == np.uint8:
        return picture
    grays = np.rint(picture * 255).astype(np.uint8)
    return grays if np.array_equal(unit(grays), picture) else picture


def _scaled(picture: Image.Image) -> Plane:
    """Integers of 16 or 32 bits and floats to 0–1; the range is the smallest usual one that holds all values."""
    values = np.asarray(picture, np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, np.median(values[finite]) if finite.any() else np.float32(0))
    low, high = float(values.min()), float(values.max())
    bottom, top = low, high
    if low >= 0:
        slack = OVERSHOOT if picture.mode == "F" else 1
        bottom, top = 0.0, next((top for top in _TOPS[picture.mode == "F"] if high <= top * slack), high)
    smaller = reduce_plane(values).astype(np.float64)  # 64 bits: the difference of two floats fits
    return ((smaller - bottom) / max(top - bottom, np.finfo(np.float64).tiny)).clip(0, 1).astype(np.float32)


def _on_paper(picture: Image.Image) -> Plane:
    """Luminance over white, or over black if what is opaque is all light: white ink would not show on white."""
    pixels = np.asarray(picture, np.float32) / np.float32(255)
    luminance, alpha = pixels[..., :3] @ RGB_WEIGHTS, pixels[..., 3]
    opaque = alpha > _DARK * alpha.max()
    light = opaque.any() and not opaque.all() and float(np.quantile(luminance[opaque], _INK_SHARE)) > _DARK
    paper = np.float32(0 if light else 1)
    plane: Plane = luminance * alpha + paper * (1 - alpha)
    return plane
