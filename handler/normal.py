"""What the normaliser makes of a picture: the 28×28 that the model reads, and what speaks against its being a digit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, overload

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


MNIST: Final = Signs(contrast=1, cut=False, several=False, is_blank=False)
"""Of what is MNIST's already."""


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


class Mnist(Sequence[Normal]):
    """Pictures that are MNIST's already, or inverses of such, without an object for each: that would take as long."""

    def __init__(self, pixels: NDArray[np.uint8], paper_is_light: NDArray[np.bool_]) -> None:
        self.pixels = pixels
        """(N, 28, 28), white ink on black."""
        self.paper_is_light = paper_is_light
        """(N,)."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pixels)

    @overload
    def __getitem__(self, place: int, /) -> Normal: ...
    @overload
    def __getitem__(self, place: slice, /) -> "Mnist": ...
    def __getitem__(self, place: int | slice, /) -> "Normal | Mnist":
        """One of them, or some."""
        if isinstance(place, slice):
            return Mnist(self.pixels[place], self.paper_is_light[place])
        return Normal(self.pixels[place], MNIST, bool(self.paper_is_light[place]))

    def __iter__(self) -> Iterator[Normal]:
        """All, in order."""
        return map(self.__getitem__, range(len(self)))
