"""What the normaliser makes of a picture: the 28×28 that the model reads, and what speaks against its being a digit."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from handler.luminance import Gray, Plane, full


@dataclass(frozen=True, slots=True)
class Signs:
    """What was seen of a picture on its way to 28×28 that the 28×28 no longer shows."""

    contrast: float
    """Between paper and ink, 0 to 1; in a shadow, of the paper's own luminance there."""
    cut: bool
    """The ink runs over the picture's edge, so that part of the digit is probably missing."""
    several: bool
    """Two or more separate parts of a digit's size lie side by side."""
    is_blank: bool
    """Nothing stands out from the paper."""


class Kept(Protocol):
    """A picture that can be decoded again."""

    @property
    def plane(self) -> Plane | None:
        """Its luminance, 0–1, if it has any."""


class Normal(NamedTuple):
    """A picture as the model reads it. A tuple, since there may be a million."""

    pixels: NDArray[np.uint8]
    """(28, 28), white ink on black; all zero exactly where the picture is blank."""
    signs: Signs
    paper_is_light: bool = False
    """Whether the ink is darker than its paper; MNIST's is not."""
    seen: Gray | Plane | None = None
    """The picture, of at most 127 pixels a side, to be read again; None where there is nothing to doubt, or `kept`."""
    kept: Kept | None = None
    """What the same can be decoded from again, if need be."""

    def plane(self) -> Plane | None:
        """Luminance 0–1 of what is to be read again, if anything is."""
        if self.seen is None:
            return self.kept.plane if self.kept else None
        return full(self.seen)
