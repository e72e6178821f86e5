"""Pictures of MNIST's digits as people have them, drawn with `bench.families`."""

import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from PIL import Image

from bench.drawing import Digit, Rng, drawn, stroke
from bench.families import FAMILIES
from handler.luminance import Plane

_MIXED: Final = (
    *("plain", "thin", "thick", "faint", "gradient", "shadow", "lines", "grid"),
    *("box", "specks", "neighbour", "noise", "jpeg", "inverted", "coloured", "photograph"),
)
_KINDS: Final = ("JPEG", "JPEG", "PNG", "TIFF")
_SUFFIXES: Final = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif"}
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {"JPEG": {"quality": 85}, "TIFF": {"compression": "tiff_lzw"}}
Named = tuple[str, bytes]
"""A suffix, and the bytes of a file."""


def mnist(digit: Digit, _rng: Rng) -> Named:
    """A PNG of 28×28, white on black, as Pillow saves it."""
    return "png", _saved(Image.fromarray(digit), "PNG")


def small(digit: Digit, rng: Rng) -> Named:
    """A scan, 28 to 100 pixels wide and high: dark ink on white paper, off-centre, a little blurred and noisy."""
    side = int(rng.integers(28, 101))
    ink = stroke(digit, rng, side=max(10, round(side * rng.uniform(0.4, 0.75))))
    top, left = (int(rng.integers(0, side - extent + 1)) for extent in ink.shape)
    sheet = np.zeros((side, side), np.float32)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    sheet = drawn(sheet, rng, contrast=rng.uniform(0.4, 0.8))
    return "png", _saved(_picture(sheet), "PNG")


def mixed(digit: Digit, rng: Rng) -> Named:
    """A picture of one of many families, its longer side 100 to 600 pixels; JPEG, PNG or TIFF, grey or in colours."""
    plane = FAMILIES[_MIXED[int(rng.integers(len(_MIXED)))]](digit, rng)
    factor = rng.uniform(100, 600) / max(plane.shape)
    size = max(16, round(plane.shape[1] * factor)), max(16, round(plane.shape[0] * factor))
    picture = _picture(plane).resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.5:  # noqa: PLR2004  # half of them
        picture = picture.convert("RGB")
    kind = _KINDS[int(rng.integers(len(_KINDS)))]
    options = _OPTIONS.get(kind, {})
    return _SUFFIXES[kind], _saved(picture, kind, **options)


def _picture(plane: Plane) -> Image.Image:
    return Image.fromarray(np.rint(plane.clip(0, 1) * 255).astype(np.uint8))


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401  # Pillow's options are of any kind
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
