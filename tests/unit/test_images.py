"""Any plane of luminance to the 28×28 that the model reads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from handler import images
from handler.luminance import Plane
from handler.placement import BOX, CENTRE, SIDE, is_mnist
from tests.doubles import bar
from tests.unit.makers import as_plane
from train.data import cache_file, load_mnist

HAS_MNIST = cache_file().exists()
needs_mnist = pytest.mark.skipif(not HAS_MNIST, reason=f"MNIST is not in {cache_file()}: `make demo` puts it there")


def normalise(plane: Plane) -> NDArray[np.uint8]:
    """The pixels alone."""
    return images.normalise(plane).pixels


def seven(side: int = 60) -> NDArray[np.uint8]:
    """A drawn 7, white on black, in the middle of a (side, side) picture."""
    picture = np.zeros((side, side), np.uint8)
    low, high, thick = side // 4, side * 3 // 4, max(1, side // 15)
    picture[low : low + thick, low:high] = 255
    for row in range(low, high):
        column = high - (row - low) // 2
        picture[row, column - thick : column] = 255
    return picture


def placed(picture: NDArray[np.uint8], top: int, left: int, high: int, wide: int) -> NDArray[np.uint8]:
    """The picture on a larger black one."""
    paper = np.zeros((high, wide), np.uint8)
    paper[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return paper


def centre(image: NDArray[np.uint8]) -> tuple[float, float]:
    """Centre of mass, down and across, in pixels from the outer edge."""
    mass = image.astype(np.float64)
    places = np.arange(SIDE) + 0.5
    return float(mass.sum(axis=1) @ places / mass.sum()), float(mass.sum(axis=0) @ places / mass.sum())


def extent(image: NDArray[np.uint8]) -> tuple[int, int]:
    """Height and width of what is at least half of the brightest ink."""
    rows, columns = np.nonzero(image >= 128)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def assert_alike(pairs: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
    """Hold pictures against digits; a stroke two pixels wide that moves by half a pixel still correlates by 0.8."""
    found = [np.corrcoef(image.ravel(), digit.ravel())[0, 1] for image, digit in pairs]

    assert np.mean(found) > 0.95
    assert min(found) > 0.8


@pytest.fixture(scope="module")
def digits() -> NDArray[np.uint8]:
    """MNIST's test images, (10000, 28, 28), white on black."""
    return load_mnist().x_test


@needs_mnist
def test_mnist_passes_through_bit_for_bit(digits: NDArray[np.uint8]) -> None:
    """All 10,000 test images are recognised as what they are, and nothing of them is changed."""
    changed = [number for number, digit in enumerate(digits) if not np.array_equal(normalise(as_plane(digit)), digit)]

    assert changed == []


@needs_mnist
@pytest.mark.parametrize(("down", "across"), [(3, 0), (0, 3), (-3, -3), (2, -2)])
def test_shifted_mnist_comes_back_centred(digits: NDArray[np.uint8], down: int, across: int) -> None:
    """28×28 alone proves nothing: a digit that is off its centre is moved there again, nearly as it was."""
    high, wide = slice(max(down, 0), SIDE + min(down, 0)), slice(max(across, 0), SIDE + min(across, 0))
    pairs = []
    for digit in digits[:600]:
        shifted = np.roll(digit, (down, across), (0, 1))
        if shifted[high, wide].sum() < digit.sum():
            continue  # some of it left on one side and came back on the other
        pairs.append((normalise(as_plane(shifted)), digit))
        assert not np.array_equal(pairs[-1][0], shifted)

    assert len(pairs) > 300
    assert_alike(pairs)


@needs_mnist
def test_inverted_mnist_comes_back_white_on_black(digits: NDArray[np.uint8]) -> None:
    """Dark on light is told by the border and turned round."""
    assert_alike([(normalise(as_plane(255 - digit)), digit) for digit in digits[:300]])


@needs_mnist
@pytest.mark.parametrize("factor", [2, 3, 10])
def test_enlarged_mnist_comes_back_small(digits: NDArray[np.uint8], factor: int) -> None:
    """A digit of any size comes back in MNIST's."""
    large = digits[:100].repeat(factor, axis=1).repeat(factor, axis=2)

    assert_alike([(normalise(as_plane(picture)), digit) for picture, digit in zip(large, digits, strict=False)])


@needs_mnist
def test_faint_mnist_comes_back_strong(digits: NDArray[np.uint8]) -> None:
    """Pencil on paper has the contrast of MNIST afterwards."""
    faint = np.rint(200 - digits[:300] * 0.3).astype(np.uint8)
    found = [normalise(as_plane(picture)) for picture in faint]

    assert {image.max() for image in found} == {255}
    assert_alike(list(zip(found, digits, strict=False)))


@pytest.mark.parametrize("side", [20, 28, 33, 60, 200, 1500])
def test_a_digit_fits_the_box_and_stands_on_its_centre_of_mass(side: int) -> None:
    """20 pixels long, its mass within half a pixel of 14.5, as strong as ink can be."""
    found = normalise(as_plane(seven(side)))
    down, across = centre(found)

    assert found.shape == (SIDE, SIDE)
    assert found.dtype == np.uint8
    assert found.max() == 255
    assert abs(down - CENTRE) < 0.5
    assert abs(across - CENTRE) < 0.5
    assert BOX - 2 <= max(extent(found)) <= BOX + 1


def test_the_aspect_ratio_is_kept() -> None:
    """A bar four times as high as wide is that afterwards, and the other way round."""
    high, wide = extent(normalise(as_plane(bar(80, 20, side=100))))

    assert high in (19, 20, 21)
    assert wide in (4, 5, 6)
    assert extent(normalise(as_plane(bar(20, 80, side=100)))) == (wide, high)


@pytest.mark.parametrize(("top", "left", "high", "wide"), [(0, 0, 60, 60), (5, 140, 70, 260), (100, 3, 300, 64)])
def test_where_a_digit_stands_does_not_matter(top: int, left: int, high: int, wide: int) -> None:
    """The same digit anywhere on any paper gives the same picture."""
    expected = normalise(as_plane(seven()))
    found = normalise(as_plane(placed(seven(), top, left, high, wide)))

    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)


@pytest.mark.parametrize("side", [28, 60, 333])
def test_polarity_does_not_matter(side: int) -> None:
    """Black on white and white on black give the same picture."""
    light, dark = normalise(as_plane(seven(side))), normalise(as_plane(255 - seven(side)))

    np.testing.assert_allclose(light.astype(int), dark.astype(int), atol=1)


def test_the_border_tells_the_paper_even_where_ink_is_most() -> None:
    """A digit that fills most of its picture is not taken for paper."""
    thick = bar(70, 80, side=100)

    assert normalise(as_plane(thick))[14, 14] == 255
    assert normalise(as_plane(255 - thick))[14, 14] == 255
    assert normalise(as_plane(thick))[0, 0] == 0


@pytest.mark.parametrize("contrast", [0.06, 0.3, 1.0])
@pytest.mark.parametrize("paper", [0.0, 0.4, 1.0])
def test_contrast_does_not_matter(paper: float, contrast: float) -> None:
    """Faint ink on any paper gives the same picture as black on white."""
    ink = seven() > 0
    strength = contrast if paper + contrast <= 1 else -contrast
    if not 0 <= paper + strength <= 1:
        strength = -paper
    plane = np.where(ink, paper + strength, paper).astype(np.float32)

    np.testing.assert_allclose(normalise(plane).astype(int), normalise(as_plane(seven())).astype(int), atol=1)


@pytest.mark.parametrize("level", [0, 1, 17, 127, 128, 254, 255])
@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (5, 90), (300, 300)])
def test_blank_paper_of_any_gray_is_all_zero(level: int, shape: tuple[int, int]) -> None:
    """Nothing stands out: the picture is blank, whatever its colour."""
    assert not normalise(np.full(shape, level / 255, np.float32)).any()


def test_less_contrast_than_paper_has_of_itself_is_blank() -> None:
    """Noise of a few levels is no ink; a little more is."""
    noise = np.random.default_rng(5).integers(200, 209, (60, 60)).astype(np.uint8)

    assert not normalise(as_plane(noise)).any()
    noise[20:40, 28:32] = 150
    assert normalise(as_plane(noise)).any()


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (2, 2), (1, 50), (50, 1), (3, 3), (2, 300), (300, 2)])
def test_tiny_and_thin_pictures_are_read(shape: tuple[int, int]) -> None:
    """A picture of a few pixels, or of one line, has ink in the middle of what comes out."""
    plane = np.ones(shape, np.float32)
    plane.flat[plane.size // 2] = 0
    found = normalise(plane)

    assert found.max() == 255
    assert found[12:17, 12:17].any()


def test_one_pixel_is_ink_on_small_paper_and_dust_on_large() -> None:
    """A pixel that is nothing among its neighbours is no digit."""
    for side, strongest in ((100, 255), (2000, 0)):
        plane = np.ones((side, side), np.float32)
        plane[side // 3, side // 5] = 0
        assert normalise(plane).max() == strongest


def test_two_dots_far_apart_do_not_vanish() -> None:
    """Ink that is spread over a large picture is still there when it is small."""
    plane = np.ones((2000, 2000), np.float32)
    plane[2:40, 2:40] = plane[1950:1990, 1950:1990] = 0

    assert normalise(plane).any()


@given(
    arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=40),
        elements=st.floats(0, 1, width=32),
    )
)
@settings(deadline=None, max_examples=300)
def test_any_plane_gives_a_picture_with_ink_exactly_where_ink_is(plane: Plane) -> None:
    """No plane gives anything but 28×28 of uint8, zero exactly where it is called blank, else with full ink."""
    made = images.normalise(plane)
    found = made.pixels

    assert found.shape == (SIDE, SIDE)
    assert found.dtype == np.uint8
    assert made.signs.is_blank == (not found.any())
    if found.any() and not np.array_equal(found, np.rint(plane * 255)):
        assert found.max() == 255


@given(
    arrays.arrays(np.uint8, (12, 12), elements=st.sampled_from([0, 255])),
    st.integers(0, 30),
    st.integers(0, 30),
    st.booleans(),
)
@settings(deadline=None)
def test_any_drawing_gives_the_same_wherever_it_stands_and_of_whatever_polarity(
    drawn: NDArray[np.uint8],
    top: int,
    left: int,
    inverted: bool,  # noqa: FBT001  # given by Hypothesis
) -> None:
    """Paper around a drawing, and which of the two is dark, decide nothing."""
    expected = normalise(as_plane(placed(drawn, 15, 15, 42, 42)))
    paper = placed(drawn, top, left, 42, 42) if top and left and top < 30 and left < 30 else placed(drawn, 3, 3, 50, 90)
    found = normalise(as_plane(255 - paper if inverted else paper))

    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=2)


def as_mnist(down: int = 0, across: int = 0) -> NDArray[np.uint8]:
    """A 20 pixels long bar where MNIST has its digits."""
    return np.roll(bar(20, 6), (down, across), (0, 1))


@pytest.mark.parametrize("down", [-1, 0, 1])
@pytest.mark.parametrize("across", [-1, 0, 1])
def test_what_is_made_as_mnist_is_taken_as_it_is(down: int, across: int) -> None:
    """White on black, 20 long, its mass within a pixel of the centre: it passes through bit for bit."""
    image = as_mnist(down, across)

    assert is_mnist(image)
    np.testing.assert_array_equal(normalise(as_plane(image)), image)


@pytest.mark.parametrize(
    "image",
    [
        as_mnist(2, 0),
        as_mnist(0, -2),
        255 - as_mnist(),
        bar(17, 6),
        bar(22, 6),
        (as_mnist() // 2).astype(np.uint8),
        np.maximum(as_mnist(), 3).astype(np.uint8),
        np.zeros((28, 28), np.uint8),
        np.full((28, 28), 255, np.uint8),
    ],
)
def test_what_only_has_mnists_size_is_made_anew(image: NDArray[np.uint8]) -> None:
    """Off the centre, inverted, smaller, larger, fainter or with gray paper: 28×28 alone proves nothing."""
    assert not is_mnist(image)


@pytest.mark.parametrize("side", [28, 100, 300])
@pytest.mark.parametrize("sigma", [1, 3, 8])
def test_the_noise_of_a_scanner_is_not_ink(side: int, sigma: int) -> None:
    """An empty sheet with a scanner's noise is blank, not a digit."""
    noise = np.random.default_rng(sigma).normal(235, sigma, (side, side))
    assert not normalise(as_plane(noise.clip(0, 255).astype(np.uint8))).any()


def test_a_speck_of_dust_does_not_move_the_digit() -> None:
    """One pixel darker than the ink, in a corner of a scan, changes next to nothing."""
    sheet = np.full((300, 400), 250, np.uint8)
    sheet[100:160, 150:210][seven() > 0] = 90
    clean = normalise(as_plane(sheet)).astype(float)
    sheet[5, 5] = 0
    assert np.abs(normalise(as_plane(sheet)) - clean).mean() < 2


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (2, 500), (500, 3)])
def test_a_strip_with_ink_is_not_blank(shape: tuple[int, int]) -> None:
    """A strip thinner than what averaging takes together keeps its ink."""
    sheet = np.ones(shape, np.float32)
    sheet[shape[0] // 3 : shape[0] // 3 * 2 + 1, shape[1] // 3 : shape[1] // 3 * 2 + 1] = 0
    assert normalise(sheet).max() == 255
