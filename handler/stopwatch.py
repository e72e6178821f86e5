"""Where the time of a drop goes, stage by stage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

FETCH: Final = "fetch"
"""S3: the start of the object, and the rest of it."""
READ: Final = "read"
"""Unpacking, decoding and normalising."""
CLASSIFY: Final = "classify"
"""The model, as far as it is waited for: it reads a group while the next one is read."""
WRITE: Final = "write"
"""Rows to a CSV, and its commit, with all that it is checked against and tried again for."""
STAGES: Final = (FETCH, READ, CLASSIFY, WRITE)


class Stopwatch:
    """Seconds by stage, on a clock; one stage has the time at a time, so that they add up.

    It is switched for whole groups of pictures, never for each of them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._stage = ""
        self._since = 0.0
        self.seconds = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Give the time to `stage`, then back to the one that had it; a generator must not yield in between."""
        outer = self._switch(stage)
        try:
            yield
        finally:
            self._switch(outer)

    def _switch(self, stage: str) -> str:
        now = self._clock()
        if self._stage:
            self.seconds[self._stage] += now - self._since
        outer, self._stage, self._since = self._stage, stage, now
        return outer
