"""The C library's memory, kept for arrays of the same size that come again."""

import ctypes
import os
import sys
from typing import Final

KEPT_BYTES: Final = 1 << 25
"""Of one array, and of what is free, at most; glibc takes no more for an array."""
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3


def keep() -> None:
    """Have glibc keep memory that is given back, unless the environment (`MALLOC_…`) says how it is to do.

    Arrays of some hundred kilobytes come and go with every group of pictures. By itself glibc gives each back to
    Linux, which has to fill the next one's pages with zeros: one in twenty seconds of normalising.
    """
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:  # not every C library has it
        mallopt(_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
