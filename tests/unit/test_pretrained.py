"""The model that comes with the project: whole, small, good, and what `make train` makes."""

import json
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from handler.card import PREPROCESSING, read_card
from handler.model import Registry
from train import flags
from train.data import load_mnist
from train.filestore import release_store
from train.publish import CARD, DIGITS, PRETRAINED, Release, read_release
from train.ship import MAX_BYTES

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make")
LEAST_ACCURACY = 0.997
"""On MNIST's test set."""


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """The release in `train/pretrained`, whose every file is the one that its card names."""
    monkeypatch.chdir(ROOT)
    return read_release(PRETRAINED)


def test_it_is_a_whole_release_that_this_handler_runs(release: Release) -> None:
    """Its preprocessing is the handler's, its labels are the digits, and the handler's registry takes it."""
    assert release.card["preprocessing"] == PREPROCESSING
    assert tuple(release.card["labels"]) == DIGITS
    assert Registry(release_store(PRETRAINED)).current().version == release.version


def test_its_files_are_those_of_its_card_and_small(release: Release) -> None:
    """3 MB together, the `.h5` 2 MB; nothing else lies beside them."""
    sizes = {file.name: file.stat().st_size for file in release.folder.iterdir()}
    assert set(sizes) == {*release.card["files"], CARD} >= {"model.h5", "model.onnx"}
    assert sum(sizes.values()) <= MAX_BYTES
    assert sizes["model.h5"] <= 2_000_000


def test_its_accuracy_is_what_readme_and_card_say(release: Release) -> None:
    """The ONNX file, run by the handler's own code on MNIST's test set, is right as often as both claim."""
    mnist = load_mnist()
    read = Registry(release_store(PRETRAINED)).current().probabilities(mnist.x_test).argmax(axis=1)
    accuracy = float(np.mean(read == mnist.y_test))
    assert accuracy == pytest.approx(release.accuracy, abs=1e-6)
    assert accuracy >= LEAST_ACCURACY
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    claims = re.findall(r"^mnist-test\.zip +10000 .*?(\d+\.\d\d) ?%", readme, re.MULTILINE)
    assert claims == [f"{100 * accuracy:.2f}"] * 2


@pytest.mark.skipif(not MAKE, reason="make is not installed")
def test_make_train_trains_it_again(release: Release) -> None:
    """What the Makefile runs is the recipe in its card, seed included."""
    command = [MAKE or "", "--no-print-directory", "-n", "train", "FLAGS="]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603  # as found above
    _, _, words = printed.splitlines()[-1].partition(" -m train ")
    recipe = flags.recipe(flags.parse(words.split(), {}))
    assert release.card["training"] == json.loads(json.dumps(asdict(recipe)))
    assert release.card["seed"] == recipe.seed


def test_onnx_says_what_keras_says(release: Release) -> None:
    """The two files are one model: the same numbers for a hundred images, within 1e-5."""
    pytest.importorskip("keras")
    from train import loading  # noqa: PLC0415  # needs Keras

    card = read_card((PRETRAINED / CARD).read_bytes())
    images = load_mnist().x_test[:100].astype(np.float32) * np.float32(card.input_high / 255)
    values = images.reshape(-1, *card.input_shape)
    session = onnxruntime.InferenceSession(PRETRAINED / "model.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: values})
    keras_says = np.asarray(loading.load(release.folder / "model.h5", "model.h5").model(values))
    np.testing.assert_allclose(found, keras_says, rtol=0, atol=1e-5)
