"""Images that no network was trained or chosen on, for what is fitted to it afterwards."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.ports import Images


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Digits and what is none, as the model reads them: (N, 28, 28), 0 to 255, white ink on black."""

    clean: Images
    """Digits of MNIST's training set, as they are."""
    clean_labels: NDArray[np.uint8]
    """(N,), 0 to 9."""
    augmented: Images
    """Digits that were changed as those of the training are."""
    augmented_labels: NDArray[np.uint8]
    negatives: Images
    """What is no digit; may be none."""
