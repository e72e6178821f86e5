"""Pictures of what is no digit, of kinds that no network is trained with, drawn anew from a seed.

They are large, on paper, dark on light or light on dark: the handler reads them as it reads any picture. What a person
could take for a digit is not among them: no slash, bracket, theta or beta.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from train import glyphs
from train.calibration import Floats

SYMBOLS: Final = "?&@#%+=*<>~^©§€¶±÷"
GREEK: Final = "αεηλμξπχψωΓΔΛΞΠΣΨΩ"
_FONTS: Final = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSansMono"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic"),
)
"""Those that have all of these characters."""
_STROKES: Final[Mapping[str, tuple[tuple[float, float, float, float], ...]]] = {
    "plus": ((-1, 0, 1, 0), (0, -1, 0, 1)),
    "cross": ((-0.8, -0.8, 0.8, 0.8), (-0.8, 0.8, 0.8, -0.8)),
    "star": ((0, -1, 0, 1), (-0.87, -0.5, 0.87, 0.5), (-0.87, 0.5, 0.87, -0.5)),
    "arrow": ((-1, 0, 1, 0), (0.5, -0.4, 1, 0), (0.5, 0.4, 1, 0)),
    "two-way arrow": ((-1, 0, 1, 0), (0.6, -0.4, 1, 0), (0.6, 0.4, 1, 0), (-0.6, -0.4, -1, 0), (-0.6, 0.4, -1, 0)),
    "hash": ((-1, -0.35, 1, -0.35), (-1, 0.35, 1, 0.35), (-0.35, -1, -0.35, 1), (0.35, -1, 0.35, 1)),
}
"""Lines from (x, y) to (x, y), within -1 to 1."""
_MODULES: Final = 21
"""On a side of the smallest QR code."""
_FINDER: Final = 7
"""Of these, on a side of the squares in three of its corners."""


def draw(kind: str, seed: int) -> NDArray[np.uint8]:
    """A picture of one of `KINDS`, (H, W), 0 black to 255 white; the same one each time."""
    chance = np.random.default_rng((list(KINDS).index(kind), seed))
    ink = KINDS[kind](chance)
    paper, strongest = chance.uniform(0.75, 1), chance.uniform(0, 0.35)
    light = paper + (strongest - paper) * ink
    light = 1 - light if chance.random() < 0.3 else light  # noqa: PLR2004  # of ten, three are light on dark
    light += chance.normal(0, chance.uniform(0, 0.03), ink.shape)
    return np.asarray(np.rint(light.clip(0, 1) * 255), np.uint8)


def _character(characters: str, chance: Generator) -> Floats:
    font, size = _FONTS[chance.integers(len(_FONTS))], int(chance.integers(40, 160))
    character = characters[chance.integers(len(characters))]
    return _placed(glyphs.ink(font, character, size, chance.uniform(-12, 12)), chance)


def _placed(ink: Floats, chance: Generator) -> Floats:
    """With paper on all sides, from a tenth to the whole of its longer side."""
    low, high = max(ink.shape) // 10 + 1, max(ink.shape)
    top, bottom, left, right = chance.integers(low, high + 1, 4)
    return np.pad(ink, ((top, bottom), (left, right)))


def _plane(chance: Generator, *, turned: float) -> tuple[Floats, Floats]:
    """Where the pixels of a square picture are, across and down, -1 to 1, turned by up to so many degrees."""
    side = int(chance.integers(64, 241))
    y, x = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side), indexing="ij")
    angle = np.deg2rad(chance.uniform(-turned, turned))
    return x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)


def _strokes(chance: Generator) -> Floats:
    x, y = _plane(chance, turned=180)
    lines = list(_STROKES.values())[chance.integers(len(_STROKES))]
    size, half = chance.uniform(0.4, 0.65), chance.uniform(0.03, 0.08)
    far = np.min([_distance(x, y, *(size * value for value in line)) for line in lines], axis=0)
    return np.asarray(((half - far) * len(x) / 4 + 0.5).clip(0, 1))  # edges of four pixels


def _distance(x: Floats, y: Floats, ax: float, ay: float, bx: float, by: float) -> Floats:  # noqa: PLR0913, PLR0917  # two points
    """Of each pixel to the line between two points."""
    dx, dy = bx - ax, by - ay
    along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clip(0, 1)
    return np.hypot(x - ax - along * dx, y - ay - along * dy)


def _texture(chance: Generator) -> Floats:
    """A chessboard, ruled paper or stripes, over the whole picture."""
    x, y = _plane(chance, turned=45)
    cells = chance.uniform(2, 10)
    columns, rows = x * cells, y * cells
    thick = chance.uniform(0.08, 0.3)
    ways = ((np.floor(columns) + np.floor(rows)) % 2, np.minimum(columns % 1, rows % 1) < thick, columns % 1 < thick)
    return np.asarray(ways[chance.integers(len(ways))], float)


def _code(chance: Generator) -> Floats:
    """Black and white modules at random, with the squares of a QR code in three corners."""
    modules = (chance.random((_MODULES, _MODULES)) < 0.5).astype(float)  # noqa: PLR2004  # half of them
    rings = np.abs(np.arange(_FINDER) - _FINDER // 2)
    finder = np.maximum(rings[:, None], rings) != 2  # noqa: PLR2004  # the light ring, of 5 modules
    for corner in (np.s_[:_FINDER, :_FINDER], np.s_[:_FINDER, -_FINDER:], np.s_[-_FINDER:, :_FINDER]):
        modules[corner] = finder
    pixels = int(chance.integers(3, 9))
    return np.pad(np.kron(modules, np.ones((pixels, pixels))), 4 * pixels)


def _scene(chance: Generator) -> Floats:
    """Something like a photograph: a sky that grows darker, a sun, hills before it, and a vignette."""
    x, y = _plane(chance, turned=5)
    sky = chance.uniform(0, 0.3) + chance.uniform(0.1, 0.5) * (y + 1) / 2
    sun = np.hypot(x - chance.uniform(-0.7, 0.7), y - chance.uniform(-0.7, 0)) < chance.uniform(0.1, 0.3)
    picture = np.where(sun, 0, sky)
    for depth in np.linspace(0.4, 0.9, int(chance.integers(2, 5))):
        waves = sum(np.sin(x * chance.uniform(1, 9) + chance.uniform(0, 6)) * chance.uniform(0, 0.15) for _ in range(3))
        picture = np.where(y > depth * 1.5 - 0.7 + waves, depth, picture)
    return np.asarray((picture + 0.2 * np.hypot(x, y) ** 2).clip(0, 1))


KINDS: Final[Mapping[str, Callable[[Generator], Floats]]] = {
    "symbols": lambda chance: _character(SYMBOLS, chance),
    "greek": lambda chance: _character(GREEK, chance),
    "strokes": _strokes,
    "textures": _texture,
    "codes": _code,
    "scenes": _scene,
}
"""How much ink there is, (H, W), 0 to 1, of a picture of each kind."""
