"""Lines of the paper, and strokes that look like them."""

import numpy as np
import pytest

from handler.lines import without_lines
from handler.planes import Mask
from tests.unit.test_images import needs_mnist
from train.data import load_mnist


def sheet() -> Mask:
    """A ring of 24 pixels on 80×90."""
    down, across = np.meshgrid(np.arange(80), np.arange(90), indexing="ij")
    distance = np.hypot(down - 40, across - 45)
    return np.asarray((distance > 9) & (distance < 13))


@pytest.mark.parametrize("slope", [-4, 0, 5])
@pytest.mark.parametrize("place", [1, 15, 45, 66, 77])
@pytest.mark.parametrize("turned", [False, True])
def test_a_ruled_line_is_taken_out(place: int, slope: int, turned: bool) -> None:  # noqa: FBT001  # a case
    """Beside the digit or through it, level or not; an upright one only beside the edge, where boxes have theirs."""
    if turned and 12 < place < 68:
        return
    mask = sheet()
    columns = np.arange(90)
    rows = np.rint(place + slope * columns / 90).astype(int).clip(0, 79)
    lined = mask.copy()
    lined[rows, columns] = True
    lined[(rows + 1).clip(0, 79), columns] = True
    found = without_lines(lined.T).T if turned else without_lines(lined)

    assert (found != mask).sum() < 30
    assert not found[:, :20].any()


def test_a_frame_is_taken_out() -> None:
    """All four edges of a box, two pixels from the picture's."""
    framed = sheet()
    framed[2:4, :] = framed[-4:-2, :] = framed[:, 2:4] = framed[:, -4:-2] = True

    np.testing.assert_array_equal(without_lines(framed), sheet())


def test_a_line_alone_is_ink() -> None:
    """Where nothing remains, the line is what was drawn: a 1, or a minus."""
    mask = np.zeros((60, 60), np.bool_)
    mask[:, 29:32] = True

    np.testing.assert_array_equal(without_lines(mask), mask)
    np.testing.assert_array_equal(without_lines(mask.T), mask.T)


@needs_mnist
@pytest.mark.parametrize("level", [40, 128])
def test_no_stroke_of_a_digit_is_taken_for_a_line(level: int) -> None:
    """MNIST's digits cut along their bounds, twice as large, lose nothing: no 1, and no bar of a 7, 4 or 5."""
    lost = []
    for number, digit in enumerate(load_mnist().x_test[:2000]):
        ink = digit > level
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        tight = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].repeat(2, axis=0).repeat(2, axis=1)
        wide = np.pad(tight, [(8, 8), (0, 0)])
        lost += [number for mask in (tight, wide) if not np.array_equal(without_lines(mask), mask)]

    assert len(lost) <= 8  # of 4,000: a 4 whose bar is all of its width, and alike


def test_a_texture_is_not_searched_for_lines() -> None:
    """A stripe in every other row gives thousands of ways from edge to edge: that is no paper, and stays as it is."""
    stripes = np.zeros((127, 127), np.bool_)
    stripes[::2] = True
    assert without_lines(stripes) is stripes
