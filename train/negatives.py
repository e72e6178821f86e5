"""Pictures of what is no digit, for a network to learn doubt from; each is read back the way the handler reads it.

All follows from a seed. Letters that a hand could have meant as a digit are left out: O, I, S, Z, b, g and the like.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from handler.luminance import Plane
from handler.ports import Images
from train.scenes import read, silence

LETTERS: Final = "AEFHKMNPRVWXdefkmnruvwx"
_FONTS: Final = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic", "cmmi10", "STIXGeneral")
_SIDE: Final = 112
_SHEET: Final = (_SIDE, _SIDE)


def make(count: int, digits: Images, seed: int, tell: Callable[[int], None] = silence) -> Images:
    """(count, 28, 28), 0 to 255: as many of each kind; `digits`, (N, 28, 28), are what several digits are made of.

    `tell` is called with how many are done.
    """
    found = np.zeros((count, 28, 28), np.uint8)
    for number in range(count):
        random = np.random.default_rng((seed, number))
        kind = KINDS[number % len(KINDS)]
        while not found[number].any():  # what is read as blank needs no network to doubt it
            found[number] = read(_photographed(kind(digits, random), random))
        tell(number + 1)
    return found


def _photographed(ink: NDArray[np.float64], random: np.random.Generator) -> Plane:
    """Ink, 0 to 1, on paper; light on dark now and then."""
    soft = Image.fromarray((ink.clip(0, 1) * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(random.uniform(0, 1.5))
    )
    contrast = random.uniform(0.3, 1.0)
    plane = 1 - contrast * np.asarray(soft, np.float64) / 255
    if random.random() < 0.3:
        plane += random.normal(size=plane.shape) * random.uniform(0, 0.05)
    if random.random() < 0.25:
        plane = 1 - plane
    found: Plane = plane.clip(0, 1).astype(np.float32)
    return found


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    sheet = Image.new("L", _SHEET)
    return sheet, ImageDraw.Draw(sheet)


def _as_ink(sheet: Image.Image) -> NDArray[np.float64]:
    return np.asarray(sheet, np.float64) / 255


def _scribble(_: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """A pen that goes to and fro."""
    sheet, pen = _canvas()
    knots = random.uniform(14, _SIDE - 14, (int(random.integers(7, 16)), 2))
    steps = np.linspace(0, len(knots) - 1, 40 * len(knots))
    smooth = np.stack([np.interp(steps, np.arange(len(knots)), knots[:, axis]) for axis in (0, 1)], 1)
    width = int(random.integers(9, 60))
    kernel = np.ones(width) / width
    smooth = np.stack([np.convolve(smooth[:, axis], kernel, "valid") for axis in (0, 1)], 1)
    pen.line([tuple(point) for point in smooth], fill=255, width=int(random.integers(2, 9)), joint="curve")
    return _as_ink(sheet)


def _zigzag(_: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """Many strokes that cross, as when something is struck out."""
    sheet, pen = _canvas()
    count = int(random.integers(5, 12))
    ends = np.sort(random.uniform(15, _SIDE - 15, count))
    heights = np.where(np.arange(count) % 2, random.uniform(15, 45, count), random.uniform(65, 97, count))
    points = list(zip(ends, heights, strict=True))
    pen.line(points, fill=255, width=int(random.integers(2, 9)), joint="curve")
    return _as_ink(sheet.rotate(random.uniform(-60, 60)))


def _polygon(_: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """A triangle, a star or a house, filled or not."""
    sheet, pen = _canvas()
    corners = int(random.integers(3, 9))
    angles = (
        np.sort(random.uniform(0, 2 * np.pi, corners))
        if random.random() < 0.5
        else np.arange(corners) * 2 * np.pi / corners
    )
    reach = random.uniform(18, 46, corners)
    points = [(_SIDE / 2 + r * np.cos(a), _SIDE / 2 + r * np.sin(a)) for a, r in zip(angles, reach, strict=True)]
    filled = corners > 4 or random.random() < 0.5
    pen.polygon(points, outline=255, fill=255 if filled else None, width=int(random.integers(2, 8)))
    return _as_ink(sheet)


def _blobs(_: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """Stains: smooth noise above a level."""
    size = int(random.integers(4, 14))
    coarse = Image.fromarray((random.random((size, size)) * 255).astype(np.uint8))
    values = np.asarray(coarse.resize(_SHEET, Image.Resampling.BICUBIC), np.float64) / 255
    found: NDArray[np.float64] = ((values - random.uniform(0.45, 0.7)) * random.uniform(4, 30)).clip(0, 1)
    return found


def _noise(_: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """Grains of one size, thick or thin."""
    size = int(random.integers(10, 57))
    grains = (random.random((size, size)) < random.uniform(0.05, 0.6)) * random.random((size, size))
    return _as_ink(Image.fromarray((grains * 255).astype(np.uint8)).resize(_SHEET, Image.Resampling.NEAREST))


def _strokes(_: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """Two to five separate straight strokes, as in a tally."""
    sheet, pen = _canvas()
    count = int(random.integers(2, 6))
    width = int(random.integers(3, 9))
    lean = random.uniform(-12, 12)
    for place in np.linspace(20, _SIDE - 20, count):
        top, bottom = random.uniform(12, 30), random.uniform(80, 100)
        pen.line([(place + lean, top), (place - lean + random.uniform(-5, 5), bottom)], fill=255, width=width)
    return _as_ink(sheet if random.random() < 0.7 else sheet.rotate(90))


def _letter(_: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """A letter, printed, slanted and turned a little."""
    sheet, pen = _canvas()
    name = _FONTS[int(random.integers(len(_FONTS)))]
    font = ImageFont.truetype(
        str(Path(mpl.get_data_path(), "fonts", "ttf", f"{name}.ttf")), int(random.integers(50, 80))
    )
    letter = LETTERS[int(random.integers(len(LETTERS)))]
    pen.text((_SIDE / 2, _SIDE / 2), letter, fill=255, font=font, anchor="mm")
    slant = random.uniform(-0.3, 0.3)
    squeeze = random.uniform(0.8, 1.25)
    bent = sheet.transform(
        _SHEET,
        Image.Transform.AFFINE,
        (squeeze, slant, _SIDE / 2 * (1 - squeeze - slant), 0, 1, 0),
        Image.Resampling.BILINEAR,
    )
    bent = bent.rotate(random.uniform(-15, 15), Image.Resampling.BILINEAR)
    if random.random() < 0.5:
        bent = bent.filter(ImageFilter.MaxFilter(3) if random.random() < 0.5 else ImageFilter.MinFilter(3))
    return _as_ink(bent)


def _several(digits: Images, random: np.random.Generator) -> NDArray[np.float64]:
    """Two or three digits side by side, or one above the other, that touch or do not."""
    count = 2 if random.random() < 0.75 else 3
    chosen = []
    for digit in digits[random.integers(len(digits), size=count)]:
        hit = np.flatnonzero(digit.any(axis=0))
        chosen.append(np.roll(digit[:, hit[0] : hit[-1] + 1], int(random.integers(-3, 4)), axis=0))
    gap = int(random.integers(0, 7))
    row = np.concatenate([np.pad(digit, [(0, 0), (0, gap)]) for digit in chosen], axis=1)
    if random.random() < 0.2:
        row = np.concatenate([digits[index] for index in random.integers(len(digits), size=2)], axis=0)
    large = Image.fromarray(np.pad(row, 6)).resize(
        (3 * (row.shape[1] + 12), 3 * (row.shape[0] + 12)), Image.Resampling.BICUBIC
    )
    return _as_ink(large)


KINDS: Final[tuple[Callable[[Images, np.random.Generator], NDArray[np.float64]], ...]] = (
    _several,
    _letter,
    _scribble,
    _several,
    _letter,
    _zigzag,
    _polygon,
    _blobs,
    _noise,
    _strokes,
)
"""Maker of each kind, the commonest twice."""
