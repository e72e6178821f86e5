"""Models of Keras 2: its dialect is translated where Keras 3 means the same, and refused by name where it does not."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.unit.h5makers import bars, layer, linear, sequential, source, write
from train import reading
from train.errors import PublishError
from train.inspection import inspect
from train.loading import load
from train.reading import Reading

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each


def test_the_dialect_of_keras_2_is_understood(tmp_path: Path) -> None:
    """A list of layers without an input, and settings that Keras 3 no longer knows."""
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[1, 1] = 1
    first = layer("DepthwiseConv2D", "depthwise", kernel_size=[3, 3], padding="same", groups=1, use_bias=False)
    first["config"].update(batch_input_shape=[None, 28, 28, 1], dtype="float32", depthwise_initializer={
        "class_name": "VarianceScaling",
        "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "normal", "seed": None},
    })  # fmt: skip  # one setting
    spatial = layer("SpatialDropout2D", "spatial", rate=0.5, noise_shape=None, trainable=True, dtype="float32")
    model, weights = linear()
    model["config"] = [first, spatial, *model["config"]["layers"][1:]]
    path = write(tmp_path / "their.h5", model, {"depthwise": {"depthwise/k:0": kernel}, **weights}, "2.1.6")
    assert inspect(path) == ""
    loaded = load(path, path.name)
    images, labels = bars(100, noise=0)
    assert loaded.shape == (28, 28, 1)
    assert (reading.read(loaded, Reading((28, 28, 1), 1, "softmax"), images).argmax(axis=1) == labels).all()


def test_a_model_inside_a_model_of_keras_2_is_connected(tmp_path: Path) -> None:
    """Keras 2 counts the making of a model as its first call, Keras 3 does not."""
    model, weights = linear()
    inner = {**model, "name": "inner", "inbound_nodes": [[["input_1", 0, 0, {}]]]}
    inner["config"] = {**inner["config"], "name": "inner"}
    end = layer("Activation", "end", activation="linear")
    entries = [{**source(28, 28), "name": "input_1", "inbound_nodes": []}, inner]
    entries.append({**end, "name": "end", "inbound_nodes": [[["inner", 1, 0, {}]]]})
    for ends in (["end", 0, 0], ["inner", 1, 0]):
        config = {"name": "outer", "layers": entries, "input_layers": [["input_1", 0, 0]], "output_layers": [ends]}
        outer = {"class_name": "Functional", "config": config}
        path = write(tmp_path / "their.h5", outer, {"inner": weights["dense"]})
        assert inspect(path) == ""
        images, labels = bars(50, noise=0)
        found = reading.read(load(path, path.name), Reading((28, 28), 1, "softmax"), images)
        assert (found.argmax(axis=1) == labels).all()


def test_the_hard_sigmoid_of_keras_2_is_its_own(tmp_path: Path) -> None:
    """0.2 x + 0.5 in files of Keras 2, x / 6 + 0.5 in those of Keras 3."""
    model, weights = linear()
    model["config"]["layers"].insert(1, layer("Activation", "hard", activation="hard_sigmoid"))
    values = np.full((1, 28, 28), 1, np.float32)
    for version, expected in (("2.2.4", 0.7), ("3.15.1", 1 / 6 + 0.5)):
        path = write(tmp_path / "their.h5", model, weights, version)
        built = load(path, path.name).model
        hard = keras.Model(built.inputs, built.get_layer("hard").output)
        assert np.asarray(hard(values)).max() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            layer("LSTM", "old", units=4, time_major=True),
            r"'old' \(LSTM\) has time_major=True, which Keras 3 cannot do",
        ),
        (layer("SeparableConv2D", "old", filters=4, kernel_size=3, groups=2), "groups=2.*train it with groups=1"),
        (layer("Dense", "old", units="many"), "cannot be loaded by Keras 3"),
        (layer("Reshape", "old", target_shape=[10**30]), "cannot be loaded by Keras 3"),
        ({"class_name": "Dense"}, "not sound|cannot be loaded"),
    ],
)
def test_what_keras_3_cannot_do_is_refused_by_name(tmp_path: Path, entry: dict[str, Any], words: str) -> None:
    """What Keras 2 could and Keras 3 cannot, and what neither can."""
    path = write(tmp_path / "their.h5", sequential(source(28, 28), entry), {})
    assert inspect(path) == ""
    with pytest.raises(PublishError, match=words):
        load(path, path.name)
