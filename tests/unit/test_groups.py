"""Pictures that are read as a group, against the same ones by themselves."""

import gc
import io
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from handler import pictures
from handler.batches import read_batch
from handler.contents import ZIP
from handler.groups import Alike, Read, normals, packed_normals
from handler.images import normalise
from handler.members import LIGHT_BYTES, Named, Packed, Picture, pack, read_picture
from handler.normal import Normal
from handler.together import normalise_group
from tests.doubles import bar, encoded, zipped
from tests.unit.drops import PNG, SETTINGS
from tests.unit.gallery import ALL
from tests.unit.makers import as_plane, png_chunk, png_header, saved, tiled_tiff
from tests.unit.test_broken_pictures import PNGSUITE, pngsuite

MANY = 24
"""Of one layout are decoded together."""


def alone(picture: Picture) -> tuple[Normal | None, str]:
    """What is made of a picture that is read by itself, by Pillow; and its error."""
    opened = picture.opened() if isinstance(picture, Packed) else picture
    return None if opened.plane is None else normalise(opened.plane), str(opened.error)


def check(pictures: list[Picture]) -> None:
    """Each picture of a group is as it is alone, whichever way the group is read."""
    packed = [picture for picture in pictures if isinstance(picture, Packed)]
    for drawn, read in ((pictures, normals(pictures)), (packed, packed_normals(packed))):
        compare(drawn, read)


def compare(pictures: Sequence[Picture], group: Sequence[Read]) -> None:
    """What was read of pictures, and what is made of each alone."""
    for picture, (named, found) in zip(pictures, group, strict=True):
        expected, error = alone(picture)
        assert (named.name, named.frame, str(named.error)) == (picture.name, picture.frame, error)
        assert (found is None) == (expected is None)
        if found and expected:
            assert (found.signs, found.paper_is_light) == (expected.signs, expected.paper_is_light)
            assert (found.plane() is None) == (expected.plane() is None)
            assert found.pixels.dtype == expected.pixels.dtype
            np.testing.assert_array_equal(found.pixels, expected.pixels)


def shifted(number: int) -> NDArray[np.uint8]:
    """A bar somewhere on 28×28: some as MNIST's are, others not."""
    return np.roll(bar(20, 4) if number % 2 else bar(4, 20), (number % 3, number % 5 - 2), (0, 1))


@pytest.mark.parametrize("kind", ALL)
def test_every_format_is_read_in_a_group_as_alone(kind: str) -> None:
    """Many of one kind, of which the plain PNGs are decoded together, and between them what is not."""
    group = [picture for number in range(MANY) for picture in read_picture(ALL[kind], str(number), SETTINGS)]
    mixed = [picture for pair in zip(group, read_all([PNG] * len(group)), strict=True) for picture in pair]

    check(group)
    check(mixed)


def read_all(files: list[bytes]) -> Iterator[Picture]:
    """The pictures of some files."""
    for number, data in enumerate(files):
        yield from read_picture(data, str(number), SETTINGS)


@pytest.mark.skipif(not PNGSUITE.exists(), reason="shared/data/pngsuite.zip is not beside the project")
def test_all_of_pngsuite_is_read_in_a_group_as_alone() -> None:
    """Every kind of PNG there is, broken ones among them, many times over."""
    for _, data in pngsuite():
        check(list(read_all([data] * MANY)))


@pytest.mark.parametrize("size", [1, 2, MANY])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1"])
def test_pictures_of_mnists_size_are_read_in_a_group_as_alone(mode: str, size: int) -> None:
    """In every mode, those that pass through bit for bit and those that do not, inverted ones too."""
    drawn = [shifted(number) if number % 7 else 255 - shifted(number) for number in range(size)]
    check(list(read_all([saved(Image.fromarray(pixels).convert(mode), "PNG") for pixels in drawn])))
    check([Named(str(number), plane=as_plane(pixels)) for number, pixels in enumerate(drawn)])


@given(st.lists(st.sampled_from(["upright", "inverted", "aside", "damaged", "scan"]), max_size=12))
@settings(deadline=None)
def test_what_is_mnists_is_read_in_a_group_as_alone_whatever_is_beside_it(kinds: list[str]) -> None:
    """And where nothing else is, what the model reads of all of them is one array."""
    upright = bar(20, 4)
    files = {
        "upright": encoded(upright),
        "inverted": encoded(255 - upright),
        "aside": encoded(np.roll(upright, 5, 1)),
        "damaged": encoded(upright)[:-20],
        "scan": encoded(np.pad(255 - upright, 9, constant_values=250)),
    }
    group = [pack(files[kind], kind, SETTINGS) for kind in kinds]
    packed = [picture for picture in group if picture]
    assert len(packed) == len(kinds)

    check([*packed])
    assert isinstance(packed_normals(packed), Alike) == (bool(kinds) and {"upright", "inverted"} >= set(kinds))


def test_pictures_that_are_alike_are_a_sequence() -> None:
    """Of each, and of some of them, there is what there is of any."""
    images = [np.roll(bar(20, 4), number % 2, 1) for number in range(5)]
    images[3] = 255 - images[3]
    packed = [pack(encoded(image), str(number), SETTINGS) for number, image in enumerate(images)]
    found = packed_normals([picture for picture in packed if picture])
    assert isinstance(found, Alike)

    assert [picture.name for picture, _ in found] == [picture.name for picture in found.pictures] == list("01234")
    assert len(found) == len(found.normals) == 5
    assert found[4][0].name == found[-1][0].name == found[3:][1][0].name == "4"
    for (_, normal), also, image in zip(found[2:], found.normals[2:], images[2:], strict=True):
        assert normal
        assert normal.paper_is_light == also.paper_is_light == bool(image[0, 0])
        np.testing.assert_array_equal(normal.pixels, also.pixels)
        np.testing.assert_array_equal(normal.pixels, 255 - image if image[0, 0] else image)


def test_a_damaged_picture_in_a_group_is_an_error_of_its_own() -> None:
    """Lines that cannot be inflated, or have no such filter, are Pillow's to refuse; their neighbours are untouched."""
    broken = png_header(28, 28) + png_chunk(b"IDAT", b"no zlib") + png_chunk(b"IEND", b"")
    group = list(read_all([PNG, broken] * MANY))

    check(group)
    assert [picture.error.code if picture.error else "" for picture in group] == ["", "corrupt"] * MANY


@pytest.mark.parametrize("name", ["png", "png-interlaced", "png-16"])
def test_nothing_is_opened_before_its_group_is_read(name: str) -> None:
    """A PNG stays packed, as it is: that is what makes reading many of them fast."""
    (picture,) = read_all([ALL[name]])

    assert isinstance(picture, Packed)
    assert picture.data == ALL[name]


@pytest.mark.parametrize("name", ALL)
def test_all_of_one_frame_stays_packed_where_another_process_may_read_it(name: str) -> None:
    """What has several gives several rows; which those are is known only once it is read."""
    shared = replace(SETTINGS, workers=1)
    found = list(read_picture(ALL[name], name, shared))
    alone = list(read_picture(ALL[name], name, SETTINGS))

    assert isinstance(found[0], Packed) == (len(alone) == 1 and name != "gif")  # which tells only by being decoded
    for picture, expected in zip(found, alone, strict=True):
        assert (picture.name, picture.frame, str(picture.error)) == (expected.name, expected.frame, str(expected.error))
        np.testing.assert_array_equal(picture.plane, expected.plane)  # none of them is broken


@pytest.mark.parametrize("side", [1024, 1025])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_large_pictures_are_opened_at_once(kind: str, side: int) -> None:
    """A group is held before it is read, and another process must not need as much memory as this one."""
    data = saved(Image.new("1", (side, 1024)), kind)
    (picture,) = read_picture(data, "a", replace(SETTINGS, workers=1, max_pixels=2_000_000))

    assert len(data) < LIGHT_BYTES
    assert isinstance(picture, Packed) == (side == 1024)


def test_what_else_a_picture_may_be_is_asked_first() -> None:
    """A row does not depend on whether another process could read the picture, whatever its pixels look like."""
    data = bytearray(saved(Image.new("L", (28, 28), 200), "BMP"))
    data[257:262] = b"ustar"
    zip_file = zipped({"a.bmp": bytes(data)})
    alone, shared = (
        list(read_batch(io.BytesIO(zip_file), ZIP, "x", replace(SETTINGS, workers=workers))) for workers in (0, 1)
    )

    assert str(alone[0].error).startswith("nested-archive")
    assert [str(picture.error) for picture in shared] == [str(picture.error) for picture in alone]


def test_large_tiles_count_as_pixels() -> None:
    """A TIFF of a few pixels can have one tile of a million, all of which is decoded."""
    shared = replace(SETTINGS, workers=1, max_pixels=50_000_000)

    assert pictures.pixels_of(tiled_tiff(1024), 50_000_000, 1 << 20) == 1024**2
    assert pack(tiled_tiff(1024), "a", shared)
    assert pack(tiled_tiff(1025), "a", shared) is None


@pytest.mark.parametrize("more", [0, 1])
def test_large_files_are_opened_at_once(more: int) -> None:
    """However few pixels they have."""
    data = PNG[:-12] + png_chunk(b"tEXt", bytes(LIGHT_BYTES - len(PNG) - 12 + more)) + PNG[-12:]
    (picture,) = read_all([data])

    assert len(data) == LIGHT_BYTES + more
    assert isinstance(picture, Packed) == (not more)


def test_opening_a_small_picture_leaves_pillows_limit_as_the_settings_have_it() -> None:
    """It is one for the whole process: later frames of a larger picture are still to be read beside it."""
    (picture,) = read_all([PNG])
    assert picture.plane is not None

    assert min(SETTINGS.max_pixels, 89_478_485) == Image.MAX_IMAGE_PIXELS


def test_no_large_plane_outlives_its_turn() -> None:
    """Of large pictures a group holds what the model reads of each, so that memory does not grow with their size."""
    alive: list[weakref.ref[NDArray[np.float32]]] = []

    def large() -> Iterator[Picture]:
        for number in range(5):
            plane = as_plane(bar(40, 80, side=200))
            alive.append(weakref.ref(plane))
            yield Named(str(number), plane=plane)
            del plane
            gc.collect()
            assert sum(one() is not None for one in alive) <= 1

    assert len(normals(large())) == 5
    assert not any(one() is not None for one in alive)


@st.composite
def images(draw: st.DrawFn) -> NDArray[np.uint8]:
    """28×28 that are nearly MNIST's: a rectangle of about 20 pixels about the middle, with specks here and there."""
    image = np.zeros((28, 28), np.uint8)
    top, left = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    high, wide = draw(st.integers(0, 22)), draw(st.integers(0, 22))
    image[top : top + high, left : left + wide] = draw(st.integers(240, 255))
    for down, across, value in draw(st.lists(st.tuples(*[st.integers(0, 27)] * 2, st.integers(0, 255)), max_size=12)):
        image[down, across] = value
    return 255 - image if draw(st.booleans()) else image


@given(st.lists(images(), min_size=1, max_size=8))
@settings(deadline=None, max_examples=400)
def test_what_passes_through_is_what_passes_alone(group: list[NDArray[np.uint8]]) -> None:
    """Of images that are nearly MNIST's a group reads what each is read as by itself, of bytes as of planes."""
    for planes in (group, [as_plane(image) for image in group]):
        for image, found in zip(group, normalise_group(planes), strict=True):
            expected = normalise(as_plane(image))
            np.testing.assert_array_equal(found.pixels, expected.pixels)
            assert (found.signs, found.paper_is_light) == (expected.signs, expected.paper_is_light)


def test_eight_bits_come_back_from_luminance() -> None:
    """What is decoded as bytes is what `normalise` rounds luminance to."""
    every = np.arange(256, dtype=np.uint8)

    assert (np.rint(every.astype(np.float32) / np.float32(255) * 255).astype(np.uint8) == every).all()
