"""Connected parts, and which of them are the digit."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from handler.connected import find_parts
from handler.parts import digit_of
from handler.planes import Mask


def flooded(mask: Mask) -> set[frozenset[tuple[int, int]]]:
    """The 8-connected parts as sets of pixels, by flooding: slow and plain."""
    left = {(int(row), int(column)) for row, column in zip(*np.nonzero(mask), strict=True)}
    found = set()
    while left:
        queue = deque([left.pop()])
        part = set(queue)
        while queue:
            row, column = queue.popleft()
            near = {(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & left
            left -= near
            part |= near
            queue.extend(near)
        found.add(frozenset(part))
    return found


@given(arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=14), elements=st.booleans()))
def test_parts_are_those_that_flooding_finds(mask: Mask) -> None:
    """Any mask has the parts, areas and bounds that a plain flood gives."""
    if not mask.any():
        return
    parts = find_parts(mask)
    amount = len(parts.area)
    masks = [parts.mask(np.arange(amount) == number, (mask.shape[0], mask.shape[1])) for number in range(amount)]

    assert {frozenset(zip(*(axis.tolist() for axis in np.nonzero(one)), strict=True)) for one in masks} == flooded(mask)
    for number, one in enumerate(masks):
        rows, columns = np.nonzero(one)
        assert parts.area[number] == len(rows)
        assert (parts.top[number], parts.bottom[number]) == (rows.min(), rows.max() + 1)
        assert (parts.left[number], parts.right[number]) == (columns.min(), columns.max() + 1)
    assert (np.diff(parts.area) <= 0).all()


def sheet(*boxes: tuple[int, int, int, int]) -> Mask:
    """60×60 with ink in rectangles: top, bottom, left, right."""
    mask = np.zeros((60, 60), np.bool_)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


STEM = (10, 50, 28, 32)


@pytest.mark.parametrize(
    "other",
    [(5, 7, 5, 7), (50, 54, 44, 48), (30, 33, 50, 53), (0, 4, 10, 40), (20, 40, 0, 3), (57, 60, 57, 60)],
)
def test_specks_full_stops_and_remains_at_the_edge_are_left_out(other: tuple[int, int, int, int]) -> None:
    """What is small and apart, or a strip along the edge, is no part of the digit."""
    mask, several = digit_of(sheet(STEM, other))

    np.testing.assert_array_equal(mask, sheet(STEM))
    assert not several


@pytest.mark.parametrize("other", [(5, 8, 20, 45), (26, 29, 34, 50), (10, 30, 34, 37), (51, 54, 28, 32)])
def test_a_detached_bar_is_the_digits(other: tuple[int, int, int, int]) -> None:
    """What is long, or near, stays: the bar of a 5, the arm of a 4, the end of a broken stroke."""
    mask, several = digit_of(sheet(STEM, other))

    np.testing.assert_array_equal(mask, sheet(STEM, other))
    assert not several


def test_two_of_a_size_side_by_side_are_several() -> None:
    """Two digits are told from one in two pieces by their size and the gap."""
    mask, several = digit_of(sheet((10, 50, 12, 16), (12, 48, 40, 46)))

    assert several
    assert mask.any()


def ringed(*boxes: tuple[int, int, int, int], round_: bool) -> Mask:
    """The same within a ring or a box of two pixels."""
    down, across = np.meshgrid(np.arange(60) - 29.5, np.arange(60) - 29.5, indexing="ij")
    far = np.hypot(down, across) if round_ else np.maximum(np.abs(down), np.abs(across))
    found: Mask = sheet(*boxes) | ((far > 26) & (far < 28.5))
    return found


@pytest.mark.parametrize("round_", [False, True])
def test_what_a_ring_or_a_box_encloses_is_the_digit(round_: bool) -> None:  # noqa: FBT001  # a case
    """The ring is left out, and what lies beyond it; two digits in it are several."""
    mask, several = digit_of(ringed(STEM, (0, 3, 0, 3), round_=round_))
    np.testing.assert_array_equal(mask, sheet(STEM))
    assert not several
    assert digit_of(ringed((15, 45, 18, 23), (15, 45, 35, 40), round_=round_))[1]


@pytest.mark.parametrize("dot", [(28, 32, 28, 32), (24, 36, 29, 31)])
def test_a_zero_with_a_dot_in_it_is_a_zero(dot: tuple[int, int, int, int]) -> None:
    """What it encloses is much less high than the zero."""
    mask, _ = digit_of(ringed(dot, round_=True))
    assert mask[2:58, 28].any()
    assert mask.sum() >= ringed(round_=True).sum()


HOOK = ((5, 55, 10, 14), (51, 55, 10, 50), (5, 9, 10, 50))


@pytest.mark.parametrize("stem", [(20, 45, 46, 50), (20, 45, 30, 34)])
def test_what_a_hook_is_open_to_is_not_enclosed(stem: tuple[int, int, int, int]) -> None:
    """Beside it or within its bounds: the digit is all of it, as of an open 0 or a 4 in two pieces."""
    mask, _ = digit_of(sheet(*HOOK, stem))
    np.testing.assert_array_equal(mask, sheet(*HOOK, stem))


def ellipse(wide: float) -> Mask:
    """A ring of three pixels, 54 high."""
    down, across = np.meshgrid(np.arange(60) - 29.5, np.arange(60) - 29.5, indexing="ij")
    found: Mask = np.abs(np.hypot(down / 27, across / wide) - 1) < 0.07
    return found


BAR = np.zeros((60, 60), np.bool_)
for _row in range(16, 44):
    BAR[_row, 43 - _row // 2 : 46 - _row // 2] = True


def test_a_slim_zero_with_a_bar_in_it_is_a_zero() -> None:
    """Though the bar does not touch it."""
    mask, several = digit_of(ellipse(16) | BAR)
    np.testing.assert_array_equal(mask, ellipse(16) | BAR)
    assert not several


@pytest.mark.parametrize(("wide", "either"), [(27, False), (21, True)])
def test_a_bare_stroke_in_a_ring_is_a_one(wide: float, either: bool) -> None:  # noqa: FBT001  # a case
    """In a circle surely; in a ring that is a little slimmer it could be a zero with a bar too, for a person to see."""
    mask, several = digit_of(ellipse(wide) | BAR)
    np.testing.assert_array_equal(mask, BAR)
    assert several == either


def test_a_one_in_a_slim_box_is_a_one() -> None:
    """A box has corners, which a zero has not."""
    box = sheet((3, 57, 10, 12), (3, 57, 48, 50), (3, 5, 10, 50), (55, 57, 10, 50))
    np.testing.assert_array_equal(digit_of(box | sheet(STEM))[0], sheet(STEM))
