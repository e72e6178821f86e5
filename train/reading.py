"""How a model reads an image: found out by showing it labelled images as it may have seen them in its training."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handler.ports import Images, Probabilities
from train.graph import Output
from train.loading import Loaded

RANGES: Final = (1, 255)
"""What full ink may be; no ink is 0."""
ENOUGH: Final = 2000
"""Images for a decision."""
CLEARLY: Final = 0.05
"""By so much more accuracy a range is the right one. Below it, models are no guide: some that were trained on 0 to 1
read a point better from 0 to 255."""
_TEMPERATURES: Final = 2.0 ** np.arange(-12, 12.5, 0.5)
_OTHERS: Final[Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]]] = {
    "as black ink on white": lambda ink: 1 - ink,
    "as black ink on white, from 0 to 255": lambda ink: 255 - 255 * ink,
    "from -1 to 1": lambda ink: 2 * ink - 1,
    "from -0.5 to 0.5": lambda ink: ink - np.float32(0.5),
    "standardised to mean 0 and deviation 1": lambda ink: (ink - np.float32(0.1307)) / np.float32(0.3081),
    "with rows and columns swapped": lambda ink: ink.transpose(0, 2, 1),
    "with rows and columns swapped, from 0 to 255": lambda ink: 255 * ink.transpose(0, 2, 1),
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


def read(model: Any, reading: Reading, images: Images, batch: int = 1024) -> Probabilities:  # noqa: ANN401  # Keras has no types
    """The probabilities, (N, 10), that Keras gives for `images`, (N, 28, 28), 0 to 255."""
    ink = images.astype(np.float32) / np.float32(255)
    return _read(model, reading, ink * np.float32(reading.high), batch)


def find_out(loaded: Loaded, images: Images, labels: NDArray[np.uint8]) -> Reading:
    """The range that `loaded` was trained on, told from labelled images: the last ones, which it may have not learnt.

    The more accurate one, where that is clear; most networks read both ranges almost equally well, but are far too
    sure of themselves from 0 to 255 where they learnt 0 to 1, and not sure of anything the other way round. So it is
    the range at which their confidence needs less correction: the temperature nearest to 1 (Guo et al., On Calibration
    of Modern Neural Networks, 2017).
    """
    images, labels = images[-ENOUGH:], labels[-ENOUGH:]
    readings = [Reading(loaded.shape, high, loaded.output) for high in RANGES]
    found = [read(loaded.model, reading, images, loaded.batch) for reading in readings]
    accuracies = [float(np.mean(one.argmax(axis=1) == labels)) for one in found]
    temperatures = [_temperature(one, labels) for one in found]
    for high, accuracy, temperature in zip(RANGES, accuracies, temperatures, strict=True):
        _log.info("0 to %-3d: accuracy %.4f, temperature %.3g", high, accuracy, temperature)
    if abs(accuracies[0] - accuracies[1]) > CLEARLY:
        return readings[int(np.argmax(accuracies))]
    return readings[int(np.argmin(np.abs(np.log(temperatures))))]


def other_way(loaded: Loaded, images: Images, labels: NDArray[np.uint8]) -> str:
    """How else the images would have to be for `loaded` to read most of them; empty where no way is known."""
    ink = images[-ENOUGH:].astype(np.float32) / np.float32(255)
    reading = Reading(loaded.shape, 1, loaded.output)
    for name, change in _OTHERS.items():
        found = _read(loaded.model, reading, change(ink), loaded.batch)
        accuracy = float(np.mean(found.argmax(axis=1) == labels[-ENOUGH:]))
        print(name, accuracy)
    return ""


def _read(model: Any, reading: Reading, values: NDArray[np.float32], batch: int) -> Probabilities:  # noqa: ANN401  # likewise
    found = np.asarray(model.predict(values.reshape(-1, *reading.shape), batch_size=batch, verbose=0), np.float32)
    return _softmax(found) if reading.output == "logits" else found


def _softmax(logits: NDArray[np.float32]) -> Probabilities:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _temperature(probabilities: Probabilities, labels: NDArray[np.uint8]) -> float:
    """That which makes the labels most likely, to half an octave."""
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    losses = []
    for temperature in _TEMPERATURES:
        scaled = (logits - logits.max(axis=1, keepdims=True)) / temperature
        right = scaled[np.arange(len(labels)), labels]
        losses.append(float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - right)))
    return float(_TEMPERATURES[int(np.argmin(losses))])
