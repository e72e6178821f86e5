"""Marks that a pen leaves on a sheet and that are no digit: scribbles, ticks, what is struck out, empty boxes."""

import numpy as np
from numpy.random import Generator
from PIL import Image

from handler.ports import Images
from train import pen
from train.calibration import Floats
from train.pen import SIDE


def scribble(_: Images, random: Generator) -> Floats:
    """A pen that goes to and fro."""
    sheet, ink = pen.canvas()
    knots = random.uniform(14, SIDE - 14, (int(random.integers(7, 16)), 2))
    steps = np.linspace(0, len(knots) - 1, 40 * len(knots))
    smooth = np.stack([np.interp(steps, np.arange(len(knots)), knots[:, axis]) for axis in (0, 1)], 1)
    width = int(random.integers(9, 60))
    kernel = np.ones(width) / width
    smooth = np.stack([np.convolve(smooth[:, axis], kernel, "valid") for axis in (0, 1)], 1)
    ink.line([tuple(point) for point in smooth], fill=255, width=int(random.integers(2, 9)), joint="curve")
    return pen.as_ink(sheet)


def zigzag(_: Images, random: Generator) -> Floats:
    """Many strokes that cross, as when something is struck out."""
    sheet, ink = pen.canvas()
    ink.line(_to_and_fro(random), fill=255, width=int(random.integers(2, 9)), joint="curve")
    return pen.as_ink(sheet.rotate(random.uniform(-60, 60)))


def _to_and_fro(random: Generator) -> list[tuple[float, float]]:
    count = int(random.integers(5, 12))
    ends = np.sort(random.uniform(15, SIDE - 15, count))
    heights = np.where(np.arange(count) % 2, random.uniform(15, 45, count), random.uniform(65, 97, count))
    return list(zip(ends.tolist(), heights.tolist(), strict=True))


def polygon(_: Images, random: Generator) -> Floats:
    """A triangle, a star or a house, filled or not."""
    sheet, ink = pen.canvas()
    corners = int(random.integers(3, 9))
    angles = (
        np.sort(random.uniform(0, 2 * np.pi, corners))
        if random.random() < 0.5
        else np.arange(corners) * 2 * np.pi / corners
    )
    reach = random.uniform(18, 46, corners)
    points = [(SIDE / 2 + r * np.cos(a), SIDE / 2 + r * np.sin(a)) for a, r in zip(angles, reach, strict=True)]
    filled = corners > 3 or random.random() < 0.5  # a diamond could be meant as a 0
    ink.polygon(points, outline=255, fill=255 if filled else None, width=int(random.integers(2, 8)))
    return pen.as_ink(sheet)


def tally(_: Images, random: Generator) -> Floats:
    """Two to five separate straight strokes."""
    sheet, ink = pen.canvas()
    count = int(random.integers(2, 6))
    width = int(random.integers(3, 9))
    lean = random.uniform(-12, 12)
    for place in np.linspace(20, SIDE - 20, count):
        top, bottom = random.uniform(12, 30), random.uniform(80, 100)
        ink.line([(place + lean, top), (place - lean + random.uniform(-5, 5), bottom)], fill=255, width=width)
    return pen.as_ink(sheet if random.random() < 0.7 else sheet.rotate(90))


def tick(_: Images, random: Generator) -> Floats:
    """A short stroke down and a long one up."""
    corner = random.uniform(0.2, 0.4), 1
    points = np.array([(0, random.uniform(0.45, 0.75)), corner, corner, (1, random.uniform(-0.2, 0.3))])
    return pen.drawn(pen.by_hand([points], random, 0.03), random)


def dashes(_: Images, random: Generator) -> Floats:
    """A dash or two or three dots in a row, as for nothing, or ditto marks."""
    kind = int(random.integers(3))
    if kind == 0:
        return pen.drawn(pen.by_hand([np.array([(0, 0.5), (0.5, 0.5), (1, 0.5)])], random, 0.02), random)
    places = np.linspace(0.15, 0.85, int(random.integers(2, 4)))
    high = 0.02 if kind == 1 else random.uniform(0.2, 0.35)
    strokes = [np.array([(place, 0.5 - high / 2), (place - high / 4, 0.5 + high / 2)]) for place in places]
    return pen.drawn(pen.by_hand(strokes, random, 0.02), random, random.uniform(5, 12))


def box(digits: Images, random: Generator) -> Floats:
    """An empty box, in which nothing was written, or a tick was set; never higher than it is wide."""
    sheet, ink = pen.canvas()
    half = random.uniform(25, 48)
    high = half * random.uniform(0.4, 1)
    middle = SIDE / 2
    ink.rectangle(
        (middle - half, middle - high, middle + half, middle + high), outline=255, width=int(random.integers(2, 7))
    )
    found = pen.as_ink(sheet.rotate(random.uniform(-5, 5), Image.Resampling.BILINEAR))
    return np.maximum(found, tick(digits, random)) if random.random() < 0.4 else found


def struck_out(digits: Images, random: Generator) -> Floats:
    """A digit with lines or a zigzag across it.

    A single line falls to the right: one that is level could be the bar of a 7, one that rises that of a slashed 0. And
    not across a bare stroke, with which it would be a cross.
    """
    digit = Image.fromarray(digits[int(random.integers(len(digits)))])
    left, top, right, bottom = digit.getbbox() or (0, 0, *digit.size)
    large = pen.as_ink(digit.resize((3 * digit.width, 3 * digit.height), Image.Resampling.BICUBIC))
    margin = (SIDE - len(large)) // 2
    ink = np.pad((2 * large - 0.5).clip(0, 1), margin)
    low, high = margin + 3 * np.array([left, top]), margin + 3 * np.array([right, bottom])
    beyond = random.uniform(0.1, 0.3) * (high - low).max()
    kind = int(random.integers(1 if _is_bare(ink) else 0, 3))
    return np.asarray(np.maximum(ink, pen.drawn(_strike(low - beyond, high + beyond, kind, random), random)))


def _is_bare(ink: Floats) -> bool:
    """A single stroke, as a 1 is: three times as long as wide."""
    least, most = np.linalg.eigvalsh(np.cov(np.argwhere(ink > 0.5), rowvar=False))
    return bool(most > 9 * least)  # of squares


def _strike(low: pen.Stroke, high: pen.Stroke, kind: int, random: Generator) -> list[pen.Stroke]:
    """Across a box from `low` to `high`: one line that falls, some that are level, or a zigzag."""
    size = high - low
    if kind == 0:
        lines = [[(0, random.uniform(0, 0.2)), (1, random.uniform(0.8, 1))]]
    elif kind == 1:
        count, rise = int(random.integers(2, 5)), random.uniform(-0.4, 0.4)
        places = np.linspace(0.5 - 0.06 * count, 0.5 + 0.06 * count, count)  # not at both ends, as of an I
        lines = [[(0, at + rise), (1, at - rise)] for at in places]
    else:
        count = int(random.integers(5, 10))
        lines = [[(place, number % 2) for number, place in enumerate(np.linspace(0, 1, count))]]
    return [pen.rounded(low + np.array(line) * size + random.normal(0, 2, (len(line), 2)), 0.15) for line in lines]
