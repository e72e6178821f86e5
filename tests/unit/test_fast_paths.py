"""The CSV of a batch is the same in every byte with all fast paths and with none."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray

from handler.batches import read_batch
from handler.classify import classify
from handler.contents import SNIFF_BYTES, sniff
from handler.groups import normals
from handler.images import normalise
from handler.luminance import full
from handler.predictions import write_csv
from handler.settings import Settings
from handler.slices import Slices
from handler.stopwatch import Stopwatch
from tests.doubles import RowClassifier, bar, encoded, zipped
from tests.unit.arraymakers import idx
from tests.unit.gallery import ALL
from tests.unit.tarmakers import tarred

SETTINGS = Settings("digits", probabilities=True)


def scan(number: int) -> NDArray[np.uint8]:
    """A bar somewhere on noisy paper, each of another size, one in five light on dark."""
    rng = np.random.default_rng(number)
    high, wide = (int(side) for side in rng.integers(24, 90, 2))
    ink = np.zeros((high, wide))
    ink[high // 4 : high // 2 + number % 9, wide // 3 : wide // 3 + 2 + number % 5] = rng.uniform(60, 200)
    pixels = (230 - ink + rng.normal(0, number % 3, ink.shape)).clip(0, 255)
    return np.asarray(np.rint(255 - pixels if number % 5 == 0 else pixels), np.uint8)


PNGS = {f"{number:03}.png": encoded(np.roll(bar(2 + number % 7 * 3, 20), number % 3, 0)) for number in range(300)}
SCANS = {f"{number:03}.png": encoded(scan(number)) for number in range(100)}
CORPUS = {f"{number}/{name}": data for number in range(30) for name, data in ALL.items()}
CORPUS |= {"=formula, quoted.png": ALL["png"], "empty": b"", "text": b"text", "cut.png": ALL["png"][:-3]}
BATCHES = {
    "corpus.zip": zipped(CORPUS),
    "corpus.tar": tarred(list(CORPUS.items())),
    "pngs.zip": zipped(PNGS),
    "pngs.tar": tarred(list(PNGS.items())),
    "scans.zip": zipped(SCANS),
    "cut.zip": zipped(PNGS)[:-9],
    "x.idx3-ubyte": idx(np.stack([np.roll(bar(4, 20), number % 5, 0) for number in range(300)])),
}


def csv_of(name: str) -> bytes:
    """The CSV of a batch, as the handler writes it."""
    file, data = io.BytesIO(), BATCHES[name]
    pictures = read_batch(io.BytesIO(data), sniff(data[:SNIFF_BYTES], name), name, SETTINGS)
    write_csv(classify(pictures, RowClassifier(), SETTINGS, Stopwatch(lambda: 0.0)), file, probabilities=True)
    return file.getvalue()


@pytest.mark.parametrize("name", BATCHES)
def test_no_byte_of_a_csv_depends_on_the_path(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Every format that is read, many times over, in zip and tar; an archive that is cut off; an array."""
    fast = csv_of(name)
    monkeypatch.setattr(Slices, "whole", lambda *_: None)
    monkeypatch.setattr(Slices, "run", lambda *_: None)
    monkeypatch.setattr("handler.zips._plain_lines", lambda _, at, __: ((), at))
    monkeypatch.setattr("handler.reading.packed_normals", normals)
    monkeypatch.setattr("handler.groups.read_plain", lambda *_: None)
    monkeypatch.setattr("handler.groups.normalise_group", lambda pictures: [normalise(full(one)) for one in pictures])
    monkeypatch.setattr("handler.predictions.BLOCK_ROWS", 1)

    assert csv_of(name) == fast
    assert fast.count(b"\n") > 1
