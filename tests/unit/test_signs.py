"""What the normaliser tells beside the pixels, and that inverting a picture changes nothing."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays

from bench.families import FAMILIES, made, read_zip
from handler.images import normalise
from handler.luminance import Plane
from handler.normal import Signs
from tests.doubles import bar
from tests.unit.makers import as_plane
from tests.unit.test_images import needs_mnist, placed, seven
from train.data import load_mnist

SHARED = Path(__file__).parents[3] / "shared" / "data"


def inverted(plane: Plane) -> Plane:
    """The negative, as a file of 8 bits would have it."""
    return ((255 - np.rint(plane * 255)) / 255).astype(np.float32)


def assert_same_inverted(planes: list[Plane]) -> None:
    """The same 28×28 within rounding, and the same signs."""
    for plane in planes:
        one, other = normalise(plane), normalise(inverted(plane))
        np.testing.assert_allclose(one.pixels.astype(int), other.pixels.astype(int), atol=2)
        assert one.signs.contrast == pytest.approx(other.signs.contrast, abs=1e-3)
        assert (one.signs.cut, one.signs.several) == (other.signs.cut, other.signs.several)


@needs_mnist
@pytest.mark.parametrize("family", FAMILIES)
def test_inverting_a_hard_picture_changes_nothing(family: str) -> None:
    """Shadows, lines, tight crops: whatever the rules are, they are the same for light ink on dark paper."""
    assert_same_inverted(
        [np.rint(plane * 255).astype(np.float32) / np.float32(255) for plane in made(family, 25).planes]
    )


@pytest.mark.parametrize("name", ["exam-scans-dev.zip", "hwd1000.zip"])
def test_inverting_a_real_picture_changes_nothing(name: str) -> None:
    """Of scans and pen drawings."""
    if not (SHARED / name).exists():
        pytest.skip(f"shared/data/{name} is not beside the project")
    assert_same_inverted(list(read_zip(SHARED / name).planes)[:200])


@needs_mnist
def test_inverted_mnist_passes_through_bit_for_bit() -> None:
    """All 10,000 test images come out as they are, from their negatives."""
    for digit in load_mnist().x_test:
        np.testing.assert_array_equal(normalise(as_plane(255 - digit)).pixels, digit)


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)))
@settings(deadline=None)
def test_any_picture_and_its_negative_are_blank_together(values: np.typing.NDArray[np.uint8]) -> None:
    """Noise of any shape raises nothing and is blank exactly where its negative is."""
    assert normalise(as_plane(values)).signs.is_blank == normalise(as_plane(255 - values)).signs.is_blank


def signs(*, contrast: float = 1, cut: bool = False, several: bool = False, is_blank: bool = False) -> Signs:
    """Of a good picture, but for what is said."""
    return Signs(contrast=contrast, cut=cut, several=several, is_blank=is_blank)


@pytest.mark.parametrize("side", [28, 60, 200])
def test_a_good_picture_has_no_signs(side: int) -> None:
    """Black on white, whole, one."""
    assert normalise(as_plane(255 - seven(side))).signs == signs()


@pytest.mark.parametrize("contrast", [0.06, 0.2, 0.5, 0.9])
def test_contrast_is_that_of_ink_and_paper(contrast: float) -> None:
    """As a share of the paper's luminance."""
    plane = np.where(seven() > 0, 0.8 * (1 - contrast), 0.8).astype(np.float32)

    assert normalise(plane).signs.contrast == pytest.approx(contrast, abs=0.01)


def test_blank_paper_is_blank() -> None:
    """And has no other sign."""
    assert normalise(np.ones((50, 50), np.float32)).signs == signs(contrast=0, is_blank=True)


@pytest.mark.parametrize("turns", range(4))
def test_ink_that_runs_over_the_edge_is_cut(turns: int) -> None:
    """At one side, with paper at the others; not where the picture was cut along the digit at all of them."""
    sheet = np.rot90(placed(seven(), 10, 10, 80, 80), turns)
    rows, columns = np.flatnonzero(sheet.any(axis=1)), np.flatnonzero(sheet.any(axis=0))

    assert not normalise(as_plane(sheet)).signs.cut
    assert normalise(as_plane(sheet[rows[0] + 6 :])).signs.cut
    tight = sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert not normalise(as_plane(tight)).signs.cut


def test_two_digits_are_several_and_one_in_two_pieces_is_not() -> None:
    """Side by side, of one size."""
    pair = np.zeros((80, 120), np.uint8)
    pair[10:70, 0:60] = seven()
    pair[10:70, 60:120] = seven()
    broken = placed(bar(40, 6), 10, 10, 80, 80)
    broken[40:43] = 0

    assert normalise(as_plane(pair)).signs.several
    assert not normalise(as_plane(broken)).signs.several


@needs_mnist
def test_zip_code_digits_have_no_signs() -> None:
    """White on black, edge to edge, 16×16: neither cut nor several."""
    found = [normalise(plane).signs for plane in made("zip-code", 200).planes]

    assert sum(one.cut for one in found) <= 4
    assert sum(one.several for one in found) <= 2
