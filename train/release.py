"""An `.h5` file to a release: the model, its ONNX twin proven equal, plots, and the card that names them all."""

import hashlib
import json
import logging
import platform
import shutil
import tempfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import keras
import tensorflow as tf

from handler.model import PREPROCESSING, version_of
from train import plots, training
from train.data import Mnist
from train.errors import PublishError
from train.export import export, prove
from train.networks import CLASSES
from train.publish import CARD, RELEASES, Release, read_release, require
from train.recipe import Recipe
from train.registry import now

_log = logging.getLogger(__name__)
_LIBRARIES: Final = ("keras", "numpy", "onnx", "onnxruntime", "tf2onnx")
_HDF5: Final = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a model must be to be published, and how it is to be used."""

    min_accuracy: float = 0.97
    """On the test images, 0 to 1."""
    review_below: float = 0.8
    """A prediction of a lower confidence than this is for a person to look at; 0 to 1."""


def train(recipe: Recipe, terms: Terms, mnist: Mnist, root: Path = RELEASES) -> Release:
    """Train a network, and prepare it for the upload in a folder below `root`."""
    root.mkdir(parents=True, exist_ok=True)
    fitted = training.fit(recipe, mnist)
    _log.info("trained in %.0f s", fitted.seconds)
    with tempfile.TemporaryDirectory() as folder:
        h5 = Path(folder) / "model.h5"
        training.save(fitted.model, h5, mnist.x_test)
        try:
            return prepare(h5, terms, mnist, root, fitted)
        except PublishError as error:
            kept = shutil.copy(h5, root / "refused.h5")
            raise PublishError(
                f"{error} (kept as {kept}; `publish` takes it, with a lower --min-accuracy too)"
            ) from error


def prepare(h5: Path, terms: Terms, mnist: Mnist, root: Path = RELEASES, fitted: training.Fit | None = None) -> Release:
    """Prove that the model in `h5` is fit to be published, and write all that is published below `root`.

    The model must read (N, 28, 28) floats from 0 to 1 and end in a softmax over ten digits; `fitted` is the training
    that it comes from, where that is known.
    Raises `PublishError` where it is another kind, worse than `terms` allow, or not the same in ONNX.
    """
    model = _load(h5)
    probabilities = training.predict(model, mnist.x_test)
    accuracy = training.accuracy(probabilities, mnist.y_test)
    tested = len(mnist.y_test)
    _log.info("accuracy %.2f %%, error rate %.2f %% on %d test images", 100 * accuracy, 100 * (1 - accuracy), tested)
    require(accuracy, terms.min_accuracy)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".") as temporary:
        folder = Path(temporary) / "release"
        folder.mkdir()
        (folder / "model.h5").write_bytes(h5.read_bytes())
        export(model, folder / "model.onnx")
        plots.confusion_matrix(probabilities, mnist.y_test, folder / "confusion_matrix.png")
        plots.mistakes(mnist.x_test, probabilities, mnist.y_test, folder / "mistakes.png")
        if fitted:
            plots.learning_curve(fitted.history, folder / "learning_curve.png")
        card = _card(model.name, accuracy, terms, fitted.recipe if fitted else None, folder)
        difference = prove(card, (folder / "model.onnx").read_bytes(), mnist.x_test, probabilities)
        _log.info("ONNX reads the same as Keras: probabilities differ by %.1e at most", difference)
        (folder / CARD).write_bytes(card)
        return read_release(folder.replace(root / version_of(card)))


def _load(h5: Path) -> Any:  # noqa: ANN401  # Keras has no types
    if not h5.is_file():
        raise PublishError(f"{h5} is not a file")
    with h5.open("rb") as file:
        if file.read(len(_HDF5)) != _HDF5:
            raise PublishError(f"{h5} is not an HDF5 file: save the model as .h5")
    try:
        model = keras.models.load_model(h5, compile=False)
    except Exception as error:  # Keras, h5py and TensorFlow raise what they like on a file of another kind
        raise PublishError(f"{h5} is not a Keras model that can be loaded: {error}") from error
    shapes = (model.input_shape, model.output_shape)
    if shapes != ((None, 28, 28), (None, CLASSES)):
        raise PublishError(f"{h5} maps {shapes[0]} to {shapes[1]}: (None, 28, 28) to (None, {CLASSES}) is needed")
    if getattr(model.layers[-1], "activation", None) is not keras.activations.softmax:
        raise PublishError(f"{h5} does not end in a softmax")
    return model


def _card(network: str, accuracy: float, terms: Terms, recipe: Recipe | None, folder: Path) -> bytes:
    """What `handler.model.read_card` reads, and what a person wants to know of the model in a year."""
    card = {
        "schema": 1,
        "network": network,
        "labels": [str(digit) for digit in range(CLASSES)],
        "input": {"shape": [28, 28], "range": [0, 1]},
        "output": "softmax",
        "preprocessing": PREPROCESSING,
        "accuracy": round(accuracy, 6),
        "error_rate": round(1 - accuracy, 6),
        "files": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())},
        "libraries": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,  # its package has another name on other platforms
            **{name: metadata.version(name) for name in _LIBRARIES},
        },
        "seed": recipe.seed if recipe else None,
        "calibration": {"temperature": 1.0},
        "review_below": terms.review_below,
        "training": asdict(recipe) if recipe else None,
        "created": now(),
    }
    return json.dumps(card, indent=2).encode()
