"""How often each byte is in each picture of a sheet: what follows from bytes is ranked by them, without sorting."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.luminance import unit
from handler.planes import Mask, Numbers
from handler.sheet import Sheet
from handler.sheet_paper import Papers, inks_of
from handler.sheet_steps import BYTES, counted


@dataclass(frozen=True, slots=True)
class Counts:
    """The ink of each byte, in each picture from the weakest to the strongest, and how many pixels have it."""

    ink: NDArray[np.float32]
    """(N, 256)."""
    count: Numbers
    """(N, 256)."""

    def ranked(self, rank: Numbers) -> NDArray[np.float64]:
        """(N,): the ink that so many pixels, (N,), are before in order."""
        place = (self.count.cumsum(axis=1) > rank[:, None]).argmax(axis=1)
        return np.asarray(self.ink[np.arange(len(place)), place], np.float64)

    def least(self, weakest: NDArray[np.float32]) -> "Counts":
        """Of pixels that have at least so much ink, (N,)."""
        return Counts(self.ink, self.count * (self.ink >= weakest[:, None]))


def counts_of(sheet: Sheet, papers: Papers) -> Counts:
    """The pixels of each picture, all of which are in bytes."""
    count = counted(np.asarray(picture, np.uint8).ravel() for picture in sheet.pictures)
    every = np.broadcast_to(unit(np.arange(BYTES, dtype=np.uint8)), (len(count), 1, BYTES))
    return _in_order(Counts(inks_of(every, papers)[:, 0], count), papers.is_light)


def recounted(counts: Counts, number: int, grays: NDArray[np.uint8], papers: Papers) -> None:
    """Have the counts of one picture be those of some of its pixels."""
    count = np.bincount(grays, minlength=BYTES)
    counts.count[number] = count[::-1] if papers.is_light[number] else count


def _in_order(counts: Counts, is_light: Mask) -> Counts:
    """On light paper the lighter bytes have the weaker ink."""
    for values in (counts.ink, counts.count):
        values[is_light] = values[is_light, ::-1]
    return counts
