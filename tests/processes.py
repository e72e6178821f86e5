"""Waiting for processes, and asking after them."""

import os
import subprocess
import time
from collections.abc import Callable

import pytest

PATIENCE = 60.0
"""Seconds after which a test that waits has failed."""


def wait_for(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not within {patience} s: {what}")
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout  # noqa: S603, S607  # ps, wherever it is
    return bool(state.strip()) and not state.startswith("Z")


def descendants(root: int) -> list[int]:
    """The pids of all processes that one started, and that those did."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout  # noqa: S607  # ps, wherever it is
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [root]
    for above in found:
        found += [pid for pid, parent in pairs if parent == above and runs(pid)]
    return found[1:]
