"""What the cnn is fitted to and what is held out of it: MNIST, the same digits as pictures, and what is no digit."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from handler.ports import Images
from train import negatives, scenes
from train.heldout import HeldOut
from train.networks import CLASSES
from train.readings import Readings

HELD_OUT: Final = 5_000
"""The last images of MNIST's training set: no weight is fitted to them, and every choice is made on them."""
DRAWN: Final = 40_000
NEGATIVES: Final = 16_000
HELD_OUT_NEGATIVES: Final = 3_000
UNSEEN_NEGATIVES: Final = 2_000
"""Of a kind that no weight is fitted to: the threshold is chosen on these, too."""
_DRAWN_SHARE: Final = 0.3
_NEGATIVE_SHARE: Final = 0.12
_MISTAKEN_SHARE: Final = 0.06
"""Of each epoch, for each image of MNIST."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Examples:
    """All that a training draws from; images are (N, 28, 28), 0 to 255."""

    digits: Images
    labels: NDArray[np.uint8]
    drawn: Images
    drawn_labels: NDArray[np.uint8]
    negatives: Images
    mistaken: Images
    """Digits of which the paper was taken for the ink."""
    held_out: HeldOut


def gather(images: Images, labels: NDArray[np.uint8], seed: int = 0, *, share: float = 1.0) -> Examples:
    """Draw what is not MNIST itself; `share` makes less of everything.

    The seed is not the training's: several trainings are compared on the same held-out images.
    """
    held = round(HELD_OUT * share)
    digits, digit_labels = images[:-held], labels[:-held]
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(digits))[: round(DRAWN * share)]
    tell = _progress("Drawing digits as pictures", len(chosen))
    drawn, drawn_labels, mistaken = _sorted(*scenes.draw(digits[chosen], seed, tell), digit_labels[chosen])
    clean, clean_labels = images[-held:], labels[-held:]
    tell = _progress("Drawing those that are held out", held)
    augmented, _ = scenes.draw(clean, seed + 1, tell)
    seen = clean_labels[augmented.first.any(axis=(1, 2))]
    counts = [round(count * share) for count in (NEGATIVES, HELD_OUT_NEGATIVES, UNSEEN_NEGATIVES)]
    none = negatives.make(counts[0], digits, seed, _progress("Drawing what is no digit", counts[0]))
    other = negatives.make(counts[1], clean, seed + 1, _progress("Drawing more of it to be held out", counts[1]))
    tell = _progress("Drawing what training has nothing like", counts[2])
    unseen = negatives.make(counts[2], clean, seed + 2, tell, negatives.UNSEEN)
    held_out = HeldOut(clean, clean_labels, augmented.visible(), seen, other, unseen)
    shown = np.concatenate([none.first, none.again])
    return Examples(digits, digit_labels, drawn, drawn_labels, shown, mistaken, held_out)


def _progress(what: str, count: int) -> Callable[[int], None]:
    """Says what is done now, and on a terminal how far it is."""
    _log.info("%s: %d", what, count)
    return keras.utils.Progbar(count).update if sys.stdout.isatty() else scenes.silence


def epoch(examples: Examples, seed: int, number: int) -> tuple[Images, NDArray[np.float32]]:
    """What an epoch shows, in the order in which it does: images, and the probabilities that are right for them.

    For what is no digit these are the same for all ten (Hendrycks et al., Deep Anomaly Detection with Outlier
    Exposure, 2019).
    """
    random = np.random.default_rng((seed, number))
    drawn = random.integers(len(examples.drawn), size=round(_DRAWN_SHARE * len(examples.digits)))
    none = random.integers(len(examples.negatives), size=round(_NEGATIVE_SHARE * len(examples.digits)))
    wrong = (
        random.integers(len(examples.mistaken), size=round(_MISTAKEN_SHARE * len(examples.digits)))
        if len(examples.mistaken)
        else np.empty(0, np.intp)
    )
    images = np.concatenate(
        [examples.digits, examples.drawn[drawn], examples.negatives[none], examples.mistaken[wrong]]
    )
    rows: Any = np.eye(CLASSES, dtype=np.float32)
    targets = np.concatenate(
        [
            rows[examples.labels],
            rows[examples.drawn_labels[drawn]],
            np.full((len(none) + len(wrong), CLASSES), 1 / CLASSES, np.float32),
        ]
    )
    order = random.permutation(len(images))
    return images[order], targets[order]


def _sorted(
    readings: Readings, light: NDArray[np.bool_], labels: NDArray[np.uint8]
) -> tuple[Images, NDArray[np.uint8], Images]:
    """Of pictures of digits, (N,) on `light` paper: the right readings, their labels, and the mistaken ones."""
    images = np.concatenate([readings.first, readings.again])
    owners = np.concatenate([np.arange(len(readings.first)), readings.owners])
    right = np.concatenate([readings.light, readings.light_again]) == light[owners]
    seen = images.any(axis=(1, 2))
    return images[seen & right], labels[owners[seen & right]], images[seen & ~right]
