"""Memory that arrays come and go in."""

import os
import platform
import subprocess
import sys

import pytest

from tests.stacks import ROOT

PROGRAM = """
import resource, sys
import numpy as np
from handler.heap import keep
if sys.argv[1] == "kept":
    keep()
def group():
    [np.ones(1 << 16) for _ in range(10)]  # of half a megabyte each
group()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    group()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(way: str, **environment: str) -> int:
    """Pages that Linux had to find for groups of arrays that come and go, after the first of them."""
    command = [sys.executable, "-c", PROGRAM, way]
    inherited = {name: value for name, value in os.environ.items() if "MALLOC" not in name and "TUNABLES" not in name}
    ran = subprocess.run(command, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library is not glibc")
def test_memory_is_kept_for_the_next_array() -> None:
    """No group has new pages after the first one; many have where nothing is kept, or the environment says how."""
    few = 1280  # as many as a group has

    assert faults("kept") < few
    assert faults("not kept") > 5 * few
    assert faults("kept", MALLOC_MMAP_THRESHOLD_="65536") > 5 * few
    assert faults("kept", GLIBC_TUNABLES="glibc.malloc.mmap_threshold=65536") > 5 * few
