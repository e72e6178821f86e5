"""The C library's memory, kept for arrays of the same size that come again."""

import ctypes
import os
import sys
from typing import Final

KEPT_BYTES: Final = 1 << 25
"""Of one array, and of what is free at the end of each of glibc's arenas, at most.

glibc comes to that by itself, once an array as large was given back.
"""
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3


def keep() -> None:
    """Have glibc keep memory that is given back, unless the environment says how it is to do.

    Arrays of some hundred kilobytes come and go with every group of pictures. By itself glibc gives most of them back
    to Linux, which has to fill the next ones' pages with zeros: one in twenty seconds of normalising.
    """
    is_told = "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or is_told or any(name.startswith("MALLOC_") for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:  # not every C library has it
        mallopt(_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
