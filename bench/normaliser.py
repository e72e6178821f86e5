"""What each step of the normaliser is worth on hard pictures of MNIST's test digits: `python -m bench.normaliser`.

The pictures are those of `bench.families`; zips with labels.csv may be given as well. Every column of the table is the
normaliser with one step left out.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bench.families import FAMILIES, Labelled, made, read_zip
from handler.images import normalise
from handler.steps import ALL, Steps


class Reader:
    """A network in ONNX that reads (N, 28, 28) of 0–1."""

    def __init__(self, path: Path) -> None:
        """Of the file at `path`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options)
        self._input = self._session.get_inputs()[0].name

    def digits(self, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The digit of each of (N, 28, 28)."""
        found = [
            self._session.run(None, {self._input: group.astype(np.float32) / np.float32(255)})[0].argmax(axis=1)
            for group in np.array_split(images, max(1, len(images) // 256))
        ]
        return np.concatenate(found)


def variants() -> Mapping[str, Steps]:
    """All steps, and each of them left out or, where it is not done, put in."""
    single = {field.name: getattr(ALL, field.name) for field in fields(ALL)}
    return {"all": ALL} | {
        f"{'without' if on else 'with'} {name}": replace(ALL, **{name: not on}) for name, on in single.items()
    }


def measure(sets: Mapping[str, Labelled], reader: Reader, steps: Steps) -> tuple[dict[str, float], float]:
    """Accuracy of each set, 0 to 1, and images normalised in a second."""
    seconds, count, found = 0.0, 0, {}
    for name, labelled in sets.items():
        start = time.perf_counter()
        images = [normalise(plane, steps).pixels for plane in labelled.planes]
        seconds += time.perf_counter() - start
        count += len(images)
        found[name] = float((reader.digits(np.stack(images)) == labelled.labels).mean())
    return found, count / seconds


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.normaliser", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("model", type=Path, help="a network in ONNX that reads (N, 28, 28) of 0 to 1")
    parser.add_argument("zips", type=Path, nargs="*", help="zips with labels.csv")
    parser.add_argument("--count", type=int, default=300, help="pictures of each family (%(default)s)")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--all", action="store_true", help="all steps only, nothing left out")
    flags = parser.parse_args(arguments)
    sets = {name: made(name, flags.count) for name in flags.families} | {
        path.stem: read_zip(path) for path in flags.zips
    }
    chosen = {"all": ALL} if flags.all else variants()
    results = {name: measure(sets, Reader(flags.model), steps) for name, steps in chosen.items()}
    print(report(sets, results))  # noqa: T201  # the command line is made of these lines
    return 0


def report(sets: Mapping[str, Labelled], results: Mapping[str, tuple[Mapping[str, float], float]]) -> str:
    """The table in Markdown: a row for each set, a column for each variant, in per cent."""
    lines = ["| set | of | " + " | ".join(results) + " |", "|---|--:|" + "--:|" * len(results)]
    for name, labelled in sets.items():
        shares = " | ".join(f"{accuracy[name]:.1%}" for accuracy, _ in results.values())
        lines.append(f"| {name} | {len(labelled.labels)} | {shares} |")
    lines.append("| images/s | | " + " | ".join(f"{rate:.0f}" for _, rate in results.values()) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
