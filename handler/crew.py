"""Processes that read pictures beside the handler's own, which Python's lock keeps to one processor."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Final

from handler.companion import Companion
from handler.groups import Read
from handler.members import Packed

_LOG: Final = logging.getLogger("digitdrop")
WORTH: Final = 0.05
"""Seconds of reading, since this process began, after which others are begun: what took long will take longer.

So a batch of 10,000 small images already has them, and a larger one needs no more memory.
"""


class Crew:
    """`reading.Elsewhere` in up to `amount` processes; one that ends is not replaced, and what it had is read here."""

    def __init__(self, amount: int) -> None:
        self._amount = amount
        self._worked = 0.0
        self._workers: list[Companion] = []
        self._lock = Lock()

    def take(self, pictures: Sequence[Packed]) -> Future[Sequence[Read]] | None:
        """What a process will make of pictures; None where none has time for them.

        Who no longer wants it cancels it: it is read all the same, and until then that process has no time.
        """
        for worker in self._workers:
            if found := worker.take(pictures):
                return found
        return None

    def is_short(self) -> bool:
        """Whether a process has little left to read."""
        return any(worker.is_short() for worker in self._workers)

    def note(self, seconds: float) -> None:
        """That this process has read pictures for so long; when that is enough, the others are begun."""
        if not self._amount:
            return
        with self._lock:
            self._worked += seconds
            if self._worked >= WORTH:
                amount, self._amount = self._amount, 0
                try:
                    for _ in range(amount):
                        self._workers = [*self._workers, Companion()]
                except OSError:  # no process can be had: so it goes on as it does
                    _LOG.warning("no process can be begun that reads pictures too", exc_info=True)

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.close()
