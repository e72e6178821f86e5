"""Images that no weight was fitted to: what calibration and thresholds are fitted on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.ports import Images
from train.readings import Readings


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Digits and what is none, as the handler reads them; images are (N, 28, 28), 0 to 255."""

    clean: Images
    """Of MNIST's training set, as they are."""
    clean_labels: NDArray[np.uint8]
    augmented: Readings
    """Of the same digits drawn as pictures."""
    augmented_labels: NDArray[np.uint8]
    negatives: Readings
    """What is no digit, of the kinds that training has too."""
    unseen_negatives: Readings
    """And of a kind that it has not."""
