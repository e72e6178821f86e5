"""The machine and the libraries that were measured."""

import os
import platform
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final

from handler.cores import cores
from infra.place import isolated
from infra.processes import interruptible

LIBRARIES: Final = (
    *("numpy", "onnxruntime", "pillow", "boto3", "botocore", "aws-lambda-powertools", "awslambdaric"),
    *("tensorflow-cpu", "tensorflow", "keras", "imagecodecs", "opencv-python-headless", "moto"),
)


def by_itself() -> None:
    """Have this process end when it is asked to, and see nothing of whose account and endpoint are set outside."""
    interruptible()
    environment = isolated(os.environ)
    os.environ.clear()
    os.environ.update(environment)


def about() -> dict[str, str]:
    """What a reader of numbers has to know of where they were measured."""
    versions = []
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            versions.append(f"{name} {metadata.version(name)}")
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "machine": f"{cores()} cores, {_processor()}, {platform.system()} on {platform.machine()}",
        "load": f"{load} at the end, nice {os.nice(0)}",
        "python": platform.python_version(),
        "libraries": ", ".join(versions),
    }


def peak_megabytes() -> float:
    """The most memory that this process has had, and those that it has begun: theirs added, though not of one moment.

    A child's `ru_maxrss` on Linux begins with what its parent had.
    """
    import resource  # noqa: PLC0415  # Windows has none

    if not Path("/proc/self/status").exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return sum(map(_peak_of, family(os.getpid())))


def family(process: int) -> list[int]:
    """A process and all that are below it, on Linux."""
    found = [process]
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended meanwhile
            for child in path.read_text(encoding="ascii").split():
                found += family(int(child))
    return found


def _peak_of(process: int) -> float:
    with suppress(OSError):
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / (1 << 10)
    return 0.0


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
