"""Pixels of every range and transparency to luminance."""

import numpy as np
import pytest
from PIL import Image

from tests.unit.gallery import GRAY, LEVEL, coloured, deep, with_alpha
from tests.unit.makers import as_plane, frames, plane_of, saved


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("top", [255, 4095, 65535])
def test_values_of_8_or_12_bits_in_files_of_16_are_scaled_by_their_own_range(kind: str, top: int) -> None:
    """White is the smallest usual one that holds all values: what a scanner of 12 bits saves is not nearly black."""
    np.testing.assert_allclose(plane_of(saved(Image.fromarray(deep(top)), kind)), as_plane(GRAY), atol=1.01 * LEVEL)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0, 70_000], [140_000, 280_000]], [[0, 0.25], [0.5, 1]]),
        ([[-100, 0], [0, 100]], [[0, 0.5], [0.5, 1]]),
        ([[-7, -7], [-7, -7]], [[0, 0], [0, 0]]),
        ([[0, 0], [0, 0]], [[0, 0], [0, 0]]),
    ],
)
def test_integers_of_32_bits_are_scaled_by_what_they_reach(
    values: list[list[int]], expected: list[list[float]]
) -> None:
    """Values beyond 16 bits or below zero have no usual range: their own ends are black and white."""
    data = saved(Image.fromarray(np.array(values, np.int32)), "TIFF")

    np.testing.assert_allclose(plane_of(data), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0, 0.5], [1, np.nan]], [[0, 0.5], [1, 0.5]]),
        ([[0, np.inf], [-np.inf, 1]], [[0, 0.5], [0.5, 1]]),
        ([[np.nan, np.nan], [np.inf, np.nan]], [[0, 0], [0, 0]]),
        ([[-3e38, 3e38], [0, 0]], [[0, 1], [0.5, 0.5]]),
        ([[-1, 1], [0, 0]], [[0, 1], [0.5, 0.5]]),
        ([[1e-40, 1e-40], [0, 0]], [[0, 0], [0, 0]]),
        ([[0, 1e9], [0, 0]], [[0, 1], [0, 0]]),
    ],
)
def test_floats_of_any_range_are_scaled_and_never_nan(values: list[list[float]], expected: list[list[float]]) -> None:
    """What is no number is as bright as the middle of the rest; no range overflows."""
    data = saved(Image.fromarray(np.array(values, np.float32)), "TIFF")

    np.testing.assert_allclose(plane_of(data), expected, atol=1e-6)


@pytest.mark.parametrize("paper", [0, 128, 255])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_dark_ink_on_nothing_stands_on_white_paper(kind: str, paper: int) -> None:
    """What colour a transparent pixel has does not matter."""
    options: dict[str, object] = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    plane = plane_of(saved(with_alpha(0, paper), kind, **options))

    assert plane[0, 0] == 1
    assert plane[1, 5] < 0.1


@pytest.mark.parametrize("paper", [0, 128, 255])
def test_white_ink_on_nothing_stands_on_black_paper(paper: int) -> None:
    """White on white would show nothing: light ink is laid over black."""
    plane = plane_of(saved(with_alpha(255, paper), "PNG"))

    assert plane[0, 0] == 0
    assert plane[1, 5] > 0.9


def test_thin_white_ink_that_covers_nowhere_stands_on_black_paper() -> None:
    """Ink that is nowhere more than 40 % opaque is ink all the same."""
    faint = with_alpha(255, 0)
    faint.putalpha(faint.getchannel("A").point(lambda value: value * 2 // 5))
    plane = plane_of(saved(faint, "PNG"))

    assert plane[0, 0] == 0
    assert plane[1, 5] > 0.3


def test_a_picture_that_is_all_transparent_is_blank_paper() -> None:
    """Nothing on nothing is white, whatever colour is hidden there."""
    hidden = coloured().convert("RGBA")
    hidden.putalpha(0)

    assert (plane_of(saved(hidden, "PNG")) == 1).all()


def test_transparency_by_a_colour_is_transparent() -> None:
    """The tRNS colour of gray, RGB and palette PNGs, and of GIFs, is paper."""
    black_paper = np.where(GRAY == 250, 0, 40).astype(np.uint8)
    picture = Image.fromarray(black_paper)
    for data in (
        saved(picture, "PNG", transparency=0),
        saved(picture.convert("RGB"), "PNG", transparency=(0, 0, 0)),
        saved(picture.convert("P"), "PNG", transparency=0),
        saved(picture, "GIF", transparency=0),
    ):
        plane = plane_of(data)
        assert plane[0, 0] == 1
        assert plane[1, 5] < 0.2


def test_frames_of_a_transparent_animation_are_all_on_paper() -> None:
    """Later frames of a GIF are transparent in another way than the first; all are read alike."""
    black_paper = Image.fromarray(np.where(GRAY == 250, 0, 40).astype(np.uint8)).convert("P")
    other = black_paper.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    found = frames(saved(black_paper, "GIF", save_all=True, append_images=[other], transparency=0, disposal=2))

    assert len(found.planes) == 2
    for plane in found.planes:
        assert plane[0, 0] == 1
        assert plane.min() < 0.2


def test_a_large_picture_is_reduced_by_a_whole_factor() -> None:
    """The plane's longer side stays below twice 1024, and shows the same."""
    picture = Image.fromarray(np.kron(GRAY, np.ones((250, 250), np.uint8)))  # 4250 × 3000
    for data in (
        saved(picture, "PNG", compress_level=1),
        saved(picture, "JPEG"),
        saved(Image.fromarray(np.asarray(picture).astype(np.uint16) * 257), "PNG", compress_level=1),
    ):
        (plane,) = frames(data, 1 << 24).planes
        assert 1000 <= max(plane.shape) < 2048
        assert plane.shape[1] / plane.shape[0] == pytest.approx(17 / 12, abs=0.01)
        rows, columns = np.linspace(0, plane.shape[0], 13)[:-1], np.linspace(0, plane.shape[1], 18)[:-1]
        middles = plane[np.ix_((rows + plane.shape[0] / 24).astype(int), (columns + plane.shape[1] / 34).astype(int))]
        np.testing.assert_allclose(middles, as_plane(GRAY), atol=0.02)
