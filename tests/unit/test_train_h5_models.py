"""Models that others made, in Keras: how each reads is found out, it is published as it reads, or refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from handler.card import read_card
from handler.model import OnnxClassifier
from tests.unit.h5makers import bars, bars_set, linear, write
from tests.unit.kerasends import image, ten
from train import ingredients, reading
from train.errors import PublishError
from train.loading import load
from train.reading import Reading
from train.release import Terms, prepare

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each

ANY = Terms(min_accuracy=0)


@pytest.mark.parametrize(
    ("shape", "high", "activation"),
    [
        ((784,), 1, "softmax"),
        ((784,), 255, "linear"),
        ((28, 28), 255, "softmax"),
        ((28, 28), 1, "linear"),
        ((28, 28, 1), 255, "softmax"),
        ((28, 28, 1), 1, "linear"),
    ],
)
def test_shape_range_and_output_are_found_out(
    tmp_path: Path, shape: tuple[int, ...], high: int, activation: str
) -> None:
    """From the file's own shapes, from labelled images, and from the last layer."""
    path = write(tmp_path / "their.h5", *linear(shape, activation=activation, gain=4 / high))
    loaded = load(path, path.name)
    images, labels = bars(400)
    found = reading.find_out(loaded, images, labels)
    assert found == Reading(shape, high, "softmax" if activation == "softmax" else "logits")
    accuracy = np.mean(reading.read(loaded, found, images).argmax(axis=1) == labels)
    assert accuracy > 0.85


def test_the_range_that_is_read_far_better_wins(tmp_path: Path) -> None:
    """Also where the model is unsure of itself: one that rounds all below 1 to nothing reads 0 to 255."""
    model = keras.Sequential([image(28, 28), layers.ReLU(threshold=1.5), layers.Flatten(), ten()])
    model.layers[-1].set_weights(list(linear(gain=0.001)[1]["dense"].values()))
    model.save(tmp_path / "their.h5")
    assert reading.find_out(load(tmp_path / "their.h5", "their.h5"), *bars(400)).high == 255


@pytest.mark.parametrize(
    ("shape", "high", "activation"), [((784,), 255, "linear"), ((28, 28, 1), 1, "linear"), ((28, 28), 255, "softmax")]
)
def test_the_handler_reads_a_release_as_keras_does(
    tmp_path: Path, shape: tuple[int, ...], high: int, activation: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The card says what was found out, the labels are those asked for, and the file is published as it came."""
    path = write(tmp_path / "their.h5", *linear(shape, activation=activation, gain=4 / high))
    caplog.set_level("INFO", "train")
    made = prepare(path, Terms(0.8, 0.5, tuple("abcdefghij")), bars_set(), tmp_path / "models")
    output = {"softmax": "softmax", "linear": "logits"}[activation]
    card = read_card((made.folder / "card.json").read_bytes())
    assert (card.input_shape, card.input_high, card.output, card.labels) == (shape, high, output, tuple("abcdefghij"))
    assert (made.folder / "model.h5").read_bytes() == path.read_bytes()
    assert f"from 0 to {high}, and gives {output}" in caplog.text
    images, _ = bars(50, seed=3)
    loaded = load(path, path.name)
    expected = reading.read(loaded, Reading(shape, high, loaded.output), images)
    found = OnnxClassifier(card, (made.folder / "model.onnx").read_bytes()).probabilities(images)
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gain": -4.0}, r"trained on images of black ink on white \(0\.\d+ .*train it on white ink on black"),
        ({"swapped": True}, "with rows and columns swapped .*Permute"),
        ({"gain": 0.0}, "train it longer"),
    ],
)
def test_a_model_that_reads_otherwise_is_told_how(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    """The refusal says why it reads so badly, where that can be found out; nothing is written."""
    path = write(tmp_path / "their.h5", *linear(**changes))
    with pytest.raises(PublishError, match=rf"is below --min-accuracy 0\.8: not published; .*{words}"):
        prepare(path, Terms(0.8), bars_set(), tmp_path / "models")
    assert not (tmp_path / "models").exists()


def convolutional() -> Any:  # noqa: ANN401  # Keras has no types
    """Most layers that convolutional networks are made of."""
    return keras.Sequential(
        [
            image(),
            layers.ZeroPadding2D(2),
            layers.Conv2D(4, 5, strides=2, kernel_regularizer="l2", kernel_constraint="max_norm"),
            layers.LeakyReLU(),
            layers.GaussianNoise(0.1),
            layers.SeparableConv2D(6, 3, padding="same", activation="gelu"),
            layers.BatchNormalization(),
            layers.PReLU(shared_axes=[1, 2]),
            layers.SpatialDropout2D(0.2),
            layers.DepthwiseConv2D(3, activation="silu"),
            layers.MaxPooling2D(),
            layers.Conv2DTranspose(6, 3, activation="elu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.2),
            ten(),
        ]
    )


def branched() -> Any:  # noqa: ANN401  # likewise
    """A graph with branches, sums, a model inside, and what only training does."""
    pixels = image()
    x = layers.Rescaling(1 / 255)(pixels)
    x = layers.Normalization(mean=0.13, variance=0.1, axis=None)(x)
    x = layers.RandomTranslation(0.1, 0.1)(layers.RandomRotation(0.1)(x))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(x)])
    inner = keras.Sequential([image(28, 28, 4), layers.MaxPooling2D(4), layers.Flatten()], name="inner")
    x = layers.Concatenate()([inner(x), layers.GlobalMaxPooling2D()(x)])
    return keras.Model(pixels, layers.Average()([ten()(x), ten()(layers.Dense(8, activation="tanh")(x))]))


def recurrent() -> Any:  # noqa: ANN401  # likewise
    """Rows as a sequence, forwards and backwards."""
    inner = layers.Bidirectional(layers.LSTM(6, return_sequences=True))
    return keras.Sequential([image(28, 28), layers.Permute((2, 1)), inner, layers.GRU(6), ten(None), layers.Softmax()])


def attentive() -> Any:  # noqa: ANN401  # likewise
    """Rows that attend to each other; logits."""
    rows = image(28, 28)
    x = layers.Dense(8)(rows)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)]))
    return keras.Model(rows, ten(None)(layers.GlobalAveragePooling1D()(x)))


def open_size() -> Any:  # noqa: ANN401  # likewise
    """A network for pictures of any size."""
    return keras.Sequential([image(None, None, 1), layers.Conv2D(10, 3, strides=2), layers.GlobalAveragePooling2D()])


@pytest.mark.parametrize("build", [convolutional, branched, recurrent, attentive, open_size])
def test_layers_of_all_kinds_can_be_published(tmp_path: Path, build: Callable[[], Any]) -> None:
    """With its optimiser, and a loss and a metric that nobody else knows; ONNX reads the same as Keras."""
    keras.utils.set_random_seed(0)
    model = build()

    def own_loss(wanted: Any, found: Any) -> Any:  # noqa: ANN401  # Keras has no types
        return keras.ops.mean(keras.ops.square(wanted - found))

    model.compile("adam", own_loss, metrics=[own_loss])
    model.optimizer.build(model.trainable_variables)
    random = np.random.default_rng(0)
    model.set_weights([array + 0.1 * random.random(array.shape) for array in model.get_weights()])
    model.save(tmp_path / "their.h5")
    made = prepare(tmp_path / "their.h5", ANY, bars_set(), tmp_path / "models")
    assert (made.folder / "model.onnx").stat().st_size > 1000


@pytest.mark.parametrize(
    ("end", "output"),
    [
        ([ten()], "softmax"),
        ([ten(), layers.Dropout(0.5), layers.Reshape((10,)), layers.Activation("linear")], "softmax"),
        ([ten(None), layers.Activation("softmax")], "softmax"),
        ([ten(None)], "logits"),
        ([ten("log_softmax")], "logits"),
        ([ten(None), layers.BatchNormalization(), layers.Rescaling(2)], "logits"),
        ([keras.Sequential([image(784), ten()])], "softmax"),
    ],
)
def test_the_output_is_told_from_the_last_layers(tmp_path: Path, end: list[Any], output: str) -> None:
    """Through layers that change nothing, and into models inside."""
    keras.Sequential([image(784), *end]).save(tmp_path / "their.h5")
    assert load(tmp_path / "their.h5", "their.h5").output == output


def test_what_is_known_is_keras_own() -> None:
    """Each name on the lists is one of Keras', and none of those that run code or open files is on them."""
    own = {value.__name__ for value in vars(layers).values() if isinstance(value, type)}  # not always as it is exported
    assert ingredients.LAYERS - ingredients.MODELS - own == set()
    assert ingredients.ACTIVATIONS - set(dir(keras.activations)) == set()
    assert not ingredients.LAYERS & {"Lambda", "TFSMLayer", "StringLookup", "TextVectorization", "Wrapper", "Layer"}


def test_a_card_cannot_hold_control_characters(tmp_path: Path) -> None:
    """A model may have any name; what is listed on a terminal has only what can be printed."""
    model, weights = linear()
    model["config"]["name"] = "their\x1b[2J" + "x" * 100
    made = prepare(write(tmp_path / "their.h5", model, weights), ANY, bars_set(), tmp_path / "models")
    assert json.loads((made.folder / "card.json").read_bytes())["network"] == "their__2J" + "x" * 55
