"""A pen on paper: strokes of a few points become ink, as a hand would draw them."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from train.calibration import Floats

SIDE: Final = 112
"""Of a sheet in pixels."""
Stroke = NDArray[np.float64]
"""Points (N, 2), across and down, between which the pen runs; a hand rounds those that are not its ends."""


def canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty sheet, and what draws on it."""
    sheet = Image.new("L", (SIDE, SIDE))
    return sheet, ImageDraw.Draw(sheet)


def as_ink(sheet: Image.Image) -> Floats:
    """How much ink there is on a sheet, (H, W), 0 to 1."""
    return np.asarray(sheet, np.float64) / 255


def by_hand(strokes: Sequence[Stroke], random: Generator, shaky: float = 0.05) -> list[Stroke]:
    """The same strokes, 0 to 1 across and down, in a hand of its own, on a sheet's middle.

    Each point is off by some `shaky`; all are slanted, stretched and turned, and corners rounded.
    """
    angle, slant, narrow = random.uniform(-0.15, 0.15), random.uniform(-0.35, 0.2), random.uniform(0.55, 1.1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bend = turn @ np.array([[narrow, slant], [0, 1]]) * random.uniform(56, 80)
    cut = random.uniform(0.05, 0.25)
    found = []
    for stroke in strokes:
        points = stroke + random.normal(0, shaky, stroke.shape) - 0.5
        found.append(rounded(points, cut) @ bend.T + SIDE / 2)
    return found


def rounded(points: Stroke, cut: float = 0.25) -> Stroke:
    """Corners cut three times (Chaikin, An Algorithm for High-Speed Curve Generation, 1974), the ends kept."""
    for _ in range(3):
        ahead, behind = points[1:], points[:-1]
        corners = np.stack([behind + cut * (ahead - behind), ahead - cut * (ahead - behind)], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], corners, points[-1:]])
    return points


def drawn(strokes: Sequence[Stroke], random: Generator, width: float | None = None) -> Floats:
    """Ink of strokes in pixels of a sheet, with a pen some `width` wide, more or less as the hand presses."""
    sheet, pen = canvas()
    radius = (random.uniform(3, 10) if width is None else width) / 2
    uneven = random.uniform(0, 0.35)
    for stroke in strokes:
        lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
        places = np.linspace(0, lengths[-1], max(2, int(lengths[-1])))
        presses = 1 + uneven * random.uniform(-1, 1, 5)
        radii = radius * np.interp(places, np.linspace(0, lengths[-1], 5), presses)
        across, down = (np.interp(places, lengths, stroke[:, axis]) for axis in (0, 1))
        for box in np.stack([across - radii, down - radii, across + radii, down + radii], axis=1):
            pen.ellipse(tuple(box), fill=255)
    return as_ink(sheet)
