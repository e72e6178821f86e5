"""The network alone in ONNX Runtime on one core, beside the mlp's share of the same run: `python -m bench.network`.

Images a second, the median of alternating runs over groups of the size that the handler reads.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime

from handler.errors import DigitdropError
from handler.settings import Settings

_SIDE: Final = 28
_GROUPS: Final = 8


def main(arguments: list[str]) -> int:
    """Measure each release folder that is named, in turns; 1 where one has no model."""
    parser = argparse.ArgumentParser(prog="python -m bench.network", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[Path("train/pretrained")], metavar="RELEASE")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each (%(default)s)")
    flags = parser.parse_args(arguments)
    try:
        print(report(flags.folders, flags.rounds))  # noqa: T201  # the command line's answer
    except DigitdropError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # likewise
        return 1
    return 0


def report(folders: list[Path], rounds: int) -> str:
    """A line for each release: size on disk, images a second, and least to most of them."""
    size = Settings("").group_size
    images = np.random.default_rng(0).random((size, _SIDE, _SIDE), np.float32)
    sessions = [_session(folder) for folder in folders]
    rates: list[list[float]] = [[] for _ in folders]
    for number in range(rounds + 1):
        for session, found in zip(sessions, rates, strict=True):
            name = session.get_inputs()[0].name
            begun = time.perf_counter()
            for _ in range(_GROUPS):
                session.run(None, {name: images})
            if number:  # the first one warms up
                found.append(_GROUPS * size / (time.perf_counter() - begun))
    lines = [f"{'release':<28}{'.h5 KB':>8}{'images/s':>10}{'least–most':>16}"]
    for folder, found in zip(folders, rates, strict=True):
        kilobytes = (folder / "model.h5").stat().st_size / 1000
        spread = f"{min(found):.0f}–{max(found):.0f}"
        lines.append(f"{folder!s:<28}{kilobytes:>8.0f}{statistics.median(found):>10.0f}{spread:>16}")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, of which one is used; ONNX Runtime"
    return "\n".join([*lines, f"Medians of {rounds}, groups of {size}. {machine} {onnxruntime.__version__}"])


def _session(folder: Path) -> onnxruntime.InferenceSession:
    path = folder / "model.onnx"
    if not path.exists():
        raise DigitdropError(f"{path} is not there: name the folder of a release, such as artifacts/models/VERSION")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
