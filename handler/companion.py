"""One process that reads pictures beside the handler's: what it was asked, and what came of it."""

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from itertools import islice
from threading import Lock
from typing import Final, NamedTuple

from handler.errors import LostError
from handler.groups import Read
from handler.members import Packed
from handler.packets import ENDS, answered, question, read_of
from handler.process import Process

_LOG: Final = logging.getLogger("digitdrop")
_AHEAD: Final = 6
"""Groups that a process has at a time, and fewer where they are large: it is seldom to wait for the next one."""
_LITTLE: Final = 3
"""Groups that are left to a process when it is to have another, however much of it is to be done here."""
_SPARE_BYTES: Final = 1 << 14
"""Of a pipe, for what is sent beside pictures, and for pages that are not filled."""


class _Answer(Future[Sequence[Read]]):
    """What a process makes of pictures. Nobody listens to it all the time: who looks takes what has come.

    A thread that listened would wake up for every page of an answer, and keep the others from Python's lock.
    """

    def __init__(self, worker: "Companion") -> None:
        super().__init__()
        self._worker = worker

    def is_settled(self) -> bool:
        """Whether it is done, as far as is known."""
        return super().done()

    def done(self) -> bool:
        """As a future's."""
        self._worker.look()
        return super().done()

    def result(self, timeout: float | None = None) -> Sequence[Read]:
        """As a future's, but that it does not end before the process answers or ends."""
        while not self.is_settled():
            self._worker.wait(self)
        return super().result(timeout)


class _Held(NamedTuple):
    """Pictures that a process has."""

    pictures: Sequence[Packed]
    size: int
    """Of their files, in bytes."""
    answer: _Answer


class Companion:
    """One process, and what it was asked."""

    def __init__(self) -> None:
        self._process = Process("handler.worker")
        self._held: deque[_Held] = deque()
        self._ready = self._closed = self._ended = False
        self._state = Lock()
        """Of what is held; never kept while anything is waited for."""
        self._pipe = Lock()
        """Kept while pictures are written."""
        self._answers = Lock()
        """Kept while an answer is taken, which may have to be waited for."""

    def take(self, pictures: Sequence[Packed]) -> Future[Sequence[Read]] | None:
        """As `Crew.take`."""
        self.look()
        held = _Held(pictures, sum(len(picture.data) for picture in pictures), _Answer(self))
        if not self._pipe.acquire(blocking=False):
            return None
        try:
            with self._state:
                if not self._has_time(held.size):
                    return None
            message = question(pictures)
            return held.answer if self._ask(held, message) else None
        finally:
            self._pipe.release()

    def is_short(self) -> bool:
        """Whether it has little left to read."""
        self.look()
        with self._state:
            usual = self._held[-1].size if self._held else 0
            return len(self._held) < _LITTLE and self._has_time(usual)

    def look(self) -> None:
        """Take the answers that have come."""
        if self._answers.acquire(blocking=False):
            try:
                while not self._ended and self._process.has_come():
                    self._receive()
            finally:
                self._answers.release()

    def wait(self, answer: _Answer) -> None:
        """Take the next answer, unless somebody else had the one that is waited for."""
        with self._answers:
            if not answer.is_settled():
                self._receive()

    def close(self) -> None:
        """End it, whatever it is at."""
        self._closed = True
        self._process.end()

    def _has_time(self, size: int) -> bool:
        """Whether pictures of so many bytes would be read soon, and go into the pipe beside what is in it.

        What it has is in the pipe, but for the first, which it is at. About so: what does not fit is waited for.
        """
        ahead = len(self._held)
        in_pipe = sum(each.size for each in islice(self._held, 1, None))
        is_stale = any(each.answer.cancelled() for each in self._held)
        is_open = self._ready and not self._closed and not is_stale and ahead < _AHEAD
        return is_open and (not ahead or in_pipe + size <= self._process.pipe_bytes - _SPARE_BYTES)

    def _ask(self, held: _Held, message: bytes) -> bool:
        """Write it whole, or end the process, which would take what follows half of it for others.

        False where it has ended already.
        """
        try:
            with self._state:
                if self._ended:
                    return False
                self._held.append(held)
            self._process.write(message, self.look)
        except OSError:  # it has ended: who takes its answers finds that too
            self._process.end()
        except BaseException:
            self._process.end()
            raise
        return True

    def _receive(self) -> None:
        """Take one answer, whatever it is; after its end all that it had is lost."""
        try:
            found = answered(self._process.answers)
            if not self._ready:
                self._ready = True
                return
            held = self._held[0]
            if held.answer.set_running_or_notify_cancel():
                held.answer.set_result(read_of(held.pictures, found))
            with self._state:
                self._held.popleft()
            return
        except ENDS:
            pass
        except Exception:  # noqa: BLE001  # whoever waits for the answer would wait for ever
            _LOG.warning("what a process read cannot be understood", exc_info=True)
        except BaseException:  # half of an answer may be taken: what follows is none
            self._end()
            raise
        self._end()

    def _end(self) -> None:
        with self._state:
            is_known, self._ready, self._ended = self._ended, False, True
        self._process.end()
        while self._held:
            with suppress(InvalidStateError):  # it was settled, or nobody wants it
                self._held[0].answer.set_exception(LostError("it has ended"))
            with self._state:
                self._held.popleft()
        if not self._closed and not is_known:
            _LOG.warning("a process that read pictures has ended: this one goes on without it")
