"""Letters in print and by hand, of which none is one that a hand could have meant as a digit.

O, I, S, Z, b, g and the like are left out, and so are X and plus signs: strangers are to stay strange.
"""

from typing import Final

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from handler.ports import Images
from train import glyphs, pen
from train.calibration import Floats

PRINTED: Final = "AEFHKMNPRTVWdefhkmnpruvw"
FOREIGN: Final = "ДЖИШЩЫЮЯжишщюяђљњћѣ" + "ԱԲԴԷԺԽՄՊՌՔաբդժխհմպտփ" + "თლდფღჟჭქ"
"""Cyrillic, Armenian, Georgian, without those that are Latin, Greek or much like a digit."""
_WORDS: Final = "ABCDEFGHIJKLMNOPQRSTUVWYZabcdefghijklmnopqrsuvwyz"
"""Two or more of these are no digit, whatever each of them is."""
_HANDS: Final = {
    "A": "08 30 68/15 55",
    "E": "60 00 08 68/04 44",
    "F": "60 00 08/04 44",
    "H": "00 08/60 68/04 64",
    "K": "00 08/60 04 04 68",
    "M": "08 10 34 50 68",
    "N": "08 00 68 60",
    "P": "08 00 40 62 44 04",
    "R": "08 00 40 62 44 04 04 68",
    "V": "00 38 38 60",
    "W": "00 18 18 33 58 58 60",
    "k": "10 18/53 15 15 58",
    "m": "03 08 08 04 23 34 38/34 53 64 68",
    "n": "03 08 08 04 33 54 58",
    "w": "03 18 28 34 48 58 63",
    "ш": "00 08 38 38 30 38 68 60",
}
"""Strokes of each, as points of a column, 0 to 6, and a row, 0 to 8; a point that stands twice is a corner."""


def printed(_: Images, random: Generator) -> Floats:
    """A letter in print, slanted and turned a little."""
    return _bent(glyphs.ink(_one(glyphs.LATIN, random), _one(PRINTED, random), int(random.integers(50, 80))), random)


def word(_: Images, random: Generator) -> Floats:
    """A few letters in print, the last or the first of them cut off now and then."""
    count = int(random.integers(2, 6))
    letters = "".join(_one(_WORDS, random) for _ in range(count))
    ink = glyphs.ink(_one(glyphs.LATIN, random), letters, int(random.integers(30, 60)))
    if count > 3 and random.random() < 0.5:
        lost = int(ink.shape[1] * random.uniform(0.05, 0.25))
        ink = ink[:, lost:] if random.random() < 0.5 else ink[:, :-lost]
    return _bent(ink, random)


def handwritten(_: Images, random: Generator) -> Floats:
    """A letter, or two or three of them, drawn with a pen."""
    count = 1 if random.random() < 0.75 else int(random.integers(2, 4))
    width = random.uniform(3, 10)
    letters = []
    for _letter in range(count):
        parts = _HANDS[_one(tuple(_HANDS), random)].split("/")
        strokes = [np.array([(int(at[0]) / 6, int(at[1]) / 8) for at in part.split()]) for part in parts]
        ink = pen.drawn(pen.by_hand(strokes, random, 0.03), random, width)
        letters.append(ink if count == 1 else ink[:, np.flatnonzero(ink.any(axis=0))])
    return np.concatenate(letters, axis=1)


def foreign(_: Images, random: Generator) -> Floats:
    """A letter in print, of an alphabet that no network is shown."""
    return _bent(glyphs.ink(_one(glyphs.DEJAVU, random), _one(FOREIGN, random), int(random.integers(50, 80))), random)


def _one(of: str | tuple[str, ...], random: Generator) -> str:
    return of[int(random.integers(len(of)))]


def _bent(ink: Floats, random: Generator) -> Floats:
    """Slanted, squeezed, turned, fatter or leaner."""
    margin = max(ink.shape) // 3
    sheet = Image.fromarray(np.rint(np.pad(ink, margin) * 255).astype(np.uint8))
    slant, squeeze = random.uniform(-0.3, 0.3), random.uniform(0.8, 1.25)
    middle = sheet.width / 2 * (1 - squeeze) - sheet.height / 2 * slant
    bent = sheet.transform(
        sheet.size, Image.Transform.AFFINE, (squeeze, slant, middle, 0, 1, 0), Image.Resampling.BILINEAR
    )
    bent = bent.rotate(random.uniform(-15, 15), Image.Resampling.BILINEAR)
    if random.random() < 0.5:
        bent = bent.filter(ImageFilter.MaxFilter(3) if random.random() < 0.5 else ImageFilter.MinFilter(3))
    return pen.as_ink(bent)
