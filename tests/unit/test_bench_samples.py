"""The drops that are measured."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bench import samples
from handler.predictions import read_csv
from infra.strokes import drawn


@dataclass(frozen=True)
class Few:
    """As much of MNIST as a test needs, drawn here."""

    x_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]


@pytest.fixture(autouse=True)
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Few:
    """Four pictures of each kind, in a folder of the test's own."""
    images, labels = drawn(4)
    found = Few(images, images, np.array(labels, np.uint8))
    monkeypatch.setattr(samples, "load_mnist", lambda: found)
    monkeypatch.setattr(samples, "FOLDER", tmp_path / "samples")
    monkeypatch.setattr(samples, "DRAWN", dict.fromkeys(samples.DRAWN, 4))
    return found


def pictures(path: Path) -> list[Image.Image]:
    """What is in a zip."""
    with zipfile.ZipFile(path) as archive:
        return [Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()]


def test_pictures_come_again_under_other_names(few: Few) -> None:
    """Where more are asked for than are drawn; their labels come again with them."""
    path = samples.zipped(samples.MNIST, 6)
    found = [np.asarray(picture) for picture in pictures(path)]
    assert np.array_equal(found, few.x_test[[0, 1, 2, 3, 0, 1]])
    assert samples.labels(6, samples.MNIST) == [int(few.y_test[number % 4]) for number in range(6)]
    with zipfile.ZipFile(path) as archive:
        assert len(set(archive.namelist())) == 6


def test_small_scans_are_dark_on_white_and_28_to_100_pixels_wide() -> None:
    """Each with more paper than ink."""
    for picture in pictures(samples.zipped(samples.SMALL, 4)):
        assert 28 <= picture.width == picture.height <= 100
        pixels = np.asarray(picture, float)
        assert np.median(pixels) > pixels.min() + 50


def test_mixed_pictures_are_100_to_600_pixels_long_and_of_three_formats() -> None:
    """As people's scans and photographs are."""
    found = pictures(samples.zipped(samples.MIXED, 4))
    assert all(98 <= max(picture.size) <= 600 for picture in found)
    assert {picture.format for picture in found} <= {"JPEG", "PNG", "TIFF"}


def test_a_sample_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run finds it, and draws nothing."""
    path = samples.zipped(samples.SMALL, 2)
    monkeypatch.setattr(samples, "_drawn", lambda *_: pytest.fail("it is drawn again"))
    assert samples.zipped(samples.SMALL, 2) == path


def test_a_folder_and_an_idx_file_hold_as_many_as_asked(few: Few) -> None:
    """Loose pictures by themselves, an array behind its header."""
    assert len(list(samples.loose(3).iterdir())) == 3
    assert samples.idx(2).read_bytes()[16:] == few.x_train[:2].tobytes()


def test_a_standing_csv_is_one_that_the_handler_takes_for_its_own(tmp_path: Path) -> None:
    """Sorted, of as many rows as asked, none of them of an image that is dropped."""
    source = tmp_path / "predictions.csv"
    source.write_bytes(b"image,frame,digit,confidence,status,detail,model\n0000000.png,,7,0.9990,ok,,0123456789ab\n")
    path = samples.extended(source, 3)
    with path.open("rb") as file:
        assert [row.image for row in read_csv(file, "k")] == ["a0000000.png", "a0000001.png", "a0000002.png"]
    with path.open(newline="") as text:
        assert [row["digit"] for row in csv.DictReader(text)] == ["7", "7", "7"]
