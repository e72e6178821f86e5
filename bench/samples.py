"""The drops that are measured, made once of MNIST and kept in `artifacts/bench/samples`.

Of large drops not every picture is another one: as many are drawn as `DRAWN` says, and come again under other names.
"""

import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from bench.drawing import Digit, Rng
from bench.drawings import Named, mixed, mnist, small
from train.data import load_mnist

FOLDER: Final = Path("artifacts/bench/samples/1")
"""The number changes when what is drawn does."""
MNIST: Final = "mnist"
SMALL: Final = "small"
MIXED: Final = "mixed"
DRAWN: Final[Mapping[str, int]] = {MNIST: 10_000, SMALL: 2_000, MIXED: 2_000}
"""Of each kind, how many different pictures there are: the first of MNIST's test images."""
_MAKERS: Final[Mapping[str, Callable[[Digit, Rng], Named]]] = {MNIST: mnist, SMALL: small, MIXED: mixed}


def zipped(kind: str, count: int, start: int = 0) -> Path:
    """A zip of `count` pictures, deflated as most programs make them, from the picture with the number `start` on."""

    def make(path: Path) -> None:
        pictures = _pictures(kind, min(start + count, DRAWN[kind]))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(start, start + count):
                suffix, body = pictures[number % len(pictures)]
                archive.writestr(f"{number:07}.{suffix}", body)

    return _made(FOLDER / f"{kind}-{start}-{count}.zip", make)


def loose(count: int) -> Path:
    """A folder of `count` PNGs of 28×28."""

    def make(path: Path) -> None:
        path.mkdir()
        for number, (suffix, body) in enumerate(_pictures(MNIST, count)):
            (path / f"{number:07}.{suffix}").write_bytes(body)

    return _made(FOLDER / f"loose-{count}", make)


def idx(count: int) -> Path:
    """An IDX file of MNIST's first `count` training images."""

    def make(path: Path) -> None:
        images = load_mnist().x_train[:count]
        path.write_bytes(struct.pack(">IIII", 0x803, *images.shape) + images.tobytes())

    return _made(FOLDER / f"train-{count}-images.idx3-ubyte", make)


def labels(count: int, kind: str) -> list[int]:
    """What the pictures of a zip show, in their order."""
    drawn = load_mnist().y_test[: min(count, DRAWN[kind])]
    return [int(drawn[number % len(drawn)]) for number in range(count)]


def extended(csv: Path, rows: int) -> Path:
    """A folder's CSV with `rows` rows like the last one of `csv`, sorted, none of them of an image that is dropped."""
    header, *_, last = csv.read_bytes().splitlines(keepends=True)
    rest = last.partition(b",")[2]

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(header)
            file.writelines(b"a%07d.png,%s" % (number, rest) for number in range(rows))

    return _made(FOLDER / f"standing-{zlib.crc32(header + rest):08x}-{rows}.csv", make)


def _pictures(kind: str, count: int) -> list[Named]:
    """The same at each call, each made by itself, so that more of them begin with fewer."""
    return list(_drawn(kind, count))


def _drawn(kind: str, count: int) -> Iterator[Named]:
    for number, digit in enumerate(load_mnist().x_test[:count]):
        yield _MAKERS[kind](digit, np.random.default_rng(number))


def _made(path: Path, make: Callable[[Path], None]) -> Path:
    """A file or a folder that is there whole or not at all."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"half-{path.name}")
        if half.is_dir():
            shutil.rmtree(half)
        make(half)
        half.rename(path)
    return path
