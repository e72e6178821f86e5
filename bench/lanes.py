"""Processes that take turns in being measured, each warm, and how they are asked."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, TypeVar

from bench.serving import READY
from handler.errors import DigitdropError
from infra.processes import how_it_ended

Answer = dict[str, Any]
T = TypeVar("T")
LOG: Final = Path("artifacts/bench/log.txt")


class LaneError(DigitdropError):
    """A process that is measured has ended."""


class Lane:
    """A process that answers requests (`serving.serve`), from the start of a `with` to its end."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        """`python -m module arguments`."""
        LOG.parent.mkdir(parents=True, exist_ok=True)
        self._name = f"{module} {' '.join(arguments)}"
        with LOG.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # this Python, with arguments of ours
                [sys.executable, "-m", module, *arguments],
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Wait until it is ready."""
        try:
            if self.receive() != READY:
                raise LaneError(f"{self._name} answers before it is asked")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._end()

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """Its answer to a request; `LaneError` where it has ended."""
        self.send(request)
        return self.receive()

    def send(self, request: Mapping[str, Any]) -> None:
        """Ask without waiting for the answer."""
        try:
            print(json.dumps(request), file=_pipe(self._process.stdin), flush=True)
        except OSError as error:
            raise self._ended() from error

    def receive(self) -> Answer:
        """The answer to what was sent first."""
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise self._ended()
        answer: Answer = json.loads(line)
        return answer

    def _ended(self) -> LaneError:
        return LaneError(f"{self._name} {how_it_ended(self._process.wait())}: the end of {LOG} may say why")

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        _pipe(self._process.stdin).close()
        _pipe(self._process.stdout).close()


def together(lanes: Sequence[Lane], requests: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The answers of several that work at once."""
    for lane, request in zip(lanes, requests, strict=True):
        lane.send(request)
    return [lane.receive() for lane in lanes]


def in_turns(calls: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What each call gives in `rounds` rounds, in which they take turns."""
    found: dict[str, list[T]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            found[name].append(call())
    return found


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise LaneError("a process without pipes cannot be asked")
    return pipe
