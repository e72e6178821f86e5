"""Gray plain PNGs of a group to their pixels: Pillow's decoder fills one canvas, with no object for each of them.

For pictures of 28×28 the objects that Pillow makes of each cost more than their pixels do.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, _imaging

from handler.pngs import GRAY, Layout, Plain

SIDE: Final = 128
"""Pixels of a side, at most."""


def fits(layout: Layout) -> bool:
    """Whether a picture can be put on a canvas: a small one in 8 bits of gray."""
    return layout.colour == GRAY and layout.depth == 8 and max(layout.width, layout.height) <= SIDE  # noqa: PLR2004


def painted(plains: Sequence[Plain]) -> tuple[NDArray[np.uint8], list[bool]]:
    """The canvas, (sum of their heights, largest width), with pictures one below the other, each at its left edge.

    And whether each is whole: what the decoder cannot finish is Pillow's to read by itself, and to refuse.
    """
    canvas: Image.Image = Image.new("L", (max(p.layout.width for p in plains), sum(p.layout.height for p in plains)))
    core: Any = canvas.im  # Pillow has no type for it
    decoder_of, top, whole = _imaging.zip_decoder, 0, []
    for (width, height, *_), packed, _ in plains:
        decoder = decoder_of("L", "L")
        decoder.setimage(core, (0, top, width, top + height))
        read, error = decoder.decode(packed)
        whole.append(read < 0 and not error)
        top += height
    return np.asarray(canvas), whole
