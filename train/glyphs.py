"""Printed characters as ink, in the fonts that Matplotlib brings along."""

from functools import cache
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font

from train.calibration import Floats

DEJAVU: Final = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
)
"""Those with many alphabets."""
LATIN: Final = (
    *DEJAVU,
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    *("cmb10", "cmmi10", "cmr10", "cmss10", "cmti10", "cmtt10"),
)
"""All with Latin letters."""


def ink(font: str, characters: str, size: int, degrees: float = 0) -> Floats:
    """How much ink there is, (H, W), 0 to 1, cut along its bounds; `size` is that of an em in pixels."""
    drawn = load(font)
    drawn.set_size(size, 72)
    drawn.set_text(characters, degrees)
    drawn.draw_glyphs_to_bitmap(antialiased=True)
    return np.asarray(drawn.get_image(), float) / 255


@cache
def load(font: str) -> FT2Font:
    """The font of a name."""
    return FT2Font(str(Path(mpl.get_data_path(), "fonts", "ttf", f"{font}.ttf")))
