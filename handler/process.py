"""A process of this program's own, with a pipe to it and one from it: both are served while it is written to."""

import os
import select
import subprocess
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import IO, Final

_PIPE_BYTES: Final = 1 << 20
"""Of the pipe to it: what that holds is written without waiting. Linux allows no more to all."""
_USUAL_BYTES: Final = 1 << 16
"""Of a pipe that nobody asked to be wider."""


class Process:
    """`python -m` of a module, with this process's paths. `OSError` where none can be had."""

    def __init__(self, module: str) -> None:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        environment = os.environ | {"PYTHONPATH": paths}
        self._process, stdin, stdout, self.pipe_bytes = _begun([sys.executable, "-P", "-m", module], environment)
        self._stdin = stdin.fileno()
        os.set_blocking(self._stdin, False)
        self.answers: IO[bytes] = FileIO(stdout.fileno(), closefd=False)
        """What it writes; what has come waits in the pipe, where it is seen."""
        self._incoming = select.poll()
        self._incoming.register(self.answers, select.POLLIN)
        self._either = select.poll()
        self._either.register(self.answers, select.POLLIN)
        self._either.register(self._stdin, select.POLLOUT)

    def has_come(self) -> bool:
        """Whether there is something to read, or the end."""
        return bool(self._incoming.poll(0))

    def write(self, message: bytes, look: Callable[[], None]) -> None:
        """Write it whole; `look` takes what has come, which it may be waiting for. `OSError` where it has ended."""
        left = memoryview(message)
        while left:
            try:
                left = left[os.write(self._stdin, left) :]
            except BlockingIOError:
                self._either.poll()
                look()

    def end(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.wait()


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
    return process, process.stdin, process.stdout, pipe_bytes
