"""The inspection of an `.h5` file before Keras may open it, in a process of its own.

The HDF5 library is C, and a damaged file can crash it, stall it, or have it take all memory; then it is this process
that ends, and the file is refused.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from train.errors import PublishError

MAX_FILE: Final = 1 << 30
"""Bytes: the most weights that are read, and the two copies that an optimiser keeps of them."""
MEMORY: Final = 3 << 30
"""Bytes of address space; the weights are read one at a time."""
SECONDS: Final = 60
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_ZIP: Final = b"PK\x03\x04"


def inspected_copy(h5: Path, folder: Path) -> Path:
    """A copy of `h5` in `folder`, where nobody else changes it, that can be given to Keras.

    Raises `PublishError`, which names the layer, link, shape or whatever is wrong, where it cannot.
    """
    if not h5.is_file():
        raise PublishError(f"{h5} is neither a file nor the folder of a release, such as artifacts/models/VERSION")
    size = h5.stat().st_size
    if size > MAX_FILE:
        raise PublishError(f"{h5.name} has {size} bytes, more than {MAX_FILE}: save it without optimiser, or shrink it")
    with h5.open("rb") as file:
        start = file.read(len(_HDF5))
    if start != _HDF5:
        kind = " but a .keras file: load it in Keras and" if start.startswith(_ZIP) else ":"
        raise PublishError(f"{h5.name} is not an HDF5 file{kind} save the model as .h5")
    copy = folder / "model.h5"
    shutil.copyfile(h5, copy)
    verdict = inspect(copy)
    if verdict:
        raise PublishError(f"{h5.name} is refused: {verdict}")
    return copy


def inspect(path: Path) -> str:
    """Why the HDF5 file at `path` must not be given to Keras; empty where it may. Another process opens it."""
    command = [sys.executable, "-m", "train.inspection", str(path.resolve())]
    # No plugin may be loaded, whatever the environment names; and one thread's memory is enough.
    environment = os.environ | {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603  # our own module, on a path that begins with a slash
            command,
            cwd=Path(__file__).parents[1],
            env=environment,
            capture_output=True,
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "it keeps the HDF5 library busy without end, so it is damaged: save it again"
    try:
        verdict: str = json.loads(done.stdout)
    except ValueError:
        return f"it crashes the HDF5 library (exit {done.returncode}), so it is damaged: save it again"
    return verdict


def verdict_on(path: Path) -> str:
    """Why the file at `path` is refused; empty where it is not."""
    from train import architecture, hdf5  # noqa: PLC0415  # only the process that reads the file needs h5py

    try:
        architecture.check(hdf5.description(path).architecture)
    except PublishError as refusal:
        return str(refusal)
    except MemoryError:
        return "reading it takes more memory than a model may: shrink it"
    except Exception as error:  # noqa: BLE001  # h5py raises what it likes on a damaged file
        return f"it is damaged, and HDF5 cannot read it ({' '.join(str(error).split())}): save it again"
    return ""


def _limit() -> None:
    """Of what the process may take; a system that knows no such limit (Windows) or not this one (macOS) has none."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  # not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    _limit()
    print(json.dumps(verdict_on(Path(sys.argv[1]))))  # noqa: T201  # this is how the processes speak
