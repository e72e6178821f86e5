"""The ink of each picture of a sheet that is the digit's, and where it is, as `images` finds it in one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.lines import LEAST
from handler.paper import CONTRAST
from handler.parts import digit_of
from handler.placement import BOX
from handler.planes import Mask, Numbers, extents
from handler.runs import are_whole
from handler.sheet import Sheet, per_picture, ranked
from handler.sheet_counts import Counts, counts_of, recounted
from handler.sheet_paper import Papers, Values, inks_of
from handler.thresholds import BARE, FEW, FULL, NOISE, SEEN, STRONG


@dataclass(frozen=True, slots=True)
class Window:
    """Rows and columns, first and after the last, of each picture."""

    top: Numbers
    bottom: Numbers
    left: Numbers
    right: Numbers

    def longer(self) -> Numbers:
        """The longer side of each."""
        return np.asarray(np.maximum(self.bottom - self.top, self.right - self.left), np.intp)

    def boxes(self) -> list[list[int]]:
        """Top, bottom, left and right of each."""
        sides: list[list[int]] = np.stack([self.top, self.bottom, self.left, self.right], axis=1).tolist()
        return sides

    def wider(self, by: Numbers, around: "Window") -> "Window":
        """The same with `by` more on all sides, as far as `around` reaches."""
        return Window(
            np.maximum(self.top - by, around.top),
            np.minimum(self.bottom + by, around.bottom),
            np.maximum(self.left - by, around.left),
            np.minimum(self.right + by, around.right),
        )


@dataclass(frozen=True, slots=True)
class Inks:
    """Ink as it is to be placed, and the signs; without meaning where it is not `found`."""

    found: Mask
    ink: NDArray[np.float32]
    """(N, H, W) 0–1, all zero beyond the window."""
    window: Window
    strength: Values
    cut: Mask
    several: Mask


def profiles(hits: Mask) -> tuple[Mask, Mask]:
    """(N, H) and (N, W): in which rows and columns of (N, H, W) there is a hit."""
    return np.asarray(hits.any(axis=2)), np.asarray(hits.any(axis=1))


def bounds_of(hits: Mask) -> Window:
    """The bounds of what is hit in each layer of (N, H, W)."""
    rows, columns = profiles(hits)
    return Window(*extents(rows), *extents(columns))


def find_inks(sheet: Sheet, papers: Papers) -> Inks:
    """What `images.normalise` finds, but only where no line may run through the picture and its ink is at one edge."""
    ink = inks_of(sheet.stack, papers)
    counts = None if sheet.grays is None else counts_of(sheet, papers)
    strongest = _strongest(ink, counts, sheet, papers)
    weakest = np.maximum(SEEN * strongest, np.minimum(NOISE * papers.noise, strongest))
    if counts:
        counts = counts.least(weakest.astype(np.float32))
    mask = (ink >= per_picture(weakest)) & sheet.valid
    rows, columns = profiles(mask)
    found = papers.found & ~_may_have_lines(rows, columns, sheet)
    several = np.zeros(len(mask), np.bool_)
    for number in np.flatnonzero(found & ~are_whole(mask)).tolist():
        high, wide = sheet.pictures[number].shape
        several[number] = _take_digit(mask[number, :high, :wide])
        rows[number], columns[number] = mask[number].any(axis=1), mask[number].any(axis=0)
        if counts and sheet.grays is not None:
            recounted(counts, number, sheet.grays[number][mask[number]], papers)

    bounds = Window(*extents(rows), *extents(columns))
    whole = Window(0 * sheet.high, sheet.high, 0 * sheet.wide, sheet.wide)
    margins = ((bounds.top, sheet.high - bounds.bottom), (bounds.left, sheet.wide - bounds.right))
    found &= sum((margin == 0).astype(np.intp) for pair in margins for margin in pair) <= 1
    cut = [(np.minimum(*pair) == 0) & (np.maximum(*pair) * 6 > bounds.longer()) for pair in margins]
    strength = _counted_strengths(counts) if counts else _strengths(ink, mask, bounds)
    least = np.maximum(strength, 1e-6)
    none = np.minimum(np.maximum(BARE, 2 * papers.noise / least), SEEN)
    ink *= _spread(mask) & sheet.valid
    ink /= per_picture(least)
    ink -= per_picture(none)
    ink /= per_picture(FULL - none)
    np.clip(ink, 0, 1, out=ink)
    return Inks(found, ink, bounds.wider(bounds.longer() // BOX + 2, whole), strength, cut[0] | cut[1], several)


def _strongest(ink: NDArray[np.float32], counts: Counts | None, sheet: Sheet, papers: Papers) -> Values:
    """As `images` has it."""
    sizes = sheet.high * sheet.wide
    ranks = sizes // FEW + 1
    if counts:
        usual, best = counts.ranked(sizes - ranks), counts.ranked(sizes - 1)
    else:
        most = int(ranks.max())
        flat = np.where(sheet.valid, ink, np.float32(-np.inf)).reshape(len(ink), -1)
        flat.partition(flat.shape[1] - most, axis=1)
        ordered = np.sort(flat[:, -most:], axis=1).astype(np.float64)
        usual, best = ordered[np.arange(len(ordered)), most - ranks], ordered[:, -1]
    return np.where(usual > np.maximum(CONTRAST, NOISE * papers.noise), usual, best)


def _may_have_lines(rows: Mask, columns: Mask, sheet: Sheet) -> Mask:
    """Where `lines.without_lines` would look for some: ink lies near two opposite edges."""
    each = np.arange(len(rows))
    down = (rows[:, 0] | rows[:, 1]) & (rows[each, sheet.high - 1] | rows[each, sheet.high - 2])
    across = (columns[:, 0] | columns[:, 1]) & (columns[each, sheet.wide - 1] | columns[each, sheet.wide - 2])
    return (np.minimum(sheet.high, sheet.wide) >= LEAST) & (down | across)


def _take_digit(mask: Mask) -> bool:
    """Leave in a mask what is the digit; return whether there are several."""
    mask[:], several = digit_of(mask)
    return several


def _strengths(ink: NDArray[np.float32], mask: Mask, bounds: Window) -> Values:
    """The quantile of each mask's ink that is stronger than most of it."""
    count = np.count_nonzero(mask.reshape(len(mask), -1), axis=1)
    inked = np.where(mask, ink, np.float32(-np.inf))
    most = int(((bounds.bottom - bounds.top) * (bounds.right - bounds.left)).max())
    ordered = np.full((len(ink), most), -np.inf, np.float32)
    for own, values, (top, bottom, left, right) in zip(ordered, inked, bounds.boxes(), strict=True):
        high, wide = bottom - top, right - left
        own[: high * wide].reshape(high, wide)[:] = values[top:bottom, left:right]
    ordered.sort(axis=1)
    return ranked(ordered, most - count, np.maximum(count, 1), STRONG)


def _counted_strengths(counts: Counts) -> Values:
    """The same of the pixels that are counted."""
    count = np.maximum(counts.count.sum(axis=1), 1)
    place = STRONG * (count - 1)
    lower = place.astype(np.intp)
    low, high = counts.ranked(lower), counts.ranked(np.minimum(lower + 1, count - 1))
    found: Values = low + (high - low) * (place - lower)
    return found


def _spread(mask: Mask) -> Mask:
    """The masks and what is next to them."""
    found = mask.copy()
    for own, other in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        found[:, own] |= mask[:, other]
    wide = found.copy()
    for own, other in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        wide[:, :, own] |= found[:, :, other]
    return wide
