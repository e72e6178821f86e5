"""Gray plain PNGs of a group to their pixels: Pillow's decoder fills one canvas, with no object for each of them.

For pictures of 28×28 the objects that Pillow makes of each cost more than their pixels do, and so does a decoder for
each: their lines are inflated here, and one decoder undoes the filters of all.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, _imaging

from handler.pngs import GRAY, Layout, Plain

SIDE: Final = 128
"""Pixels of a side, at most."""
_FEW_BYTES: Final = 1 << 10
"""Of packed lines that are inflated with one call: not even hostile ones give more than a megabyte."""
_STREAM: Final = b"\x78\x01"
"""What a zlib stream begins with (RFC 1950)."""
_STORED: Final = struct.Struct("<BHH").pack
"""The header of a block that is not packed (RFC 1951, section 3.2.4)."""
_MOST: Final = 0xFFFF
"""Bytes of such a block."""
_UNSEEN: Final = 1
"""What stands in a place before the decoder writes a zero there."""


def fits(layout: Layout) -> bool:
    """Whether a picture can be put on a canvas: a small one in 8 bits of gray."""
    return layout.colour == GRAY and layout.depth == 8 and max(layout.width, layout.height) <= SIDE  # noqa: PLR2004


def painted(plains: Sequence[Plain]) -> tuple[NDArray[np.uint8], list[bool]]:
    """The canvas, (sum of their heights, largest width), with pictures one below the other, each at its left edge.

    And whether each is whole: what the decoder cannot finish is Pillow's to read by itself, and to refuse.
    """
    width, height, *_ = plains[0].layout
    if all(plain.layout == plains[0].layout for plain in plains):
        images = painted_alike([plain.packed for plain in plains], height, width)
        if images is not None:
            return images.reshape(-1, width), [True] * len(plains)
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


def painted_alike(packed: Sequence[bytes], height: int, width: int) -> NDArray[np.uint8] | None:
    """(N, height, width) of pictures of one size that fits, by their packed lines.

    None unless each is whole and has exactly its lines, in a kilobyte at most, and these are no more than a block.
    Each is a block of one stream that the decoder takes for a single picture. A line of zeros goes before each: its
    first line must not go on from the last one of its neighbour.
    """
    size, above = height * (width + 1), bytes(width + 1)
    lines = []
    try:
        for each in packed:
            found = zlib.decompress(each) if len(each) <= _FEW_BYTES else b""
            if len(found) != size:
                return None
            lines.append(found)
    except zlib.error:
        return None
    block = size + len(above)
    if block > _MOST:
        return None
    head = _STORED(0, block, block ^ _MOST) + above
    pixels = np.empty((len(lines), height + 1, width), np.uint8)
    pixels[0, 0, 0] = _UNSEEN
    canvas = Image.frombuffer("L", (width, len(lines) * (height + 1)), pixels, "raw", "L", 0, 1)
    decoder: Any = _imaging.zip_decoder("L", "L")
    decoder.setimage(canvas.im, (0, 0, *canvas.size))
    read, error = decoder.decode(_STREAM + head + head.join(lines))
    if read >= 0 or error or pixels[0, 0, 0] == _UNSEEN:  # the last where Pillow has copied them
        return None
    return np.ascontiguousarray(pixels[:, 1:])
