"""The worst mistakes of a data set as one picture: what was dropped, what the model saw of it, what it said."""

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from handler.images import normalise
from handler.luminance import Plane
from train.report import printable
from train.score import Reading

COLUMNS: Final = 4
_DOTS_PER_INCH: Final = 110
_LONGEST: Final = 30
"""Characters of a name that fit above its pictures."""


def draw(title: str, mistakes: Sequence[Reading], planes: Mapping[int, Plane], path: Path) -> None:
    """Write `mistakes` to `path`, a PNG, in their order; `planes` holds their pictures, (H, W) 0–1, by row number.

    Each is its upright picture in grey, beside the 28×28 that `handler.images` makes of it.
    """
    rows = max(1, math.ceil(len(mistakes) / COLUMNS))
    figure = Figure(figsize=(3.2 * COLUMNS, 0.8 + 2.1 * rows), layout="constrained")
    figure.suptitle(title, parse_math=False)
    if mistakes:
        grid = figure.subplots(rows, 2 * COLUMNS, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for place, mistake in enumerate(mistakes):
            row, column = divmod(place, COLUMNS)
            left, right = grid[row, 2 * column : 2 * column + 2]
            plane = planes[mistake.number]
            left.imshow(plane, cmap="gray", vmin=0, vmax=1)
            right.imshow(normalise(plane).pixels, cmap="gray", vmin=0, vmax=255)
            for axes in (left, right):  # a frame, since white paper would have no bounds on the white sheet
                axes.set(frame_on=True, xticks=[], yticks=[])
                axes.axis("on")
            left.set_title(_caption(mistake), fontsize=8, loc="left", parse_math=False)
    FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a name in a script that the font lacks shows boxes
        figure.savefig(path, dpi=_DOTS_PER_INCH)


def _caption(mistake: Reading) -> str:
    name = printable(mistake.image) + (f" [{mistake.frame}]" if mistake.frame else "")
    name = name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"
    said = f"is {printable(mistake.label)}, read {mistake.digit}, {100 * mistake.confidence:.2f} % sure"
    return f"{name}\n{said}, {mistake.status}"
