"""A picture's luminance to the 28×28 array that the model reads, made as MNIST itself was made.

MNIST's digits (LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section III.A) were
fitted into 20×20 keeping their aspect ratio, and placed in 28×28 by their centre of mass. Of its 70,000 images the
centre of mass, in pixels from the outer edge, lies between 13.98 and 15 in either direction, 14.5 in the mean: that
is where others are placed too.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handler.lines import without_lines
from handler.luminance import Plane
from handler.normal import Normal, Signs
from handler.paper import CONTRAST, Paper, find_paper, other_papers
from handler.parts import digit_of
from handler.placement import BOX, INK, SIDE, is_mnist, placed
from handler.planes import Bounds, Mask, averaged, bounds, quantile, wider, widest
from handler.steps import ALL, Steps
from handler.thresholds import BARE, FEW, FULL, NOISE, SEEN, STRONG

COARSE: Final = 64
"""Pixels of the longer side that paper, ink and parts are sought in; averaging to them takes dust and noise away."""
_CLEAR: Final = 0.35
"""Of the strongest ink: where weaker ink runs from edge to edge and this does not, that is the paper's own."""


def normalise(plane: Plane, steps: Steps = ALL) -> Normal:
    """What the model reads of luminance (H, W) 0–1; all zero exactly where the picture is blank.

    An image that already is one of MNIST's comes back bit for bit, an inverted one too; any other one comes out the
    same as its inverse.
    """
    if plane.shape == (SIDE, SIDE):
        values = np.rint(plane * 255).astype(np.uint8)
        for dark, image in enumerate((values, 255 - values)):
            if is_mnist(image):
                return Normal(image, Signs(contrast=1, cut=False, several=False, is_blank=False), bool(dark))
    factor = max(1, max(plane.shape) // COARSE)
    sizes = min(factor, plane.shape[0]), min(factor, plane.shape[1])
    coarse = averaged(plane, *sizes)
    if coarse.base is not None:  # it would keep all of a larger array
        coarse = coarse.copy()
    paper = find_paper(coarse, shade=steps.shade, votes=steps.votes)
    if paper is None:
        return Normal(np.zeros((SIDE, SIDE), np.uint8), Signs(contrast=0, cut=False, several=False, is_blank=True))
    return _read(plane, coarse, sizes, paper, steps)


def read_again(first: Normal, steps: Steps = ALL) -> tuple[Normal, ...]:
    """What else may stand on a picture, where what `normalise` made of it is hard to believe.

    Paper and ink are exchanged, or the light is taken to be another. None where that leaves no ink, or several digits.
    """
    seen = first.plane()
    if seen is None:
        return ()
    papers = other_papers(seen, shade=steps.shade, votes=steps.votes)
    found = [_read(seen, seen, (1, 1), paper, steps) for paper in papers]
    return tuple(normal for normal in found if not normal.signs.is_blank and not normal.signs.several)


def _read(plane: Plane, coarse: Plane, sizes: tuple[int, int], paper: Paper, steps: Steps) -> Normal:
    """What stands on a paper; `sizes` are the plane's pixels in one of `coarse`, down and across."""
    ink = paper.ink(coarse)
    strongest = _strongest(ink, paper.noise)
    least = min(NOISE * paper.noise, strongest)
    mask, several = _digit(ink >= max(SEEN * strongest, least), steps)
    if steps.lines and _edges(mask) > 1:  # paper that is ruled faintly, perhaps
        stronger, others = _digit(ink >= max(_CLEAR * strongest, least), steps)
        if not _edges(stronger):
            mask, several = stronger, others
    strength = quantile(ink[mask], STRONG if steps.gain else 1)
    signs = Signs(contrast=min(strength, 1), cut=_is_cut(mask), several=several, is_blank=False)
    rows, columns = bounds(mask.any(axis=1)), bounds(mask.any(axis=0))
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    if steps.zoom and max(sizes) > 1 and longer * 3 < COARSE:
        around = longer // 2 + 2
        places = wider(rows, around, mask.shape[0]), wider(columns, around, mask.shape[1])
        nearer = normalise(_crop(plane, places, sizes), steps)
        if not nearer.signs.is_blank:
            found = Signs(nearer.signs.contrast, signs.cut, signs.several, is_blank=False)
            return Normal(nearer.pixels, found, nearer.paper_is_light, nearer.seen)
    around = longer // BOX + 2
    rows, columns = wider(rows, around, mask.shape[0]), wider(columns, around, mask.shape[1])
    mask = _spread(mask)
    if max(sizes) > 1:
        ink = _fine_ink(plane, paper, mask, (rows, columns), sizes)
        strength = quantile(ink[ink >= INK * ink.max()], STRONG if steps.gain else 1)
    else:
        ink = (ink * mask)[rows[0] : rows[1], columns[0] : columns[1]]
    full = FULL if steps.gain else 1
    strength = max(strength, 1e-6)
    none = min(max(BARE, 2 * paper.noise / strength), SEEN)
    ink = (ink / np.float32(strength) - np.float32(none)) / np.float32(full - none)
    return Normal(placed(np.clip(ink, 0, 1), thicken=steps.thicken), signs, paper.is_light, coarse)


def _digit(mask: Mask, steps: Steps) -> tuple[Mask, bool]:
    """The digit's part of the ink, and whether there are several digits."""
    if steps.lines:
        mask = without_lines(mask)
    return digit_of(mask) if steps.parts else (mask, False)


def _edges(mask: Mask) -> int:
    """How many of the picture's edges there is ink at."""
    return sum(bool(edge.any()) for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _strongest(ink: Plane, noise: float) -> float:
    """The strongest ink, but for a few pixels of something stronger where there is ink enough without them."""
    rank = ink.size - 1 - ink.size // FEW
    usual = float(np.partition(ink, rank, axis=None)[rank])
    return usual if usual > max(CONTRAST, NOISE * noise) else float(ink.max())


def _crop(plane: Plane, places: tuple[Bounds, Bounds], sizes: tuple[int, int]) -> Plane:
    """The pixels of a rectangle of cells, whose `sizes` are pixels down and across."""
    (top, bottom), (left, right) = places
    return plane[top * sizes[0] : bottom * sizes[0], left * sizes[1] : right * sizes[1]]


def _fine_ink(plane: Plane, paper: Paper, mask: Mask, places: tuple[Bounds, Bounds], sizes: tuple[int, int]) -> Plane:
    """The ink in a rectangle of cells, at the plane's own pixels or a few of them together."""
    fine = _crop(plane, places, sizes)
    (top, bottom), (left, right) = places

    def enlarged(cells: NDArray[Any]) -> NDArray[Any]:
        whole = cells[top:bottom, left:right].repeat(sizes[0], axis=0).repeat(sizes[1], axis=1)
        return whole[: fine.shape[0], : fine.shape[1]]

    level = paper.level if paper.level.size == 1 else enlarged(paper.level)
    ink: Plane = Paper(paper.is_light, level, paper.noise).ink(fine) * enlarged(mask)
    less = max(1, max(fine.shape) // (2 * COARSE))
    return averaged(ink, min(less, sizes[0]), min(less, sizes[1]))


def _spread(mask: Mask) -> Mask:
    """The mask and what is next to it."""
    return widest(widest(mask.view(np.uint8), 3, 0), 3, 1).view(np.bool_)


def _is_cut(mask: Mask) -> bool:
    """Whether ink lies at an edge and far from the opposite one: where it lies at both, they were cut along it."""
    rows, columns = bounds(mask.any(axis=1)), bounds(mask.any(axis=0))
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    margins = ((rows[0], mask.shape[0] - rows[1]), (columns[0], mask.shape[1] - columns[1]))
    return any(min(pair) == 0 and max(pair) * 6 > longer for pair in margins)
