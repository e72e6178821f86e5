"""Pictures of digits as they are drawn for `bench.families`: ink, paper, light, noise."""

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from handler.luminance import Plane
from handler.pictures import read_frames

Rng = np.random.Generator
Digit = NDArray[np.uint8]
PIXELS: Final = 50_000_000
"""Caps what is decoded."""


def stroke(digit: Digit, rng: Rng, *, side: int = 0, thick: float | None = None) -> Plane:
    """A digit drawn large and smooth, ink 0 to 1, cut along its bounds; `thick` is -1 thin to 1 thick."""
    rows, columns = (np.flatnonzero((digit > 60).any(axis=axis)) for axis in (1, 0))
    cut = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cut = np.pad(cut, 2)
    factor = (side or int(rng.integers(40, 160))) / max(cut.shape)
    size = max(4, round(cut.shape[1] * factor)), max(4, round(cut.shape[0] * factor))
    big = np.asarray(Image.fromarray(cut.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)) / 255
    level = 0.5 - 0.25 * (rng.uniform(-1, 1) if thick is None else thick)
    return as_plane(np.clip((big - level) * max(factor * 1.5, 0.5 / min(level, 1 - level)) + 0.5, 0, 1))


def as_plane(values: Any) -> Plane:  # noqa: ANN401  # NumPy types arithmetic with its own scalars as 64 bits or as Any
    """Luminance, or ink, in single precision."""
    return np.asarray(values, np.float32)


def placed(ink: Plane, rng: Rng, *, least: float = 0.08, most: float = 0.7) -> Plane:
    """The ink anywhere on a sheet whose margins are of the ink's longer side."""
    longer = max(ink.shape)
    before = rng.uniform(least, most, 2) * longer
    after = rng.uniform(least, most, 2) * longer
    return np.pad(ink, [(int(before[0]), int(after[0])), (int(before[1]), int(after[1]))])


def drawn(ink: Plane, rng: Rng, contrast: float | None = None, noise: float = 0.01) -> Plane:
    """Ink on paper of some luminance, a little blurred and noisy."""
    paper = rng.uniform(0.75, 0.98)
    contrast = rng.uniform(0.3, 0.7) if contrast is None else contrast
    plane = blurred(as_plane(paper * (1 - ink * contrast)), min(rng.uniform(0, 0.02) * max(ink.shape) / 2, 1.5))
    return noisy(plane, rng, noise)


def blurred(plane: Plane, radius: float) -> Plane:
    """Out of focus."""
    picture = Image.fromarray(np.rint(plane.clip(0, 1) * 255).astype(np.uint8))
    return as_plane(np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)))) / np.float32(255)


def noisy(plane: Plane, rng: Rng, sigma: float) -> Plane:
    """With a sensor's noise, in 255 levels."""
    noise = rng.normal(0, sigma, plane.shape)
    return as_plane(np.rint((plane + noise).clip(0, 1) * 255) / 255)


def shaded(plane: Plane, rng: Rng) -> Plane:
    """In the light of a lamp at the side, darker towards the corners."""
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in plane.shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    slope = 1 - rng.uniform(0.1, 0.4) * (1 + np.cos(angle) * down + np.sin(angle) * across) / 2
    return as_plane(plane * slope * (1 - rng.uniform(0, 0.2) * (down**2 + across**2)))


def ruled(ink: Plane, rng: Rng, gap: float, strength: float, *, both: bool) -> Plane:
    """Lines from edge to edge, of a slope of up to three degrees."""
    lines = np.zeros_like(ink)
    thick = max(1.0, rng.uniform(0.008, 0.025) * max(ink.shape))
    slope = rng.uniform(-0.05, 0.05)
    down, across = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in ink.shape), indexing="ij")
    start = rng.uniform(0, gap)
    for along, other, tilt in ((down, across, slope), (across, down, -slope))[: 1 + both]:
        place = (along - start + tilt * other) % gap
        lines = np.maximum(lines, np.clip(thick / 2 + 0.5 - np.minimum(place, gap - place), 0, 1) * strength)
    return np.maximum(ink, lines)


def through(plane: Plane, kind: str, **options: int) -> Plane:
    """As it comes out of a file of some kind."""
    file = io.BytesIO()
    Image.fromarray(np.rint(plane * 255).astype(np.uint8)).save(file, kind, **options)
    return next(read_frames(file.getvalue(), PIXELS, 1))


def cut(ink: Plane, level: float) -> Plane:
    """Along the bounds of ink of more than a level."""
    rows, columns = (np.flatnonzero((ink > level).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def thickened(ink: Plane, wider: float) -> Plane:
    """Every stroke so many pixels wider, with a round pen."""
    deep = int(np.ceil(wider / 2))
    sheet = np.pad(ink, 2 * deep)
    height, width = sheet.shape[0] - 2 * deep, sheet.shape[1] - 2 * deep
    found = np.zeros((height, width), np.float32)
    for down, across in np.ndindex(2 * deep + 1, 2 * deep + 1):
        share = np.clip(wider / 2 + 0.5 - np.hypot(down - deep, across - deep), 0, 1)
        found = np.maximum(found, share * sheet[down : down + height, across : across + width])
    return as_plane(found)


def sloped(plane: Plane, rng: Rng) -> Plane:
    """In a light that falls by a fifth to three fifths from one side to the other."""
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in plane.shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * down + np.sin(angle) * across
    return as_plane(plane * (1 - rng.uniform(0.2, 0.6) * (slope - slope.min()) / np.ptp(slope)))
