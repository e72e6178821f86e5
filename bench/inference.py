"""A floor: the network alone in ONNX Runtime on all cores: `python -m bench.inference RELEASE …`.

Images lie ready as the floats that it reads, and each of the ways to keep the cores busy is tried; the fastest counts.
"""

import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bench.serving import serve
from handler.cores import cores
from train.data import load_mnist

Images = NDArray[np.float32]
WAYS: Final = ("one session, groups of 256", "one session, groups of 1,024", "a session a core, groups of 256")


def main(arguments: list[str]) -> None:
    """Answer until there are no more requests."""
    images = load_mnist().x_test.astype(np.float32) / np.float32(255)
    ways = {(path, way): _runner(Path(path), way) for path in arguments for way in WAYS}

    def read(request: Mapping[str, Any]) -> dict[str, Any]:
        run, some = ways[request["release"], request["way"]], images[: request["count"]]
        begun = time.perf_counter()
        run(some)
        return {"seconds": time.perf_counter() - begun, "rows": len(some)}

    serve(read)


def _runner(release: Path, way: str) -> Callable[[Images], None]:
    if way == WAYS[2]:
        sessions = [_session(release, 1) for _ in range(cores())]
        pool = ThreadPoolExecutor(cores())

        def share(images: Images) -> None:
            list(pool.map(lambda pair: _run(pair[0], pair[1], 256), _shares(sessions, images)))

        return share
    session, size = _session(release, cores()), 256 if way == WAYS[0] else 1024
    return lambda images: _run(session, images, size)


def _shares(sessions: list[Any], images: Images) -> list[tuple[Any, Images]]:
    return list(zip(sessions, np.array_split(images, len(sessions)), strict=True))


def _session(release: Path, threads: int) -> Any:  # noqa: ANN401  # ONNX Runtime has no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(release / "model.onnx", options, providers=["CPUExecutionProvider"])


def _run(session: Any, images: Images, size: int) -> None:  # noqa: ANN401  # likewise
    name = session.get_inputs()[0].name
    for start in range(0, len(images), size):
        session.run(None, {name: images[start : start + size]})


if __name__ == "__main__":
    main(sys.argv[1:])
