"""What `python -m train` prints: its own lines, and those that `train` logs, for as long as somebody reads them."""

import logging
import os
import sys
from typing import Final

UNREAD: Final = 141
"""The exit code where nobody does: what a shell makes of SIGPIPE."""


class _Lines(logging.StreamHandler):  # type: ignore[type-arg]  # generic to mypy alone
    """Logged lines, of which one that nobody reads is an end and not, as usual, a traceback and then the next one."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # its name in the library
        """Called where writing a line has failed, while that error is being handled."""
        error = sys.exception()
        if isinstance(error, BrokenPipeError):
            raise error
        super().handleError(record)


def prepare() -> None:
    """What `train` logs is this program's output; what TensorFlow says at its start is not."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logger = logging.getLogger("train")
    logger.handlers = [_Lines(sys.stdout)]
    logger.setLevel(logging.INFO)
    logger.propagate = False  # TensorFlow's libraries give the root logger a handler of their own
    logging.getLogger("digitdrop").handlers = [logging.NullHandler()]  # what fails in it comes back as an error


def say(text: str) -> None:
    """A line of its own; raises `BrokenPipeError` where nobody reads it."""
    print(text, flush=True)  # noqa: T201  # the command line is made of these lines


def failed(reason: str, status: int = 1) -> int:
    """Say what went wrong, in one line; gives the exit code."""
    print(f"error: {' '.join(reason.splitlines())}", file=sys.stderr)  # noqa: T201  # likewise
    return status


def unread() -> int:
    """Nobody reads any more, as behind `| head`: a quiet end. Gives the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or what is left in it fails at the very end
    return UNREAD
