"""A picture's frames; what opens them is imported when the first picture needs it.

Pillow's decoders take 8 ms of a start, and small plain PNGs, arrays and their archives are read without them.
"""

from collections.abc import Iterator

from handler.luminance import Plane


def read_frames(data: bytes, max_pixels: int, max_frames: int) -> Iterator[Plane]:
    """What `pictures.read_frames` gives and raises."""
    from handler import pictures  # noqa: PLC0415  # what this module is for

    return pictures.read_frames(data, max_pixels, max_frames)


def pixels_of(data: bytes, max_pixels: int, most: int) -> int:
    """What `pictures.pixels_of` gives."""
    from handler import pictures  # noqa: PLC0415  # likewise

    return pictures.pixels_of(data, max_pixels, most)
