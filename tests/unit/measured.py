"""A program in a process of its own, and the memory that it took at most."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PEAK = """
import resource
from pathlib import Path

def peak():
    status = Path("/proc/self/status")  # a child's `ru_maxrss` on Linux begins with what its parent had
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / (1 << 10)
"""


def run(program: str) -> tuple[list[str], float]:
    """What a program printed, by lines, and the megabytes at most in memory above those at the line `begin()`."""
    measuring = f"{_PEAK}\ndef begin():\n    global before\n    before = peak()\n{program}\nprint(peak() - before)\n"
    command = [sys.executable, "-c", measuring]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, timeout=120, check=False)  # noqa: S603  # our own program
    assert ran.returncode == 0, ran.stderr
    *lines, megabytes = ran.stdout.splitlines()
    return lines, float(megabytes)
