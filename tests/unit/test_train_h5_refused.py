"""Models of no use, in Keras: each is refused with the name of the layer, or the shape, that is in the way."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from keras import layers

from tests.unit.h5makers import bars, bars_set, good, layer, linear, write
from tests.unit.kerasends import image, ten
from tests.unit.test_train_h5_inspection import EDITS, spoiled
from train import loading, reading
from train.errors import PublishError
from train.inspection import inspect
from train.loading import load
from train.release import Terms, prepare

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each


def two_inputs() -> Any:  # noqa: ANN401  # Keras has no types
    """A model of two images."""
    one, two = image(28, 28), image(28, 28)
    return keras.Model([one, two], ten()(layers.Flatten()(layers.Add()([one, two]))))


def two_outputs() -> Any:  # noqa: ANN401  # likewise
    """A model of two answers."""
    pixels = image(784)
    return keras.Model(pixels, [ten()(pixels), ten()(pixels)])


def joined(join: Any, activation: str) -> Any:  # noqa: ANN401  # likewise
    """Two answers made one."""
    pixels = image(784)
    return keras.Model(pixels, join([ten(activation)(pixels), ten("softmax")(pixels)]))


def in_half_precision() -> Any:  # noqa: ANN401  # likewise
    """A layer that computes in 16 bits."""
    return keras.Sequential([image(784), ten(name="half", dtype="mixed_float16")])


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: keras.Sequential([image(32, 32, 1), layers.Flatten(), ten()]), r"\(None, 32, 32, 1\): .*ZeroPadding2D"),
    (lambda: keras.Sequential([image(28, 28, 3), layers.Flatten(), ten()]), r"the shape \(None, 28, 28, 3\)"),
    (lambda: keras.Sequential([image(1, 28, 28), layers.Flatten(), ten()]), r"the shape \(None, 1, 28, 28\)"),
    (lambda: keras.Sequential([keras.Input(batch_shape=(1, 784)), ten()]), r"the shape \(1, 784\)"),
    (lambda: keras.Sequential([image(784), layers.Dense(11, activation="softmax")]), r"gives \(None, 11\): \(None, 10"),
    (lambda: keras.Sequential([image(28, 28), ten()]), r"gives \(None, 28, 10\)"),
    (lambda: keras.Sequential([image(784), ten("sigmoid", name="last")]), r"'last' \(Dense, activation sigmoid\)"),
    (lambda: keras.Sequential([image(28, 28), layers.LSTM(10, activation="softmax")]), r"\(LSTM, activation softmax\)"),
    (
        lambda: keras.Sequential([image(784), ten(), layers.BatchNormalization(name="last")]),
        "'last' .*of probabilities",
    ),
    (lambda: joined(layers.Add(name="last"), "softmax"), "'last' .*something else of probabilities"),
    (lambda: joined(layers.Average(name="last"), "linear"), "'last' mixes logits and probabilities"),
    (two_inputs, "2 inputs and 1 outputs"),
    (two_outputs, "1 inputs and 2 outputs"),
    (in_half_precision, "'half' computes in float16"),
    (
        lambda: keras.Sequential([image(), layers.UpSampling2D(100), layers.GlobalMaxPooling2D(), ten()]),
        "7840000 numbers of an image, more than 1048576",
    ),
]


@pytest.mark.parametrize(("build", "words"), REFUSED, ids=range(len(REFUSED)))
def test_a_model_of_no_use_is_refused_by_name(tmp_path: Path, build: Callable[[], Any], words: str) -> None:
    """Other inputs and outputs, other precision, an end that is neither softmax nor logits, too much memory."""
    build().save(tmp_path / "their.h5")
    assert inspect(tmp_path / "their.h5") == ""
    with pytest.raises(PublishError, match=rf"their\.h5.*{words}"):
        load(tmp_path / "their.h5", "their.h5")


def test_what_onnx_cannot_do_is_refused_by_name(tmp_path: Path) -> None:
    """The layer is named; no release is left."""
    grouped = layers.Conv2D(4, 3, groups=2, name="grouped")
    keras.Sequential([image(), layers.Conv2D(4, 3), grouped, layers.Flatten(), ten()]).save(tmp_path / "their.h5")
    with pytest.raises(PublishError, match="ONNX has nothing that does the same as layer 'grouped'"):
        prepare(tmp_path / "their.h5", Terms(0), bars_set(), tmp_path / "models")
    assert not list((tmp_path / "models").iterdir())


def test_a_layer_of_a_billion_units_costs_nothing(tmp_path: Path) -> None:
    """Only the architecture says so, and the file holds ten: the layer is named, before any memory is taken."""
    model, weights = linear()
    model["config"]["layers"].insert(2, layer("Dense", "bomb", units=1_000_000_000, activation="relu"))
    bomb = {"bomb": {"bomb/kernel:0": np.zeros((784, 10), np.float32), "bomb/bias:0": np.zeros(10, np.float32)}}
    path = write(tmp_path / "their.h5", model, {**bomb, **weights})
    assert inspect(path) == ""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PublishError, match=r"layer #0 \(named bomb\).*\(784, 1000000000\)"):
        load(path, path.name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes, of 3 TB


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=EDITS)
def test_what_is_accepted_can_be_given_to_keras(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[float, bytes | None]]
) -> None:
    """Whatever was changed in a file that passes, Keras loads it or it is refused; there is no other exception."""
    path = tmp_path_factory.mktemp("h5") / "their.h5"
    path.write_bytes(spoiled(good(path).read_bytes(), edits))
    if path.read_bytes()[:8] != b"\x89HDF\r\n\x1a\n" or inspect(path):
        return
    try:
        assert load(path, path.name).shape in loading.SHAPES
    except PublishError as refusal:
        assert "their.h5" in str(refusal)  # noqa: PT017  # either is right


def test_what_keras_cannot_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of what Keras loads it can only then not compute: its error becomes a line that can be printed."""
    loaded = load(good(tmp_path / "their.h5"), "their.h5")

    def fail(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("layer 'x\x1b[2J'\ncannot be run")

    monkeypatch.setattr(loaded.model, "predict", fail)
    with pytest.raises(PublishError, match=r"not run it \(layer 'x\?\[2J' cannot be run\): mend that layer"):
        reading.find_out(loaded, *bars(10))
