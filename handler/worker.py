"""A process that decodes and normalises pictures for the handler's: `python -m handler.worker`, see `crew`."""

import os
import signal
import sys
from contextlib import suppress
from typing import IO

from handler import heap
from handler.groups import packed_normals
from handler.packets import ENDS, answer, asked


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Say that it is there, and answer until the handler ends."""
    answer((), answers)
    while True:
        try:
            answer(packed_normals(asked(requests)), answers)
        except ENDS:
            return


def main() -> None:
    """Answer on what was standard output at first; what is printed goes to the log."""
    heap.keep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses Ctrl-C means the handler, and this one ends with it
    with suppress(BrokenPipeError), os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
