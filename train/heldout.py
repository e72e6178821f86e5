"""Images that no weight was fitted to: what calibration and thresholds are fitted on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.ports import Images


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Digits and what is none, (N, 28, 28) each, 0 to 255."""

    clean: Images
    """Of MNIST's training set, as they are."""
    clean_labels: NDArray[np.uint8]
    augmented: Images
    """The same digits drawn as pictures, and read as the handler reads them."""
    augmented_labels: NDArray[np.uint8]
    negatives: Images
    """What is no digit, of the kinds that training has too."""
    unseen_negatives: Images
    """And of a kind that it has not."""
