"""Training: what the networks are, that a seed decides them, and that only what is proven becomes a release."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from handler.card import read_card
from handler.model import OnnxClassifier
from train import networks, plots, release, training
from train.calibration import calibrated
from train.data import Mnist, load_mnist
from train.errors import PublishError
from train.export import export
from train.heldout import HeldOut
from train.publish import read_release
from train.readings import plain
from train.recipe import Recipe
from train.release import Terms, prepare

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each

QUICK = Recipe(epochs=1, batch_size=50)
ANY = Terms(min_accuracy=0)


@pytest.fixture(scope="module")
def few() -> Mnist:
    """The first 500 images of MNIST's training set, and 200 of its test set."""
    mnist = load_mnist()
    return Mnist(mnist.x_train[:500], mnist.y_train[:500], mnist.x_test[:200], mnist.y_test[:200])


@pytest.fixture(scope="module")
def fitted(few: Mnist) -> training.Fit:
    """An mlp after one epoch."""
    return training.fit(QUICK, few)


@pytest.fixture(scope="module")
def fitted_cnn(few: Mnist) -> training.Fit:
    """A cnn after one epoch."""
    return training.fit(replace(QUICK, network="cnn"), few)


@pytest.fixture(scope="module")
def h5(fitted: training.Fit, few: Mnist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That mlp in a file."""
    path = tmp_path_factory.mktemp("model") / "own.h5"
    training.save(fitted.model, path, few.x_test)
    return path


def test_the_mlp_is_the_reference_network() -> None:
    """784 inputs, 100 ReLU units, ten softmax outputs: 79,510 weights."""
    model = networks.build(Recipe())
    assert model.input_shape == (None, 28, 28)
    assert [type(layer).__name__ for layer in model.layers] == ["Flatten", "Dense", "Dense"]
    assert [layer.activation.__name__ for layer in model.layers[1:]] == ["relu", "softmax"]
    assert model.count_params() == 784 * 100 + 100 + 100 * 10 + 10


@pytest.mark.parametrize(("neurons", "layers"), [(1, 1), (30, 3), (7, 8)])
def test_the_mlp_has_the_layers_asked_for(neurons: int, layers: int) -> None:
    """As many hidden layers of as many units as the recipe says."""
    model = networks.build(Recipe(neurons=neurons, hidden_layers=layers))
    assert [layer.units for layer in model.layers[1:]] == [neurons] * layers + [10]


@pytest.mark.parametrize("network", ["fitted", "fitted_cnn"])
def test_the_same_seed_gives_the_same_weights(few: Mnist, network: str, request: pytest.FixtureRequest) -> None:
    """Two trainings of one recipe end in the same weights, bit for bit."""
    first: training.Fit = request.getfixturevalue(network)
    second = training.fit(first.recipe, few)
    assert same_weights(first, second)


def test_another_seed_gives_other_weights(few: Mnist, fitted: training.Fit) -> None:
    """The seed is what decides them."""
    assert not same_weights(fitted, training.fit(replace(QUICK, seed=1), few))


def same_weights(first: training.Fit, second: training.Fit) -> bool:
    """Bit for bit."""
    pairs = zip(first.model.get_weights(), second.model.get_weights(), strict=True)
    return all(np.array_equal(*pair) for pair in pairs)


def test_training_is_validated_in_each_epoch(few: Mnist) -> None:
    """Loss and accuracy, of training and of validation, one value an epoch; the loss goes down."""
    fit = training.fit(replace(QUICK, epochs=3), few)
    assert set(fit.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in fit.history.values()} == {3}
    assert fit.history["loss"][2] < fit.history["loss"][0]
    assert fit.history["val_accuracy"][-1] == pytest.approx(
        training.accuracy(training.predict(fit.model, few.x_test), few.y_test)
    )


def test_images_are_scaled_and_labels_one_hot() -> None:
    """Bytes become floats from 0 to 1, labels rows with a single one."""
    assert training.scaled(np.array([0, 51, 255], np.uint8)).tolist() == pytest.approx([0, 0.2, 1])
    assert training.one_hot(np.array([3], np.uint8)).tolist() == [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]]


def test_a_model_that_loads_as_another_is_refused(
    fitted: training.Fit, few: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the saved file reads images differently from the model in memory, saving is an error."""
    other = networks.build(QUICK)
    monkeypatch.setattr(keras.models, "load_model", lambda *_args, **_named: other)
    with pytest.raises(PublishError, match=r"own\.h5.*not the same"):
        training.save(fitted.model, tmp_path / "own.h5", few.x_test)


@pytest.mark.parametrize(
    "other",
    [
        [[0.4, 0.6]],
        [[0.6001, 0.3999]],
        [[float("nan"), 0.4]],
        [[0.6, 0.4, 0.0]],
    ],
)
def test_readings_that_differ_are_refused(other: list[list[float]]) -> None:
    """Another digit, another probability, no number, another shape: each is refused."""
    with pytest.raises(PublishError):
        training.prove_same(np.array([[0.6, 0.4]], np.float32), np.array(other, np.float32), "model.onnx")


def test_readings_that_agree_give_their_difference() -> None:
    """Within 1e-5 the largest difference is returned."""
    one = np.array([[0.6, 0.4]], np.float32)
    assert training.prove_same(one, one + np.float32(4e-6), "model.onnx") == pytest.approx(4e-6, abs=1e-7)


def test_a_release_holds_what_its_card_names(few: Mnist, fitted: training.Fit, h5: Path, tmp_path: Path) -> None:
    """Model, ONNX twin, three plots, and a card that the handler knows; nothing is left beside it."""
    made = prepare(h5, Terms(0, 0.7), few, tmp_path, fitted)
    assert [folder.name for folder in tmp_path.iterdir()] == [made.version]
    assert read_release(made.folder) == made
    plotted = {"confusion_matrix.png", "learning_curve.png", "mistakes.png"}
    assert set(made.card["files"]) == plotted | {"model.h5", "model.onnx"}
    assert (made.folder / "model.h5").read_bytes() == h5.read_bytes()
    card = read_card((made.folder / "card.json").read_bytes())
    assert (card.labels, card.input_shape, card.input_high) == (tuple("0123456789"), (28, 28), 1)
    assert (card.output, card.temperature, card.review_below) == ("softmax", 1, 0.7)
    assert made.card["accuracy"] + made.card["error_rate"] == pytest.approx(1)
    assert (made.card["network"], made.card["seed"], made.card["training"]["epochs"]) == ("mlp", 0, 1)
    assert made.card["calibration"] == {"method": None, "temperature": 1.0}
    assert made.card["risk_coverage"] is None


def test_what_was_held_out_decides_how_sure_a_release_is(
    few: Mnist, fitted: training.Fit, h5: Path, tmp_path: Path
) -> None:
    """Temperature, thresholds, curve and two plots more; the proof of ONNX holds all the same."""
    noise = np.random.default_rng(1).integers(0, 256, (50, 28, 28)).astype(np.uint8)
    held_out = HeldOut(few.x_test, few.y_test, plain(few.x_test[:, ::-1]), few.y_test, plain(noise), plain(noise[:20]))
    kept = replace(fitted, held_out=held_out)
    made = prepare(h5, ANY, few, tmp_path, kept)
    card = read_card((made.folder / "card.json").read_bytes())
    classifier = OnnxClassifier(card, (made.folder / "model.onnx").read_bytes())
    assert card.temperature == made.card["calibration"]["temperature"] != 1
    expected = calibrated(training.predict(fitted.model, few.x_test), card.temperature)
    assert np.abs(classifier.probabilities(few.x_test) - expected).max() < 1e-4
    curve = made.card["risk_coverage"]
    counts = [curve[name]["images"] for name in ("clean", "negatives", "unseen_negatives")]
    assert counts == [len(few.x_test), 50, 20]
    assert card.review_below in curve["review_below"]
    assert {"reliability.png", "risk_coverage.png"} <= set(made.card["files"])
    asked = prepare(h5, Terms(0, 0.7), few, tmp_path, kept).card
    assert (asked["review_below"], asked["calibration"]) == (0.7, made.card["calibration"])


@pytest.mark.parametrize("network", ["fitted", "fitted_cnn"])
def test_the_handler_reads_what_keras_reads(
    few: Mnist, tmp_path: Path, network: str, request: pytest.FixtureRequest
) -> None:
    """In groups of any size, the released ONNX file gives Keras' probabilities within 1e-5, before calibration."""
    fit: training.Fit = request.getfixturevalue(network)
    training.save(fit.model, tmp_path / "own.h5", few.x_test)
    folder = prepare(tmp_path / "own.h5", ANY, few, tmp_path, fit).folder
    card = replace(read_card((folder / "card.json").read_bytes()), temperature=1.0)
    classifier = OnnxClassifier(card, (folder / "model.onnx").read_bytes())
    expected = training.predict(fit.model, few.x_test)
    for size in (1, 7, 200):
        groups = [few.x_test[start : start + size] for start in range(0, 200, size)]
        found = np.concatenate([classifier.probabilities(images) for images in groups])
        assert np.abs(found - expected).max() < 1e-5


def test_a_model_below_the_least_accuracy_is_refused(few: Mnist, h5: Path, tmp_path: Path) -> None:
    """The message names the accuracy and the flag; no release is written."""
    with pytest.raises(PublishError, match=r"accuracy of 0\.\d+ is below --min-accuracy 0\.999"):
        prepare(h5, Terms(min_accuracy=0.999), few, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_an_onnx_file_that_reads_otherwise_is_refused(
    few: Mnist, h5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the export gives another model than Keras', no release is left."""
    monkeypatch.setattr(release, "export", lambda _model, path: export(networks.build(QUICK), path))
    with pytest.raises(PublishError, match=r"model\.onnx is not the same"):
        prepare(h5, ANY, few, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_model_of_another_origin_has_no_learning_curve(few: Mnist, h5: Path, tmp_path: Path) -> None:
    """A file that was trained elsewhere is released with what can be known of it."""
    made = prepare(h5, ANY, few, tmp_path)
    assert "learning_curve.png" not in made.card["files"]
    assert made.card["training"] is None
    assert made.card["review_below"] == 0.8


@pytest.mark.parametrize(
    ("layers", "complaint"),
    [
        ([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(9, activation="softmax")], "is needed"),
        ([keras.Input((785,)), keras.layers.Dense(10, activation="softmax")], "is needed"),
        ([keras.Input((784,)), keras.layers.Dense(10, activation="sigmoid")], "neither a softmax nor logits"),
    ],
)
def test_a_model_of_another_kind_is_refused(few: Mnist, tmp_path: Path, layers: list[object], complaint: str) -> None:
    """Other inputs, other outputs, neither softmax nor logits: the message says what is needed; nothing is written."""
    keras.Sequential(layers).save(tmp_path / "other.h5")
    with pytest.raises(PublishError, match=rf"other\.h5.*{complaint}"):
        prepare(tmp_path / "other.h5", ANY, few, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_file_that_is_no_model_is_refused(few: Mnist, h5: Path, tmp_path: Path) -> None:
    """A missing file and a file of another kind are named."""
    with pytest.raises(PublishError, match="neither a file nor the folder"):
        prepare(tmp_path / "none.h5", ANY, few, tmp_path)
    (tmp_path / "text.h5").write_text("no model")
    with pytest.raises(PublishError, match=r"text\.h5 is not an HDF5 file"):
        prepare(tmp_path / "text.h5", ANY, few, tmp_path)
    (tmp_path / "cut.h5").write_bytes(h5.read_bytes()[:1000])
    with pytest.raises(PublishError, match=r"cut\.h5 is refused: it is damaged"):
        prepare(tmp_path / "cut.h5", ANY, few, tmp_path)


@pytest.mark.parametrize("wrong", [0, 1, 100])
def test_plots_can_be_drawn_of_any_number_of_mistakes(few: Mnist, tmp_path: Path, wrong: int) -> None:
    """None, one, or more than there is room for: the file is a picture each time."""
    probabilities = training.one_hot(few.y_test)
    probabilities[:wrong] = np.roll(probabilities[:wrong], 1, axis=1)
    plots.mistakes(few.x_test, probabilities, few.y_test, tmp_path / "mistakes.png")
    plots.confusion_matrix(probabilities, few.y_test, tmp_path / "confusion.png")
    for name in ("mistakes.png", "confusion.png"):
        with Image.open(tmp_path / name) as picture:
            picture.load()
            assert min(picture.size) > 500
