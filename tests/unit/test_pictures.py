"""Opening pictures of every format, mode and orientation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.unit.gallery import (
    BILEVEL,
    GRAY,
    LEVEL,
    LOSSLESS,
    LOSSY,
    MANY,
    PICTURE,
    PLAIN,
    TURNED,
    big_endian_tiff,
    coloured,
    packed_png,
)
from tests.unit.makers import as_plane, drawing, frames, plane_of, saved

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\..*")  # pytest undoes the handler's own filter


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_format_that_loses_nothing_gives_the_pictures_luminance(kind: str) -> None:
    """Whatever format, depth and mode hold it, the plane is the drawing within one level of 255."""
    plane = plane_of(LOSSLESS[kind])

    assert plane.dtype == np.float32
    assert plane.flags["C_CONTIGUOUS"]
    np.testing.assert_allclose(plane, as_plane(GRAY), atol=1.01 * LEVEL)


@pytest.mark.parametrize("kind", LOSSY)
def test_a_lossy_format_gives_nearly_the_pictures_luminance(kind: str) -> None:
    """A photograph's formats differ by what their compression loses, never in polarity or direction."""
    plane = plane_of(LOSSY[kind])

    assert plane.shape == GRAY.shape
    assert np.corrcoef(plane.ravel(), as_plane(GRAY).ravel())[0, 1] > 0.97


@pytest.mark.parametrize("kind", MANY)
def test_each_page_or_frame_is_a_plane(kind: str) -> None:
    """Animations and documents give their frames in order."""
    found = frames(MANY[kind])

    assert found.code == ""
    assert len(found.planes) == 3
    for plane, expected in zip(found.planes, (PICTURE, TURNED, PICTURE), strict=True):
        np.testing.assert_allclose(plane, as_plane(np.asarray(expected)), atol=1.01 * LEVEL)


@pytest.mark.parametrize("kind", BILEVEL)
def test_one_bit_is_black_or_white(kind: str) -> None:
    """Pictures of one bit have 0 and 1, the right way round."""
    np.testing.assert_array_equal(plane_of(BILEVEL[kind]), (GRAY > 99).astype(np.float32))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_gray_png_of_few_bits_is_scaled(bits: int) -> None:
    """1, 2 and 4 bits a pixel reach from black to white as 8 do."""
    data, luminance = packed_png(bits)

    np.testing.assert_allclose(plane_of(data), luminance, atol=LEVEL)


def test_plain_pgm_with_a_comment_is_read() -> None:
    """PNM as text, with its own white, is scaled by it."""
    np.testing.assert_allclose(plane_of(PLAIN), GRAY / 250.0, atol=1.01 * LEVEL)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG", "AVIF"])
def test_every_exif_orientation_is_seen_upright(kind: str, orientation: int) -> None:
    """A picture stored turned or mirrored, with the tag that says so, gives the plane of the upright one."""
    transposes = (
        None,
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_90,  # stored turned the other way than it is to be seen
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_270,
    )
    upright = Image.fromarray(drawing().repeat(8, axis=0).repeat(8, axis=1))
    transpose = transposes[orientation - 1]
    stored = upright if transpose is None else upright.transpose(transpose)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"lossless": True} if kind == "WEBP" else {}
    plane = plane_of(saved(stored.convert("RGB"), kind, exif=exif, **options))

    assert plane.shape == upright.size[::-1]
    assert np.abs(plane - as_plane(np.asarray(upright))).mean() < 0.02


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_turns_nothing(orientation: int) -> None:
    """A tag of no meaning leaves the picture as it is stored."""
    exif = Image.Exif()
    exif[0x0112] = orientation

    np.testing.assert_allclose(plane_of(saved(PICTURE, "PNG", exif=exif)), as_plane(GRAY), atol=LEVEL)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\1"]
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_damaged_exif_does_not_lose_the_picture(kind: str, exif: bytes) -> None:
    """Whatever the tags hold, the pixels are good."""
    plane = plane_of(saved(coloured(), kind, exif=exif))

    assert np.corrcoef(plane.ravel(), as_plane(GRAY).ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    "tag",
    [
        *((274, 3, 1, 99 << 16), (274, 2, 4, 0x41414141), (274, 1, 1, 6 << 24), (274, 3, 0, 0)),
        *((34665, 4, 1, 9), (34665, 4, 1, 1_000_000), (34665, 2, 4, 0x41414141), (34665, 4, 2, 9), (34665, 4, 1, 0)),
        *((34853, 4, 1, 9), (700, 1, 4, 0x41414141), (700, 1, 5000, 9)),
    ],
)
def test_damaged_tags_of_a_tiff_do_not_lose_the_picture(tag: tuple[int, int, int, int]) -> None:
    """An orientation that is none, and directories that lead nowhere, leave the pixels."""
    np.testing.assert_allclose(plane_of(big_endian_tiff(GRAY, tag)), as_plane(GRAY), atol=LEVEL)


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_exif_leaves_a_picture(exif: bytes) -> None:
    """No bytes in place of the tags raise anything or lose the pixels."""
    for kind in ("PNG", "JPEG"):
        assert frames(saved(PICTURE, kind, exif=b"Exif\0\0II*\0\x08\0\0\0" + exif)).code == ""


def test_previews_in_a_phones_photograph_are_no_frames() -> None:
    """An MPO is one picture, whatever follows its first."""
    assert len(frames(LOSSY["mpo"]).planes) == 1
