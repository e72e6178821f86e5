"""Processes held to a share of the processors, as Lambda holds a function to what follows from its memory.

By a control group of Linux, of either version, which root alone may make; elsewhere there is none.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from bench.machine import family

_ROOT: Final = Path("/sys/fs/cgroup")
_PERIOD: Final = 20_000
"""Microseconds in which a process has its share; short, so that what takes 20 ms is slowed already."""


@contextmanager
def quotas(shares: Mapping[int, float]) -> Iterator[Mapping[int, Callable[[int], None]]]:
    """What holds a process, by its id, to each share of one processor; empty where this machine has no such thing.

    A process, with those that it has begun, is held to what it was given last.
    """
    with ExitStack() as stack:
        found = {name: _group(f"digitdrop-bench-{os.getpid()}-{name}", share) for name, share in shares.items()}
        for group in found.values():
            if group:
                stack.callback(_remove, group)
        groups = {name: group for name, group in found.items() if group}
        yield {name: _moving(group) for name, group in groups.items()} if len(groups) == len(shares) else {}


def _group(name: str, share: float) -> Path | None:
    quota = round(_PERIOD * share)
    settings = {
        _ROOT / "cpu" / name: {"cpu.cfs_period_us": f"{_PERIOD}", "cpu.cfs_quota_us": f"{quota}"},
        _ROOT / name: {"cpu.max": f"{quota} {_PERIOD}"},
    }
    for folder, values in settings.items():
        with suppress(OSError):
            if not folder.parent.joinpath("cgroup.procs").exists():
                continue
            folder.mkdir()
            try:
                for file, value in values.items():
                    if not (folder / file).exists():
                        raise FileNotFoundError(file)
                    (folder / file).write_text(value)
            except OSError:
                _remove(folder)
                raise
            return folder
    return None


def _moving(group: Path) -> Callable[[int], None]:
    def move(process: int) -> None:
        members = group / "cgroup.procs"
        members.write_text(str(process))
        for member in family(process)[1:]:
            with suppress(ProcessLookupError):  # it has ended meanwhile
                members.write_text(str(member))

    return move


def _remove(group: Path) -> None:
    """What is still in it goes back to where it came from."""
    with suppress(OSError):
        for process in (group / "cgroup.procs").read_text(encoding="utf-8").split():
            with suppress(ProcessLookupError):
                (group.parent / "cgroup.procs").write_text(process, encoding="utf-8")
    with suppress(OSError):
        group.rmdir()
