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
    """The most memory that this process has had; a child's `ru_maxrss` on Linux begins with what its parent had."""
    import resource  # noqa: PLC0415  # Windows has none

    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    (line,) = [line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / (1 << 10)


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
