"""What a picture becomes before a model reads it, and what was seen of it on the way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Signs:
    """What was seen of a picture, apart from its digit."""

    contrast: float
    """Between paper and ink, of black to white: 0 to 1."""
    cut: bool
    """Ink runs off the edge of the picture."""
    several: bool
    """There are several digits; only where that is hardly to be doubted."""
    is_blank: bool
    """Nothing stands out from the paper."""


@dataclass(frozen=True, slots=True)
class Normal:
    """A picture as the model reads it."""

    pixels: NDArray[np.uint8]
    """(28, 28), white ink on black; all zero exactly where it is blank."""
    signs: Signs
