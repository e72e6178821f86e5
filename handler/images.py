"""A picture's luminance to the 28×28 array that the model reads, made as MNIST itself was made.

MNIST's digits (LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section III.A) were
fitted into 20×20 keeping their aspect ratio, and placed in 28×28 by their centre of mass. Of its 70,000 images the
centre of mass, in pixels from the outer edge, lies between 13.98 and 15 in either direction, 14.5 in the mean: that
is where others are placed too.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Plane
from handler.normal import Normal, Signs

Number = TypeVar("Number", np.uint8, np.float32)

SIDE: Final = 28
BOX: Final = 20
CENTRE: Final = 14.5
"""Where MNIST's centre of mass lies in the mean, in pixels from the outer edge."""
COARSE: Final = 64
"""Pixels of the longer side that paper, ink and bounds are sought in; averaging to them takes dust and noise away."""
_CONTRAST: Final = 0.04
"""Less difference between paper and ink than this, of black to white, is a blank picture."""
_NOISE: Final = 6
"""Times the spread of the paper that ink must differ from it; of 4,096 normal values the farthest is at about 4."""
_LOUDEST: Final = 0.25
"""What differs from the paper by this is ink, however uneven the border: on a tiny picture the ink is in the border."""
_INK: Final = 0.3
"""Of the darkest ink: what reaches it belongs to the digit, when its bounds are sought."""
_PAPER: Final = 0.12
"""Of the darkest ink: what is less is paper."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Luminance of paper and of the strongest ink, 0 to 1; the ink may be the darker or the lighter."""

    paper: float
    strongest: float

    def sharpened(self, plane: Plane) -> "Tone":
        """The same paper and polarity, with the strongest ink of `plane`."""
        extreme = plane.min() if self.strongest < self.paper else plane.max()
        return Tone(self.paper, float(extreme))

    def ink(self, plane: Plane) -> Plane:
        """How much ink there is at each pixel, 0 to 1."""
        share = (plane - np.float32(self.paper)) / np.float32(self.strongest - self.paper)
        found: Plane = np.clip((share - np.float32(_PAPER)) / np.float32(1 - _PAPER), 0, 1)
        return found


def normalise(plane: Plane) -> Normal:
    """Luminance (H, W) 0–1 as the model reads it; an image that already is one of MNIST's comes back bit for bit."""
    pixels, contrast = _normalised(plane)
    return Normal(pixels, Signs(contrast, cut=False, several=False, is_blank=not pixels.any()))


def _normalised(plane: Plane) -> tuple[NDArray[np.uint8], float]:
    if plane.shape == (SIDE, SIDE):
        values = np.rint(plane * 255).astype(np.uint8)
        if is_mnist(values):
            return values, 1.0
    factor = max(1, max(plane.shape) // COARSE)
    down, across = (min(factor, side) for side in plane.shape)
    coarse = _averaged(plane, down, across)
    tone = find_tone(coarse)
    if tone is None:
        return np.zeros((SIDE, SIDE), np.uint8), 0.0
    found = tone.ink(coarse) >= _INK
    rows, columns = _bounds(found.any(axis=1), down), _bounds(found.any(axis=0), across)
    around = factor + max(rows[1] - rows[0], columns[1] - columns[0]) // BOX + 1
    plane = plane[max(rows[0] - around, 0) : rows[1] + around, max(columns[0] - around, 0) : columns[1] + around]
    tone = tone.sharpened(plane)
    ink = tone.ink(plane)
    rows, columns = _bounds((ink >= _INK).any(axis=1)), _bounds((ink >= _INK).any(axis=0))
    scale = max(rows[1] - rows[0], columns[1] - columns[0]) / BOX
    margin = int(np.ceil(scale))
    ink = ink[max(rows[0] - margin, 0) : rows[1] + margin, max(columns[0] - margin, 0) : columns[1] + margin]
    fine = max(1, int(scale) // 2)  # a large digit is averaged first: products of large matrices are dear
    down, across = (min(fine, side) for side in ink.shape)
    ink = _averaged(ink, down, across)
    vertical = _weights(ink.shape[0], scale / down, _centre(ink.sum(axis=1)))
    horizontal = _weights(ink.shape[1], scale / across, _centre(ink.sum(axis=0)))
    small = vertical @ ink @ horizontal.T
    pixels = np.rint(np.clip(small / max(float(small.max()), 1e-6), 0, 1) * 255).astype(np.uint8)
    return pixels, abs(tone.strongest - tone.paper)


def is_mnist(image: NDArray[np.uint8]) -> bool:
    """Whether (28, 28) uint8 is as all of MNIST is: white on black, 20 pixels long, its mass within 1 of the centre.

    The size alone proves nothing: a scan can be cut to 28×28 too.
    """
    if np.count_nonzero(image) * 2 > image.size or image.max() < 250:  # noqa: PLR2004  # MNIST's least maximum is 254
        return False
    if np.count_nonzero(_border(image, 1)) > 8:  # noqa: PLR2004  # MNIST has 6 at most
        return False
    mass = image.astype(np.float64)
    down, across = _centre(mass.sum(axis=1)), _centre(mass.sum(axis=0))
    rows, columns = _bounds(image.any(axis=1)), _bounds(image.any(axis=0))
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    return max(abs(down - SIDE / 2), abs(across - SIDE / 2)) <= 1 and BOX - 1 <= longer <= BOX


def find_tone(plane: Plane) -> Tone | None:
    """Paper and ink of luminance 0–1, whatever the polarity; None where nothing stands out from the paper.

    The paper is what most of the border is. What differs from it by less than `_CONTRAST`, or by less than `_NOISE`
    times the border's own spread (its median absolute deviation, scaled to a normal distribution's), is paper too.
    """
    border = _border(plane, max(1, min(plane.shape) // 16))
    paper = float(np.median(border))
    spread = 1.4826 * float(np.median(np.abs(border - paper)))
    low, high = float(plane.min()), float(plane.max())
    ink = low if paper - low >= high - paper else high
    return None if abs(ink - paper) < max(_CONTRAST, min(_NOISE * spread, _LOUDEST)) else Tone(paper, ink)


def _border(plane: NDArray[Number], width: int) -> NDArray[Number]:
    inner = plane[width:-width, :]
    sides = (plane[:width], plane[-width:], inner[:, :width], inner[:, -width:])
    return np.concatenate([side.ravel() for side in sides])


def _averaged(plane: Plane, down: int, across: int) -> Plane:
    """Means of rectangles of `down` × `across` pixels; the last ones are filled up with what is at the edge."""
    if down == across == 1:
        return plane
    missing = [(0, -side % size) for side, size in zip(plane.shape, (down, across), strict=True)]
    whole = np.pad(plane, missing, mode="edge")
    height, width = whole.shape[0] // down, whole.shape[1] // across
    means: Plane = whole.reshape(height, down, width, across).mean(axis=(1, 3), dtype=np.float32)
    return means


def _bounds(hit: Any, factor: int = 1) -> tuple[int, int]:  # noqa: ANN401  # NumPy types what any() gives as either kind
    places = np.flatnonzero(hit)
    return int(places[0]) * factor, (int(places[-1]) + 1) * factor


def _centre(profile: NDArray[np.floating]) -> float:
    """Centre of mass in pixels from the outer edge."""
    return float(profile @ (np.arange(len(profile)) + 0.5) / profile.sum())


def _weights(size: int, scale: float, centre: float) -> Plane:
    """(28, size): what each input pixel gives to each output pixel, rows of a triangle filter that sum to 1.

    `scale` is input pixels for each output pixel; `centre`, in input pixels, lands on `CENTRE`, between pixels too.
    """
    reach = max(scale, 1.0)
    places = (np.arange(SIDE) + 0.5 - CENTRE) * scale + centre
    distance = np.abs(places[:, None] - (np.arange(size) + 0.5)) / reach
    weights = np.maximum(1 - distance, 0) / reach
    return weights.astype(np.float32)
