"""Digits drawn with a pen of ours, each a little different; pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = Sequence[tuple[float, float]]

_SIDE: Final = 28
_FINE: Final = 4
"""Dots drawn for each pixel, in either direction; averaging them makes the edges soft."""


def _arc(centre: tuple[float, float], radii: tuple[float, float], begin: int, end: int) -> list[tuple[float, float]]:
    """Points of an ellipse, (x, y), from one angle to another, in degrees clockwise from the right."""
    (x, y), (wide, high) = centre, radii
    angles = np.radians(np.linspace(begin, end, 25))
    return [(x + wide * math.cos(angle), y + high * math.sin(angle)) for angle in angles]


_STROKES: Final[Mapping[int, Sequence[Points]]] = {
    0: [_arc((0.5, 0.5), (0.3, 0.42), 0, 360)],
    1: [[(0.53, 0.06), (0.47, 0.94)]],
    2: [[*_arc((0.5, 0.32), (0.27, 0.24), 190, 395), (0.22, 0.92), (0.8, 0.92)]],
    3: [[*_arc((0.44, 0.29), (0.28, 0.21), 200, 440), *_arc((0.44, 0.71), (0.32, 0.22), 275, 515)]],
    4: [[(0.28, 0.08), (0.22, 0.54), (0.74, 0.54)], [(0.76, 0.08), (0.7, 0.94)]],
    5: [[(0.76, 0.1), (0.34, 0.1), (0.3, 0.44), *_arc((0.46, 0.67), (0.3, 0.25), 250, 510)]],
    6: [[(0.66, 0.06), (0.4, 0.34), *_arc((0.5, 0.7), (0.22, 0.22), 190, 550)]],
    7: [[(0.2, 0.1), (0.78, 0.1), (0.44, 0.94)]],
    8: [_arc((0.5, 0.28), (0.2, 0.2), 0, 360), _arc((0.5, 0.71), (0.24, 0.22), 0, 360)],
    9: [[*_arc((0.5, 0.31), (0.22, 0.23), 0, 360), (0.66, 0.94)]],
}
"""What each digit is made of, in a square of side 1, from its upper left."""


def drawn(count: int) -> tuple[NDArray[np.uint8], list[int]]:
    """`count` images, (N, 28, 28), 0 paper to 255 ink, with their labels, which take turns; the same each time."""
    random = np.random.default_rng(0)
    labels = [index % len(_STROKES) for index in range(count)]
    return np.stack([_image(_STROKES[label], random) for label in labels]), labels


def _image(strokes: Sequence[Points], random: np.random.Generator) -> NDArray[np.uint8]:
    turn, lean = random.uniform(-0.12, 0.12), random.uniform(-0.15, 0.15)
    wide, high = random.uniform(15, 19), random.uniform(18, 20)
    pen = random.uniform(2, 3)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    way = rotation @ np.array([[wide, -lean * high], [0, high]])
    sheet = Image.new("L", (_SIDE * _FINE, _SIDE * _FINE))
    pencil = ImageDraw.Draw(sheet)
    for points in strokes:
        placed = (np.array(points) - 0.5 + random.normal(0, 0.012, 2)) @ way.T + _SIDE / 2
        dots = [(float(x), float(y)) for x, y in placed * _FINE]
        pencil.line(dots, 255, round(pen * _FINE), "curve")
        for x, y in (dots[0], dots[-1]):
            pencil.circle((x, y), pen * _FINE / 2, 255)
    return np.asarray(sheet.reduce(_FINE))
