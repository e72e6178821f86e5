"""Python's garbage collector, out of the way of what is made once and stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Collect nothing inside, and never look again at what was made there.

    Imports and clients make hundreds of thousands of objects, and next to no garbage among them. Collections that look
    for it take a tenth of a start, and later ones as long again, each time that they reach the oldest objects.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.enable()
