"""An `.h5` file to a release: the model, its ONNX twin proven equal, plots, and the card that names them all."""

import hashlib
import json
import logging
import platform
import shutil
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Final

import tensorflow as tf

from handler.model import PREPROCESSING, version_of
from train import inspection, loading, plots, precision, reading, training
from train.data import Mnist
from train.errors import PublishError
from train.export import export, prove
from train.publish import CARD, DIGITS, RELEASES, Release, read_release, require
from train.reading import Reading
from train.recipe import Recipe
from train.registry import now

_log = logging.getLogger(__name__)
_LIBRARIES: Final = ("keras", "numpy", "onnx", "onnxruntime", "tf2onnx")
_OWN: Final = Reading((28, 28), 1, "softmax")
"""How the networks of `networks.py` read."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a model must be to be published, and how it is to be used."""

    min_accuracy: float = 0.97
    """On the test images, 0 to 1."""
    review_below: float = 0.8
    """A prediction of a lower confidence than this is for a person to look at; 0 to 1."""
    labels: tuple[str, ...] = DIGITS
    """What the ten outputs are called in the CSV."""


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

    What is inspected, opened and published is one copy of it. `fitted` is the training that it comes from, where that
    is known; else how it reads images is found out on training images.
    Raises `PublishError` where it is hostile, of no use, worse than `terms` allow, or not the same in ONNX.
    """
    with tempfile.TemporaryDirectory() as private:
        copy = inspection.inspected_copy(h5, Path(private))
        loaded = loading.load(copy, h5.name)
        way = _OWN if fitted else reading.find_out(loaded, mnist.x_train, mnist.y_train)
        shape = "×".join(map(str, way.shape))
        _log.info("%s reads %s numbers from 0 to %d, and gives %s", h5.name, shape, way.high, way.output)
        probabilities = reading.read(loaded, way, mnist.x_test)
        accuracy = training.accuracy(probabilities, mnist.y_test)
        errors, tested = 1 - accuracy, len(mnist.y_test)
        _log.info("accuracy %.2f %%, error rate %.2f %% on %d test images", 100 * accuracy, 100 * errors, tested)
        if accuracy < terms.min_accuracy:
            require(accuracy, terms.min_accuracy, reading.remedy(loaded, mnist.x_train, mnist.y_train, accuracy))
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".") as temporary:
            folder = Path(temporary) / "release"
            folder.mkdir()
            shutil.copyfile(copy, folder / "model.h5")
            export(loaded.model, folder / "model.onnx")
            plots.confusion_matrix(probabilities, mnist.y_test, folder / "confusion_matrix.png")
            plots.mistakes(mnist.x_test, probabilities, mnist.y_test, folder / "mistakes.png")
            if fitted:
                plots.learning_curve(fitted.history, folder / "learning_curve.png")
            card = _card(loaded.model.name, way, accuracy, terms, fitted.recipe if fitted else None, folder)
            allowed = partial(precision.tolerance, loaded, way, mnist.x_test, probabilities)
            onnx = (folder / "model.onnx").read_bytes()
            difference, limit = prove(card, onnx, mnist.x_test, probabilities, allowed)
            _log.info(
                "ONNX reads the same as Keras: probabilities differ by %.1e at most (allowed: %.2g)", difference, limit
            )
            (folder / CARD).write_bytes(card)
            return read_release(folder.replace(root / version_of(card)))


def _card(  # noqa: PLR0913, PLR0917  # all that is known of a model comes together here
    network: str, way: Reading, accuracy: float, terms: Terms, recipe: Recipe | None, folder: Path
) -> bytes:
    """What `handler.model.read_card` reads, and what a person wants to know of the model in a year."""
    card = {
        "schema": 1,
        "network": network,
        "labels": terms.labels,
        "input": {"shape": way.shape, "range": [0, way.high]},
        "output": way.output,
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
