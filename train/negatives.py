"""Pictures of what is no digit, for a network to learn doubt from; each is read back the way the handler reads it.

All follows from a seed. What `train.strangers` draws is not among them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from handler.luminance import Plane
from handler.ports import Images
from train import letters, marks, pen, stains
from train.calibration import Floats
from train.readings import Readings, read
from train.scenes import silence

Kind = Callable[[Images, Generator], Floats]
"""Makes ink, (H, W), 0 to 1, of digits that it may need and a seed."""


def make(
    count: int, digits: Images, seed: int, tell: Callable[[int], None] = silence, kinds: Sequence[Kind] | None = None
) -> Readings:
    """What the handler reads in `count` pictures, as many of each of `kinds` (default: `KINDS`).

    `digits`, (N, 28, 28), are what several digits are made of, and what is struck out. `tell` is called with how many
    are done. What is read as blank is left out: it needs no network to doubt it.
    """
    kinds = kinds or KINDS

    def planes() -> Iterator[Plane]:
        for number in range(count):
            yield picture(kinds[number % len(kinds)], digits, np.random.default_rng((seed, number)))
            tell(number + 1)

    return read(planes()).visible()


def picture(kind: Kind, digits: Images, random: Generator) -> Plane:
    """The luminance, (H, W) 0–1, of a picture of a kind: ink on paper, light on dark now and then."""
    ink = _placed(kind(digits, random), random)
    soft = Image.fromarray((ink.clip(0, 1) * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(random.uniform(0, 0.013) * max(ink.shape))
    )
    plane = 1 - random.uniform(0.3, 1.0) * pen.as_ink(soft)
    if random.random() < 0.3:
        down, across = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]] / max(plane.shape)
        angle = random.uniform(0, 2 * np.pi)
        plane *= 1 - random.uniform(0, 0.3) * (0.5 + 0.5 * np.cos(angle) * down + 0.5 * np.sin(angle) * across)
    if random.random() < 0.3:
        plane += random.normal(size=plane.shape) * random.uniform(0, 0.05)
    if random.random() < 0.25:
        plane = 1 - plane
    found: Plane = plane.clip(0, 1).astype(np.float32)
    return found


def _placed(ink: Floats, random: Generator) -> Floats:
    """As large as people hand in digits, with paper around it or hardly any."""
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.2), np.flatnonzero(ink.max(axis=0) > 0.2)
    if not len(rows):
        return ink
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = np.exp(random.uniform(np.log(28), np.log(150)))
    height, width = (max(3, round(side * length / max(cut.shape))) for length in cut.shape)
    sheet = Image.fromarray(np.rint(cut * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    top, bottom, left, right = (int(margin * side) for margin in random.uniform(0, 0.6, 4))
    return np.pad(pen.as_ink(sheet), [(top, bottom), (left, right)])


def several(digits: Images, random: Generator) -> Floats:
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
    large = Image.fromarray(np.pad(row, 6))
    return pen.as_ink(large.resize((3 * large.width, 3 * large.height), Image.Resampling.BICUBIC))


KINDS: Final[tuple[Kind, ...]] = (
    *(several, letters.printed, marks.scribble, letters.handwritten, marks.struck_out),
    *(several, letters.handwritten, marks.zigzag, marks.polygon, stains.blobs),
    *(several, letters.printed, stains.grains, marks.tally, marks.tick),
    *(letters.word, letters.handwritten, stains.smudge, marks.dashes, marks.box),
)
"""Maker of each kind that a network is shown, the commonest several times."""
UNSEEN: Final[tuple[Kind, ...]] = (letters.foreign,)
"""Of kinds that none is shown: what is promised of those it is shown would be too good for others."""
