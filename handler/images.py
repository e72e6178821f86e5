"""A picture's luminance to the 28×28 array that the model reads, made as MNIST itself was made.

MNIST's digits (LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section III.A) were
fitted into 20×20 keeping their aspect ratio, and placed in 28×28 by their centre of mass. Of its 70,000 images the
centre of mass, in pixels from the outer edge, lies between 13.98 and 15 in either direction, 14.5 in the mean: that
is where others are placed too.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handler.lines import without_lines
from handler.luminance import Plane
from handler.normal import Normal, Signs
from handler.paper import CONTRAST, Mask, Paper, averaged, border_of, find_paper, widest
from handler.parts import digit_of

SIDE: Final = 28
BOX: Final = 20
CENTRE: Final = 14.5
"""Where MNIST's centre of mass lies in the mean, in pixels from the outer edge."""
COARSE: Final = 64
"""Pixels of the longer side that paper, ink and bounds are sought in; averaging to them takes dust and noise away."""
STROKE: Final = 1.9
"""Pixels that a stroke of MNIST is thick in the mean, as twice its area by the length of its outline."""
_INK: Final = 0.25
"""Of the strongest ink: what reaches it belongs to the digit, when its bounds are sought."""
_SEEN: Final = 0.12
_NOISE: Final = 3.5
"""Times the paper's noise that ink is stronger than."""
_FAINT: Final = 0.12
"""Of the strongest ink: what is less is paper."""
_FULL: Final = 0.8
"""Of the strongest ink: what is more is full ink."""
_STRONG: Final = 250
"""One pixel in so many is taken to be ink."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done to a picture; `bench.normaliser` shows what each step is worth by leaving it out."""

    votes: bool = True
    shade: bool = True
    lines: bool = True
    parts: bool = True
    zoom: bool = True
    gain: bool = True
    thickness: bool = True


ALL: Final = Steps()


def normalise(plane: Plane, steps: Steps = ALL) -> Normal:
    """What the model reads of luminance (H, W) 0–1; all zero exactly where the picture is blank.

    An image that already is one of MNIST's comes back bit for bit, and inverted ones are turned round.
    """
    if plane.shape == (SIDE, SIDE):
        values = np.rint(plane * 255).astype(np.uint8)
        for image in (values, 255 - values):
            if is_mnist(image):
                return Normal(image, Signs(contrast=1, cut=False, several=False, is_blank=False))
    factor = max(1, max(plane.shape) // COARSE)
    down, across = (min(factor, side) for side in plane.shape)
    coarse = averaged(plane, down, across)
    paper = find_paper(coarse, shade=steps.shade, votes=steps.votes)
    if paper is None:
        return Normal(np.zeros((SIDE, SIDE), np.uint8), Signs(contrast=0, cut=False, several=False, is_blank=True))
    ink = paper.ink(coarse)
    strongest = _strongest(ink, paper.noise)
    mask = ink >= max(_SEEN * strongest, min(_NOISE * paper.noise, strongest))
    whole, several = mask, False
    if steps.lines:
        mask = without_lines(mask)
    if steps.parts:
        mask, several = digit_of(mask)
    clear = _spread(mask)
    strength = float(np.quantile(ink[mask], 0.9 if steps.gain else 1))
    signs = Signs(contrast=min(strength, 1), cut=_is_cut(mask), several=several, is_blank=False)
    rows, columns = _bounds(mask.any(axis=1)), _bounds(mask.any(axis=0))
    if factor > 1:
        around = max(rows[1] - rows[0], columns[1] - columns[0]) // BOX + 2
        rows, columns = _wider(rows, around, mask.shape[0]), _wider(columns, around, mask.shape[1])
        fine = plane[rows[0] * down : rows[1] * down, columns[0] * across : columns[1] * across]
        less = max(1, max(fine.shape) // (2 * COARSE))
        less_down, less_across = min(less, down), min(less, across)
        ink = _fine_ink(fine, paper, (rows, columns), (down, across))
        if True:
            clear = clear[rows[0] : rows[1], columns[0] : columns[1]]
            ink = ink * clear.repeat(down, 0).repeat(across, 1)[: ink.shape[0], : ink.shape[1]]
        ink = averaged(ink, less_down, less_across)
        strength = float(np.quantile(ink[ink >= _INK * ink.max()], 0.9)) if steps.gain else float(ink.max())
    else:
        rows, columns = _wider(rows, 2, mask.shape[0]), _wider(columns, 2, mask.shape[1])
        ink = (ink * clear)[rows[0] : rows[1], columns[0] : columns[1]]
    full = _FULL if steps.gain else 1
    ink = np.clip((ink / np.float32(max(strength, 1e-6)) - np.float32(_FAINT)) / np.float32(full - _FAINT), 0, 1)
    return Normal(_placed(ink, steps), signs)


def is_mnist(image: NDArray[np.uint8]) -> bool:
    """Whether (28, 28) uint8 is as all of MNIST is: white on black, 20 pixels long, its mass within 1 of the centre.

    The size alone proves nothing: a scan can be cut to 28×28 too.
    """
    if np.count_nonzero(image) * 2 > image.size or image.max() < 250:  # noqa: PLR2004  # MNIST's least maximum is 254
        return False
    if np.count_nonzero(border_of(image, 1)) > 8:  # noqa: PLR2004  # MNIST has 6 at most
        return False
    mass = image.astype(np.float64)
    down, across = _centre(mass.sum(axis=1)), _centre(mass.sum(axis=0))
    rows, columns = _bounds(image.any(axis=1)), _bounds(image.any(axis=0))
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    return max(abs(down - SIDE / 2), abs(across - SIDE / 2)) <= 1 and BOX - 1 <= longer <= BOX


def _strongest(ink: Plane, noise: float) -> float:
    """The strongest ink, but for a few pixels of something stronger where there is ink enough without them."""
    last = ink.size - 1
    usual = float(np.partition(ink, last - ink.size // _STRONG, axis=None)[last - ink.size // _STRONG])
    return usual if usual > max(CONTRAST, _NOISE * noise) else float(ink.max())


def _fine_ink(
    fine: Plane, paper: Paper, bounds: tuple[tuple[int, int], tuple[int, int]], sizes: tuple[int, int]
) -> Plane:
    level = paper.level
    if level.size > 1:
        (top, bottom), (left, right) = bounds
        level = level[top:bottom, left:right].repeat(sizes[0], 0).repeat(sizes[1], 1)[: fine.shape[0], : fine.shape[1]]
    return Paper(paper.is_light, level, paper.noise).ink(fine)


def _spread(mask: Mask) -> Mask:
    """The mask and what is next to it."""
    return widest(widest(mask.view(np.uint8), 3, 0), 3, 1).view(np.bool_)


def _is_cut(mask: Mask) -> bool:
    """Whether ink lies at one or two of the picture's edges, and far from another."""
    rows, columns = _bounds(mask.any(axis=1)), _bounds(mask.any(axis=0))
    margins = (rows[0], columns[0], mask.shape[0] - rows[1], mask.shape[1] - columns[1])
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    return 1 <= sum(margin == 0 for margin in margins) <= 2 and max(margins) * 6 > longer  # noqa: PLR2004  # of four


def _placed(ink: Plane, steps: Steps) -> NDArray[np.uint8]:
    rows, columns = _bounds((ink >= _INK).any(axis=1)), _bounds((ink >= _INK).any(axis=0))
    scale = max(rows[1] - rows[0], columns[1] - columns[0]) / BOX
    margin = int(np.ceil(scale))
    rows, columns = _wider(rows, margin, ink.shape[0]), _wider(columns, margin, ink.shape[1])
    ink = ink[rows[0] : rows[1], columns[0] : columns[1]]
    down, across = _centre(ink.sum(axis=1)), _centre(ink.sum(axis=0))
    if not steps.thickness:
        small = _weights(SIDE, ink.shape[0], scale, down) @ ink @ _weights(SIDE, ink.shape[1], scale, across).T
        return np.rint(np.clip(small / max(float(small.max()), 1e-6), 0, 1) * 255).astype(np.uint8)
    half = (
        _weights(2 * SIDE, ink.shape[0], scale / 2, down) @ ink @ _weights(2 * SIDE, ink.shape[1], scale / 2, across).T
    )
    half = np.clip(half / max(float(half.max()), 1e-6), 0, 1)
    half = _thickened(half)
    small = averaged(half, 2, 2)
    return np.rint(np.clip(small / max(float(small.max()), 1e-6), 0, 1) * 255).astype(np.uint8)


def _thickened(half: Plane) -> Plane:
    """A picture of twice MNIST's size with strokes as thick as MNIST's."""
    outline = float(np.abs(np.diff(half, axis=0)).sum()) + float(np.abs(np.diff(half, axis=1)).sum())
    thick = 2 * float(half.sum()) / max(outline * np.pi / 4, 1e-6) / 2
    missing = STROKE - thick
    for _ in range(3):
        if missing <= 0.05:
            break
        share = np.float32(min(missing, 1))
        half = half + (widest(widest(half, 3, 0), 3, 1) - half) * share
        missing -= 1
    return half


def _wider(bounds: tuple[int, int], by: int, side: int) -> tuple[int, int]:
    return max(bounds[0] - by, 0), min(bounds[1] + by, side)


def _bounds(hit: Any) -> tuple[int, int]:  # noqa: ANN401  # NumPy types what any() gives as either kind
    places = np.flatnonzero(hit)
    return int(places[0]), int(places[-1]) + 1


def _centre(profile: NDArray[np.floating]) -> float:
    """Centre of mass in pixels from the outer edge."""
    return float(profile @ (np.arange(len(profile)) + 0.5) / profile.sum())


def _weights(side: int, size: int, scale: float, centre: float) -> Plane:
    """(side, size): what each input pixel gives to each output pixel, rows of a triangle filter that sum to 1.

    `scale` is input pixels for each output pixel; `centre`, in input pixels, lands on `CENTRE` of 28, between pixels too.
    """
    reach = max(scale, 1.0)
    places = (np.arange(side) + 0.5 - CENTRE * side / SIDE) * scale + centre
    distance = np.abs(places[:, None] - (np.arange(size) + 0.5)) / reach
    weights = np.maximum(1 - distance, 0) / reach
    return weights.astype(np.float32)
