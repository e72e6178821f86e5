"""Processes that read pictures beside the handler's own, which Python's lock keeps to one processor."""

import logging
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from io import FileIO
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import IO, Final, NamedTuple

from handler.errors import LostError
from handler.groups import Read
from handler.members import Packed
from handler.packets import ENDS, answered, question, read_of

_LOG: Final = logging.getLogger("digitdrop")
WORTH: Final = 0.05
"""Seconds of reading, since this process began, after which others are begun: what took long will take longer.

So a batch of 10,000 small images already has them, and a larger one needs no more memory.
"""
_AHEAD: Final = 6
"""Groups that a process has at a time, and fewer where they are large: it is seldom to wait for the next one."""
_LITTLE: Final = 3
"""Groups that are left to a process when it is to have another, however much of it is to be done here."""
_PIPE_BYTES: Final = 1 << 20
"""Of the pipe to it: what that holds is written without waiting. Linux allows no more to all."""
_USUAL_BYTES: Final = 1 << 16
"""Of a pipe that nobody asked to be wider."""
_SPARE_BYTES: Final = 1 << 14
"""Of a pipe, for what is sent beside pictures, and for pages that are not filled."""


class Crew:
    """`reading.Elsewhere` in up to `amount` processes; one that ends is not replaced, and what it had is read here."""

    def __init__(self, amount: int) -> None:
        self._amount = amount
        self._worked = 0.0
        self._workers: list[_Worker] = []
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
                        self._workers = [*self._workers, _Worker()]
                except OSError:  # no process can be had: so it goes on as it does
                    _LOG.warning("no process can be begun that reads pictures too", exc_info=True)

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.close()


class _Answer(Future[Sequence[Read]]):
    """What a process makes of pictures. Nobody listens to it all the time: who looks takes what has come.

    A thread that listened would wake up for every page of an answer, and keep the others from Python's lock.
    """

    def __init__(self, worker: "_Worker") -> None:
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


class _Worker:
    """One process, and what it was asked."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        environment = os.environ | {"PYTHONPATH": paths}
        begun = _begun([sys.executable, "-P", "-m", "handler.worker"], environment)
        self._process, self._stdin, self._stdout, self._pipe_bytes = begun
        self._held: deque[_Held] = deque()
        self._ready = self._closed = self._ended = False
        self._state = Lock()
        """Of what is held; never kept while anything is waited for."""
        self._pipe = Lock()
        """Kept while pictures are written."""
        self._answers = Lock()
        """Kept while an answer is taken, which may have to be waited for."""
        self._events = select.poll()
        self._events.register(self._stdout, select.POLLIN)
        os.set_blocking(self._stdin.fileno(), False)  # it has no name
        self._either = select.poll()
        self._either.register(self._stdout, select.POLLIN)
        self._either.register(self._stdin, select.POLLOUT)

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
                while not self._ended and self._has_come():
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
        self._process.kill()
        self._process.wait()

    def _has_time(self, size: int) -> bool:
        """Whether pictures of so many bytes would be read soon, and go into the pipe beside what is in it.

        What it has is in the pipe, but for the first, which it is at. About so: what does not fit is waited for.
        """
        ahead = len(self._held)
        in_pipe = sum(each.size for each in islice(self._held, 1, None))
        is_stale = any(each.answer.cancelled() for each in self._held)
        is_open = self._ready and not self._closed and not is_stale and ahead < _AHEAD
        return is_open and (not ahead or in_pipe + size <= self._pipe_bytes - _SPARE_BYTES)

    def _ask(self, held: _Held, message: bytes) -> bool:
        """Write it whole, or end the process, which would take what follows half of it for others.

        False where it has ended already.
        """
        try:
            with self._state:
                if self._ended:
                    return False
                self._held.append(held)
            self._write(message)
        except OSError:  # it has ended: who takes its answers finds that too
            self._process.kill()
        except BaseException:
            self._process.kill()
            raise
        return True

    def _write(self, message: bytes) -> None:
        left = memoryview(message)
        while left:
            try:
                left = left[os.write(self._stdin.fileno(), left) :]
            except BlockingIOError:  # it may be waiting for its answers to be taken
                self._either.poll()
                self.look()

    def _has_come(self) -> bool:
        return bool(self._events.poll(0))

    def _receive(self) -> None:
        """Take one answer, whatever it is; after its end all that it had is lost."""
        try:
            found = answered(self._stdout)
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
        self._process.kill()
        self._process.wait()
        while self._held:
            with suppress(InvalidStateError):  # it was settled, or nobody wants it
                self._held[0].answer.set_exception(LostError("it has ended"))
            with self._state:
                self._held.popleft()
        if not self._closed and not is_known:
            _LOG.warning("a process that read pictures has ended: this one goes on without it")


def _begun(
    command: list[str], environment: dict[str, str]
) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes], int]:
    """A process with wide pipes, the ends of them, and their bytes; usual pipes where the system allows no others."""

    def begin(pipe_bytes: int) -> "subprocess.Popen[bytes]":
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, pipesize=pipe_bytes)  # noqa: S603

    pipe_bytes = _PIPE_BYTES if sys.platform == "linux" else _USUAL_BYTES  # elsewhere none can be asked for
    try:
        process = begin(_PIPE_BYTES)
    except PermissionError:
        process, pipe_bytes = begin(-1), _USUAL_BYTES
    if process.stdin is None or process.stdout is None:
        raise OSError("a process without pipes cannot be asked")
    answers = FileIO(process.stdout.fileno(), closefd=False)  # what has come waits in the pipe, where it is seen
    return process, process.stdin, answers, pipe_bytes
