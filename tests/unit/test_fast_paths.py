"""The CSV of a batch is the same in every byte with all fast paths and with none."""

import io

import numpy as np
import pytest

from handler.batches import read_batch
from handler.classify import classify
from handler.contents import SNIFF_BYTES, sniff
from handler.predictions import write_csv
from handler.settings import Settings
from handler.slices import Slices
from handler.stopwatch import Stopwatch
from tests.doubles import RowClassifier, bar, encoded, zipped
from tests.unit.arraymakers import idx
from tests.unit.gallery import ALL
from tests.unit.tarmakers import tarred

SETTINGS = Settings("digits", probabilities=True)
PNGS = {f"{number:03}.png": encoded(np.roll(bar(2 + number % 7 * 3, 20), number % 3, 0)) for number in range(300)}
CORPUS = {f"{number}/{name}": data for number in range(30) for name, data in ALL.items()}
CORPUS |= {"=formula, quoted.png": ALL["png"], "empty": b"", "text": b"text", "cut.png": ALL["png"][:-3]}
BATCHES = {
    "corpus.zip": zipped(CORPUS),
    "corpus.tar": tarred(list(CORPUS.items())),
    "pngs.zip": zipped(PNGS),
    "pngs.tar": tarred(list(PNGS.items())),
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
    monkeypatch.setattr("handler.members.read_plain", lambda *_: None)
    monkeypatch.setattr("handler.groups.mnist", lambda images: [None] * len(images))
    monkeypatch.setattr("handler.predictions.BLOCK_ROWS", 1)

    assert csv_of(name) == fast
    assert fast.count(b"\n") > 1
