"""How a model reads an image: found out by showing it labelled images as it may have seen them in its training."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.ports import Images, Probabilities
from train.calibration import fit_temperature
from train.errors import PublishError
from train.graph import Output
from train.loading import Loaded, first_line
from train.training import scaled

RANGES: Final = (1, 255)
"""What full ink may be; no ink is 0."""
ENOUGH: Final = 2000
"""Images for a decision."""
CLEARLY: Final = 0.05
"""By so much more accuracy a range is the right one. Below it, models are no guide: some that were trained on 0 to 1
read a point better from 0 to 255."""
UNSURE: Final = 0.2
"""A temperature below this, from 0 to 1, is that of a network that learnt 0 to 255: of 60 networks of all kinds, those
that learnt 0 to 1 had 0.35 or more, those that learnt 0 to 255 had 0.09 or less."""
_Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_INVERT: Final = "train it on white ink on black, which the handler makes of every picture"
_RESCALE: Final = "put a Rescaling layer in front of it that makes that of 0 to 1"
_OTHERS: Final[Mapping[str, tuple[_Change, str]]] = {
    "of black ink on white": (lambda ink: 1 - ink, _INVERT),
    "of black ink on white, from 0 to 255": (lambda ink: 255 - 255 * ink, _INVERT),
    "from -1 to 1": (lambda ink: 2 * ink - 1, _RESCALE),
    "from -0.5 to 0.5": (lambda ink: ink - np.float32(0.5), _RESCALE),
    "of mean 0 and deviation 1": (lambda ink: (ink - np.float32(0.1307)) / np.float32(0.3081), _RESCALE),
    "with rows and columns swapped": (lambda ink: ink.transpose(0, 2, 1), "put a Permute layer in front of it"),
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that `card.json` says of a model's input and output."""

    shape: tuple[int, ...]
    """Of one image."""
    high: int
    """The value of full ink; no ink is 0."""
    output: Output


def read(loaded: Loaded, reading: Reading, images: Images) -> Probabilities:
    """The probabilities, (N, 10), that Keras gives for `images`, (N, 28, 28), 0 to 255."""
    return _read(loaded, scaled(images) * np.float32(reading.high))


def find_out(loaded: Loaded, images: Images, labels: NDArray[np.uint8]) -> Reading:
    """The range that `loaded` was trained on, told from labelled images: the last ones, which it may have not learnt.

    The more accurate one, where that is clear. But many networks read both ranges almost equally well: then it is 0 to
    1, unless they are sure of nothing there, as those are that learnt from numbers 255 times as large. How sure they
    are is the temperature that would make them right about it (Guo et al., On Calibration of Modern Neural Networks,
    2017).
    """
    images, labels = images[-ENOUGH:], labels[-ENOUGH:]
    readings = [Reading(loaded.shape, high, loaded.output) for high in RANGES]
    found = [read(loaded, reading, images) for reading in readings]
    accuracies = [_accuracy(one, labels) for one in found]
    temperatures = [fit_temperature(one, labels) for one in found]
    for high, accuracy, temperature in zip(RANGES, accuracies, temperatures, strict=True):
        _log.info(
            "%d training images, given from 0 to %d, to find out which: accuracy %.2f %%, temperature %.3g",
            *(len(labels), high, 100 * accuracy, temperature),
        )
    if abs(accuracies[0] - accuracies[1]) > CLEARLY:
        return readings[int(np.argmax(accuracies))]
    return readings[int(temperatures[0] < UNSURE)]


def remedy(loaded: Loaded, images: Images, labels: NDArray[np.uint8], accuracy: float) -> str:
    """What to do about a model of this `accuracy`: if it reads images clearly better in another way, that is why."""
    ink, labels = scaled(images[-ENOUGH:]), labels[-ENOUGH:]
    ways = {name: _accuracy(_read(loaded, change(ink)), labels) for name, (change, _) in _OTHERS.items()}
    best = max(ways, key=ways.__getitem__)
    if ways[best] < accuracy + CLEARLY:
        return "train it longer, on white ink, 0 to 1 or 0 to 255, on black"
    return f"it was trained on images {best} ({ways[best]:.4f} on such training images), so {_OTHERS[best][1]}"


def _read(loaded: Loaded, values: NDArray[np.float32]) -> Probabilities:
    shaped = values.reshape(-1, *loaded.shape)
    try:
        found = np.asarray(loaded.model.predict(shaped, batch_size=loaded.batch, verbose=0), np.float32)
    except Exception as error:  # what Keras and TensorFlow cannot run, they find out only here
        raise PublishError(
            f"Keras can load the model, but not run it ({first_line(error)}): mend that layer"
        ) from error
    if loaded.output == "softmax":
        return found
    powers = np.exp(found - found.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _accuracy(probabilities: Probabilities, labels: NDArray[np.uint8]) -> float:
    return float(np.mean(probabilities.argmax(axis=1) == labels))
