"""The processes of the local stack: started, watched, started again, and ended with the one that started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import IO, Final, NoReturn, Self

from handler.errors import DigitdropError

_SIGNALS: Final = ("SIGTERM", "SIGHUP", "SIGINT")
_GRACE_SECONDS: Final = 5.0
_STEADY_SECONDS: Final = 10.0
"""A process that lived this long counts as having worked."""
_PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a process is started again, by how often it died early in a row."""


def interruptible() -> None:
    """Have whatever ends this process from outside raise `KeyboardInterrupt`, once: what comes after it is ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for name in _SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise KeyboardInterrupt

    for name in _SIGNALS:
        number = getattr(signal, name)
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish stands
            signal.signal(number, interrupt)


class LocalError(DigitdropError):
    """The local stack cannot be started, or cannot go on."""


@dataclass(slots=True)
class Child:
    """One process."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[int]
    output: IO[bytes] | None
    process: subprocess.Popen[bytes]
    begun: float = field(default_factory=time.monotonic)
    early_deaths: int = 0
    again_at: float | None = None


@dataclass(slots=True)
class Processes:
    """A set of processes that ends as a whole; a context manager."""

    output: IO[bytes] | None = None
    """Where they write to; None: where this process does."""
    children: list[Child] = field(default_factory=list)
    _pipe: tuple[int, int] = field(default_factory=os.pipe)
    """Its writing end is closed when this process ends, however it ends: see `lifeline`."""

    def __enter__(self) -> Self:
        """Begin with none."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them all."""
        self.stop()

    def start(  # noqa: PLR0913  # what a process needs
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        descriptor: int | None = None,
        shown: bool = False,
    ) -> Child:
        """Start `python -m module arguments`, with `descriptor` still open in it; `shown`: on this process' output."""
        reading, _ = self._pipe
        command = [sys.executable, "-u", "-m", "infra.lifeline", str(reading), module, *arguments]
        descriptors = [reading] if descriptor is None else [reading, descriptor]
        output = None if shown else self.output
        child = Child(
            name, command, environment, descriptors, output, _spawn(command, environment, descriptors, output)
        )
        self.children.append(child)
        return child

    def stop(self) -> None:
        """End all, the last started first; those that do not end within a few seconds are killed."""
        for child in reversed(self.children):
            child.process.terminate()
        end = time.monotonic() + _GRACE_SECONDS
        for child in reversed(self.children):
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, end - time.monotonic()))
            child.process.kill()
            child.process.wait()
        self.children.clear()
        for descriptor in self._pipe:
            with suppress(OSError):
                os.close(descriptor)


def how_it_ended(status: int) -> str:
    """A process' exit status in words."""
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"


def revive(child: Child) -> str | None:
    """Start a process again that has ended, sooner or later; gives a sentence where there is something to tell."""
    now = time.monotonic()
    status = child.process.poll()
    if status is None:
        return None
    if child.again_at is None:
        child.early_deaths = child.early_deaths + 1 if now - child.begun < _STEADY_SECONDS else 0
        pause = _PAUSES[min(child.early_deaths, len(_PAUSES) - 1)]
        child.again_at = now + pause
        return f"{child.name} {how_it_ended(status)}; it is started again" + (f" in {pause:g} s" if pause else " now")
    if now < child.again_at:
        return None
    child.process = _spawn(child.command, child.environment, child.descriptors, child.output)
    child.begun, child.again_at = now, None
    return f"{child.name} runs again, pid {child.process.pid}"


def _spawn(
    command: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int], output: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # this Python, with arguments of ours
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        pass_fds=descriptors,
        start_new_session=True,  # Ctrl-C is for the parent, which ends its children in order
    )
