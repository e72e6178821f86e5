"""Processes that read pictures beside the handler's own, which Python's lock keeps to one processor."""

import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Lock, Thread
from typing import Final

from handler.errors import LostError
from handler.groups import Read
from handler.members import Packed
from handler.packets import ENDS, answered, ask, read_of

_LOG: Final = logging.getLogger("digitdrop")
WORTH: Final = 0.05
"""Seconds of reading, since this process began, after which others are begun: what took long will take longer.

So a batch of 10,000 small images already has them, and a larger one needs no more memory.
"""
_AHEAD: Final = 6
"""Groups that a process has at a time, and only two where they are large: it is never to wait for the next one."""
_PIPE_BYTES: Final = 1 << 20
"""Of the pipe to it: what that holds is written without waiting. Linux allows no more to all."""


class Crew:
    """`reading.Elsewhere` in up to `amount` processes; one that ends is not replaced, and what it had is read here."""

    def __init__(self, amount: int) -> None:
        self._amount = amount
        self._worked = 0.0
        self._workers: list[_Worker] = []
        self._lock = Lock()

    def take(self, pictures: Sequence[Packed]) -> Future[list[Read]] | None:
        """What a process will make of pictures; None where none has time for them."""
        for worker in self._workers:
            if found := worker.take(pictures):
                return found
        return None

    def note(self, seconds: float) -> None:
        """That this process has read pictures for so long; when that is enough, the others are begun."""
        if not self._amount:
            return
        with self._lock:
            self._worked += seconds
            if self._worked >= WORTH:
                self._workers = [_Worker() for _ in range(self._amount)]
                self._amount = 0

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.close()


class _Worker:
    """One process, and the thread that takes its answers."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        self._process = subprocess.Popen(  # this Python, with arguments of ours
            [sys.executable, "-P", "-m", "handler.worker"],
            env=os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pipesize=_PIPE_BYTES,
        )
        self._held: deque[tuple[Sequence[Packed], Future[list[Read]]]] = deque()
        self._ready = self._closed = False
        self._lock = Lock()
        Thread(target=self._receive, daemon=True).start()

    def take(self, pictures: Sequence[Packed]) -> Future[list[Read]] | None:
        """As `Crew.take`."""
        with self._lock:
            if not self._ready or len(self._held) >= _AHEAD or self._process.stdin is None:
                return None
            size = sum(len(picture.data) for held in (pictures, *(held for held, _ in self._held)) for picture in held)
            if len(self._held) > 1 and size > _PIPE_BYTES:
                return None
            found: Future[list[Read]] = Future()
            self._held.append((pictures, found))
            try:
                ask(pictures, self._process.stdin)
            except OSError:  # it has ended: the other thread finds that too
                self._held.pop()
                self._ready = False
                return None
            return found

    def close(self) -> None:
        """End it, whatever it is at."""
        self._closed = True
        self._process.kill()
        self._process.wait()

    def _receive(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            return
        try:
            answered(stdout)
            self._ready = True
            while True:
                found = answered(stdout)
                pictures, future = self._held.popleft()
                future.set_result(read_of(pictures, found))
        except ENDS:
            pass
        with self._lock:
            self._ready = False
            lost = list(self._held)
        for _, future in lost:
            future.set_exception(LostError("it has ended"))
        if not self._closed:
            _LOG.warning("a process that read pictures has ended: this one goes on without it")
