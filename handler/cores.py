"""How many processors there are to work with."""

import os


def cores() -> int:
    """Of this process, at least 1."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
