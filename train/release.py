"""An `.h5` file to a release: the model, its ONNX twin proven equal, plots, and the card that names them all."""

import hashlib
import json
import logging
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import tensorflow as tf

from handler.card import PREPROCESSING, version_of
from handler.ports import Images, Probabilities
from train import confidence, inspection, loading, plots, precision, reading, training
from train.confidence import Confidence
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
    review_below: float | None = None
    """A prediction of a lower confidence than this is for a person to look at, 0 to 1; None: what was held out decides.

    Where nothing was, it is `confidence.REVIEW_BELOW`.
    """
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
        tested, shares = len(mnist.y_test), (100 * accuracy, 100 * (1 - accuracy))
        _log.info("the test set, %d images: accuracy %.2f %%, error rate %.2f %%", tested, *shares)
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
            sure = _confidence(partial(reading.read, loaded, way), terms, fitted, folder)
            card = _card(loaded.model.name, way, accuracy, terms, fitted.recipe if fitted else None, folder)
            # Proven as the network itself reads; a temperature is the handler's own arithmetic on that.
            bare = json.dumps(card | Confidence().as_json()).encode()
            allowed = partial(precision.tolerance, loaded, way, mnist.x_test, probabilities)
            onnx = (folder / "model.onnx").read_bytes()
            difference, limit = prove(bare, onnx, mnist.x_test, probabilities, allowed)
            _log.info(
                "ONNX reads the same as Keras: probabilities differ by %.1e at most (allowed: %.2g)", difference, limit
            )
            body = json.dumps(card | sure.as_json(), indent=2).encode()
            (folder / CARD).write_bytes(body)
            return read_release(folder.replace(root / version_of(body)))


def _confidence(
    read: Callable[[Images], Probabilities], terms: Terms, fitted: training.Fit | None, folder: Path
) -> Confidence:
    """Fitted to what the training held out, and drawn; what nothing is known of is taken as it is."""
    if fitted is None or fitted.held_out is None:
        return Confidence() if terms.review_below is None else Confidence(review_below=terms.review_below)
    found = confidence.fit(read, fitted.held_out, terms.review_below)
    _log.info("review below %g, at temperature %.3g: %s", found.review_below, found.temperature, found.at_threshold())
    plots.reliability(found.reliabilities, folder / "reliability.png")
    plots.risk_coverage(found.curves, found.review_below, folder / "risk_coverage.png")
    return found


def _card(  # noqa: PLR0913, PLR0917  # all that is known of a model comes together here
    network: str, way: Reading, accuracy: float, terms: Terms, recipe: Recipe | None, folder: Path
) -> dict[str, Any]:
    """What `handler.card.read_card` reads, and what a person wants to know of the model in a year.

    What it says of confidence is `Confidence.as_json`.
    """
    return {
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
        "training": asdict(recipe) if recipe else None,
        "created": now(),
    }
