"""Horizontal runs of ink, and which of them are connected: far fewer than pixels, and of many pictures at once."""

import numpy as np

from handler.planes import Mask, Numbers


def find_runs(masks: Mask) -> tuple[Numbers, Numbers, int]:
    """First place and the one after the last of each run of (H, W) or (N, H, W), in order, and the length of a row.

    Places count through all rows, each of which is one longer than the mask's, and through one more row before each
    mask: so no run reaches into another row, and none touches one of another mask.
    """
    *count, high, wide = masks.shape
    sheet = np.zeros(
        int(np.prod(count)) * (high + 1) * (wide + 1) + 1, np.bool_
    )  # and one for what the last run ends at
    sheet[:-1].reshape(*count, high + 1, wide + 1)[..., 1:, 1:] = masks
    changes = np.flatnonzero(sheet[1:] != sheet[:-1])
    changes += 1
    return changes[::2], changes[1::2], wide + 1


def labelled(starts: Numbers, stops: Numbers, wide: int) -> Numbers:
    """The number of the first run of each run's 8-connected part, of runs as `find_runs` gives them.

    Labels spread by taking the least of what touches and then jumping to what that has already found (Shiloach and
    Vishkin, An O(log n) parallel connectivity algorithm, 1982).
    """
    first = np.searchsorted(stops, starts + wide)  # runs below that end at the start or later
    count = np.searchsorted(starts, stops + wide, side="right") - first
    numbers = np.arange(len(starts))
    above = np.repeat(numbers, count)
    below = np.arange(len(above)) + np.repeat(first - (np.cumsum(count) - count), count)
    label = numbers.copy()
    own, other = label[above], label[below]
    while (own != other).any():
        least = np.minimum(own, other)
        np.minimum.at(label, own, least)
        np.minimum.at(label, other, least)
        while ((further := label[label]) != label).any():
            label = further
        own, other = label[above], label[below]
    return label


def are_whole(masks: Mask) -> Mask:
    """(N,): which of (N, H, W) have exactly one connected part."""
    starts, stops, wide = find_runs(masks)
    roots = starts[labelled(starts, stops, wide) == np.arange(len(starts))]
    return np.asarray(np.bincount(roots // (wide * (masks.shape[1] + 1)), minlength=len(masks)) == 1, np.bool_)
