"""Become a program that ends when the process that started this one does: `python -m infra.tied PARENT PROGRAM …`.

PARENT is that process' pid. However it ends, the program does, which need not know; Linux alone (PR_SET_PDEATHSIG of
prctl(2)).
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, and give it over to the program."""
    parent, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL)):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() == int(parent):  # else it has ended already
        os.execv(command[0], command)  # noqa: S606  # a program of ours


if __name__ == "__main__":
    main(sys.argv[1:])
