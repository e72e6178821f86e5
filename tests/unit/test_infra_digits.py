"""What is dropped to try the system: MNIST's test set, or digits that are drawn where it cannot be had."""

from pathlib import Path

import numpy as np
import pytest

from handler.model import Registry
from infra import digits
from infra.strokes import drawn
from train.data import Mnist
from train.errors import DataError
from train.filestore import release_store
from train.publish import PRETRAINED

ROOT = Path(__file__).parents[2]


def test_mnists_test_set_is_what_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its images and labels, under its name."""
    empty = np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8)
    mnist = Mnist(*empty, np.full((2, 28, 28), 7, np.uint8), np.array([3, 4], np.uint8))
    monkeypatch.setattr(digits, "load_mnist", lambda: mnist)
    found = digits.digits(lambda _text: None)
    assert (found.name, found.images.max(), list(found.labels)) == ("mnist-test", 7, [3, 4])


def test_without_mnist_digits_are_drawn_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the network is away the system can be tried all the same."""

    def away() -> Mnist:
        raise DataError("MNIST cannot be downloaded: check the network")

    said: list[str] = []
    monkeypatch.setenv("DIGITDROP_CACHE", str(tmp_path))
    monkeypatch.setattr(digits, "load_mnist", away)
    found = digits.digits(said.append)
    assert said[0] == f"Downloading MNIST into {tmp_path}, once"
    assert said[1] == "MNIST cannot be downloaded: check the network\nIn its place 1000 digits are drawn here"
    assert (found.name, found.images.shape, len(found.labels)) == ("drawn", (1000, 28, 28), 1000)


def test_the_drawn_digits_differ_and_are_read_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two are alike, they are the same each time, and the model that is shipped reads 98 % of them or more."""
    monkeypatch.chdir(ROOT)
    images, labels = drawn(200)
    again, _ = drawn(200)
    assert len({image.tobytes() for image in images}) == 200
    np.testing.assert_array_equal(images, again)
    read = Registry(release_store(PRETRAINED)).current().probabilities(images).argmax(axis=1)
    assert np.mean(read == labels) >= 0.98
