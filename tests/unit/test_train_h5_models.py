"""Models that others made, in Keras: how each reads is found out, it is published as it reads, or refused by name."""

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from keras import layers

from handler.model import OnnxClassifier, read_card
from tests.unit.h5makers import bars, bars_set, good, layer, linear, sequential, source, write
from tests.unit.test_train_h5_inspection import EDITS, spoiled
from train import ingredients, loading, precision, reading
from train.errors import PublishError
from train.inspection import inspect
from train.loading import load
from train.reading import Reading
from train.release import Terms, prepare

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each

ANY = Terms(min_accuracy=0)


def image(*shape: int | None) -> Any:  # noqa: ANN401  # Keras has no types
    """An input of Keras'."""
    return keras.Input(shape or (28, 28, 1))


def ten(activation: str | None = "softmax", **named: Any) -> Any:  # noqa: ANN401  # likewise
    """A last layer."""
    return layers.Dense(10, activation=activation, **named)


@pytest.mark.parametrize("shape", [(784,), (28, 28), (28, 28, 1)])
@pytest.mark.parametrize("high", [1, 255])
@pytest.mark.parametrize("activation", ["softmax", "linear"])
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


def test_what_onnx_cannot_do_is_refused_by_name(tmp_path: Path) -> None:
    """The layer is named; no release is left."""
    grouped = layers.Conv2D(4, 3, groups=2, name="grouped")
    keras.Sequential([image(), layers.Conv2D(4, 3), grouped, layers.Flatten(), ten()]).save(tmp_path / "their.h5")
    with pytest.raises(PublishError, match="ONNX has nothing that does the same as layer 'grouped'"):
        prepare(tmp_path / "their.h5", ANY, bars_set(), tmp_path / "models")
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


def test_the_tolerance_follows_what_single_precision_can_do(tmp_path: Path) -> None:
    """1e-5 where the model is calm; more where its logits are large; never more than the CSV's last decimal."""
    images, _ = bars(100)
    model, weights = linear(gain=0.5)
    found = []
    for common in (0, 2, 10_000):  # to all ten logits, which only rounding makes differ
        arrays = {name: array + np.float32(common) for name, array in weights["dense"].items()}
        path = write(tmp_path / "their.h5", model, {"dense": arrays})
        loaded, way = load(path, path.name), Reading((28, 28), 1, "softmax")
        found.append(precision.tolerance(loaded, way, images, reading.read(loaded, way, images)))
    assert 1e-5 == found[0] < found[1] < found[2] == 1e-4


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


def test_what_is_known_is_keras_own() -> None:
    """Each name on the lists is one of Keras', and none of those that run code or open files is on them."""
    own = {value.__name__ for value in vars(layers).values() if isinstance(value, type)}  # not always as it is exported
    assert ingredients.LAYERS - ingredients.MODELS - own == set()
    assert ingredients.ACTIVATIONS - set(dir(keras.activations)) == set()
    assert not ingredients.LAYERS & {"Lambda", "TFSMLayer", "StringLookup", "TextVectorization", "Wrapper", "Layer"}


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


def test_a_card_cannot_hold_control_characters(tmp_path: Path) -> None:
    """A model may have any name; what is listed on a terminal has only what can be printed."""
    model, weights = linear()
    model["config"]["name"] = "their\x1b[2J" + "x" * 100
    made = prepare(write(tmp_path / "their.h5", model, weights), ANY, bars_set(), tmp_path / "models")
    assert json.loads((made.folder / "card.json").read_bytes())["network"] == "their__2J" + "x" * 55
