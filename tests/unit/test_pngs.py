"""PNGs that are decoded here, many at once, against Pillow."""

import itertools
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from handler.canvas import fits, painted, painted_alike
from handler.groups import MNIST
from handler.luminance import Plane, luminance_of, unit
from handler.pngs import Layout, Plain, all_pixels_of, packed_alike, pixels_of, read_plain, shape_of
from tests.doubles import bar, encoded
from tests.unit.makers import mutated, plane_of, png_chunk, png_header

KINDS = [
    *((depth, 0) for depth in (1, 2, 4, 8, 16)),
    *((depth, 3) for depth in (1, 2, 4, 8)),
    (8, 2),
    (8, 4),
    (8, 6),
]
"""Depth and colour type of all that is decoded here."""
OTHERS = [(16, 2), (16, 4), (16, 6), (3, 0), (8, 1), (8, 5), (16, 3)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
HARMLESS = [b"", png_chunk(b"gAMA", b"\0\0\xb1\x8f"), png_chunk(b"pHYs", bytes(9)), png_chunk(b"tIME", bytes(7))]


def png(kind: tuple[int, int], wide: int, lines: bytes, more: bytes = b"", cuts: int = 1) -> bytes:
    """A PNG of filtered lines, its data in `cuts` chunks, with other chunks before them."""
    depth, colour = kind
    stride = (wide * depth * CHANNELS.get(colour, 1) + 7) // 8
    palette = png_chunk(b"PLTE", bytes(range(256)) * 3) if colour == 3 else b""
    packed = zlib.compress(lines)
    size = -(-len(packed) // cuts)
    data = b"".join(png_chunk(b"IDAT", packed[at : at + size]) for at in range(0, len(packed), size))
    header = png_header(wide, len(lines) // (stride + 1), depth, colour)
    return header + more + palette + data + png_chunk(b"IEND", b"")


@st.composite
def batches(draw: st.DrawFn) -> tuple[tuple[int, int], int, list[bytes]]:
    """A kind, a width, and filtered lines of several pictures that are as high as each other."""
    kind = draw(st.sampled_from(KINDS))
    wide, high = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    stride = (wide * kind[0] * CHANNELS[kind[1]] + 7) // 8
    seed = draw(st.integers(0, 1 << 32))
    filters = draw(st.sampled_from([range(5), [0], [1], [2], [3], [4], [0, 4]]))
    random = np.random.default_rng(seed)
    lines = random.integers(0, 256, (draw(st.integers(1, 5)), high, stride + 1)).astype(np.uint8)
    lines[..., 0] = random.choice(list(filters), lines.shape[:2])
    return kind, wide, [picture.tobytes() for picture in lines]


@given(batches(), st.sampled_from(HARMLESS), st.integers(1, 3))
@settings(deadline=None, max_examples=300)
def test_pixels_are_pillows(batch: tuple[tuple[int, int], int, list[bytes]], more: bytes, cuts: int) -> None:
    """Of any kind, size, filters, chunks and number of pictures at once, the luminance is the same in every bit."""
    kind, wide, pictures = batch
    files = [png(kind, wide, lines, more, cuts) for lines in pictures]
    plains = [read_plain(file, 10_000) for file in files]
    found = [plain for plain in plains if plain]
    assert len(found) == len(files)
    layout = found[0].layout
    assert packed_alike(files, layout, 10_000) == [plain.packed for plain in found]
    assert packed_alike(files, layout, layout.width * layout.height - 1) is None
    assert packed_alike(files, layout._replace(width=layout.width + 1), 10_000) is None
    for file, own in zip(files, planes_of(found), strict=True):
        expected = plane_of(file)
        assert own is not None
        assert own.dtype == expected.dtype
        assert own.flags.c_contiguous
        np.testing.assert_array_equal(own, expected)


def planes_of(plains: Sequence[Plain]) -> list[Plane | None]:
    """Each decoded here; None where it is damaged. Those that fit on a canvas share one."""
    planes = [None if fits(plain.layout) else decoded(plain) for plain in plains]
    places = [place for place, plain in enumerate(plains) if fits(plain.layout)]
    if places:
        canvas, whole = painted([plains[place] for place in places])
        top = 0
        for place, is_whole in zip(places, whole, strict=True):
            width, height, *_ = plains[place].layout
            planes[place] = unit(canvas[top : top + height, :width]) if is_whole else None
            top += height
    return planes


@given(st.integers(1, 300), st.integers(0, 4), st.integers(0, 1 << 32))
@settings(deadline=None, max_examples=50)
def test_pictures_of_one_size_are_decoded_as_each_is(count: int, kind: int, seed: int) -> None:
    """However many, the first line of none goes on from the last one of another, whatever its filter."""
    lines = np.random.default_rng(seed).integers(0, 8, (count, 9, 8)).astype(np.uint8)
    lines[..., 0] = kind
    packed = [zlib.compress(picture.tobytes()) for picture in lines]
    found = painted_alike(packed, 9, 7)
    assert found is not None
    assert found.flags.c_contiguous

    for image, picture in zip(found, lines, strict=True):
        np.testing.assert_array_equal(unit(image), plane_of(png((8, 0), 7, picture.tobytes())))


def test_a_pillow_that_copies_what_it_is_to_fill_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its documentation only says that memory may be shared; then the pictures are decoded one by one."""
    share = Image.frombuffer

    def copied(mode: str, size: tuple[int, int], data: NDArray[np.uint8], *args: Any) -> Image.Image:  # noqa: ANN401  # its own
        return share(mode, size, data.copy(), *args)

    packed = zlib.compress(bytes([0, 7] + [0] * 27) * 28)
    found = painted_alike([packed] * 9, 28, 28)
    assert found is not None
    monkeypatch.setattr("handler.canvas.Image.frombuffer", copied)
    assert painted_alike([packed] * 9, 28, 28) is None

    canvas, whole = painted([Plain(MNIST, packed, b"")] * 9)
    assert all(whole)
    np.testing.assert_array_equal(canvas, found.reshape(-1, 28))


def decoded(plain: Plain) -> Plane | None:
    """By itself."""
    try:
        return luminance_of(plain)
    except ValueError:
        return None


def by_pillow(data: bytes) -> NDArray[np.float32] | None:
    """The plane of a file that is decoded here, by Pillow; None where it is not decoded here."""
    plain = read_plain(data, 10_000)
    return None if plain is None or planes_of([plain])[0] is None else plane_of(data)


def resigned(data: bytes) -> bytes:
    """A PNG with the checksum of each chunk made right, as far as they go."""
    fixed, at = data[:8], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        fixed += png_chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
        at += 12 + length
    return fixed + data[at:]


FILES = [
    png(kind, 9, bytes(np.arange(4 * 37, dtype=np.uint8) % 5)[: 4 * ((9 * kind[0] * CHANNELS[kind[1]] + 7) // 8 + 1)])
    for kind in KINDS
]


@given(
    st.sampled_from([*FILES, encoded(bar(4, 20)), encoded(bar(9, 9), optimize=True)]),
    st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=3),
    st.one_of(st.just(0), st.integers(0, 200)),
    st.binary(max_size=5),
    st.sampled_from([lambda damaged: damaged, resigned]),
)
@settings(deadline=None, max_examples=500)
def test_what_is_taken_pillow_reads_too(
    data: bytes, changes: list[tuple[int, int]], cut: int, more: bytes, sign: Callable[[bytes], bytes]
) -> None:
    """Whatever is changed, with its checksums made right again or not: nothing that Pillow refuses is decoded here."""
    damaged = sign(mutated(data, changes, cut) + more)
    plane = by_pillow(damaged)

    assert plane is None or plane.size
    plain = read_plain(damaged, 10_000)
    assert packed_alike([damaged], MNIST, 10_000) == ([plain.packed] if plain and plain.layout == MNIST else None)


GOOD = encoded(bar(4, 20))
LINES = bytes(29 * 28)
HEAD, IDAT, END = png_header(28, 28), png_chunk(b"IDAT", zlib.compress(LINES)), png_chunk(b"IEND", b"")
TRNS = png_chunk(b"tRNS", b"\0\0")
ORIENTED = png_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "data",
    [
        *(png(kind, 3, bytes(99)) for kind in OTHERS),
        *(HEAD + chunk + IDAT + END for chunk in (TRNS, ORIENTED, png_chunk(b"acTL", bytes(8)))),
        *(HEAD + chunk + IDAT + END for chunk in (png_chunk(b"tEXt", b"a\0b"), png_chunk(b"gAMA", b"\0"))),
        *(HEAD + IDAT + chunk + END for chunk in (TRNS, ORIENTED, png_chunk(b"tIME", bytes(7)), IDAT[:-1] + b"?")),
        png_header(28, 28)[:28] + b"\1" + GOOD[29:],
        png_header(28, 28, 8, 3) + IDAT + END,
        png_header(300, 300) + png_chunk(b"IDAT", zlib.compress(bytes(301 * 300))) + END,
        *(png_header(wide, high) + IDAT + END for wide, high in ((0, 28), (28, 0), (0x7FFFFFFF, 0x7FFFFFFF))),
        *(HEAD + end for end in (END, IDAT, IDAT[:-1] + b"?" + END, IDAT + b"x" + END)),
        *(GOOD[:size] for size in (0, 8, 33, 57, len(GOOD) - 1)),
        b"GIF89a" + GOOD,
    ],
)
def test_all_else_is_left_to_pillow(data: bytes) -> None:
    """Other kinds, transparency, orientation, animation, text, odd order, wrong checksums, too much, too little."""
    assert read_plain(data, 1_000_000) is None


@pytest.mark.parametrize("layout", [MNIST, Layout(28, 28, 8, 3)])
@pytest.mark.parametrize(
    "packed",
    [zlib.compress(LINES[:-1]), zlib.compress(LINES)[:-9], zlib.compress(b"\5" + LINES[1:]), b"no zlib", b""],
)
def test_damaged_lines_are_left_to_pillow(packed: bytes, layout: Layout) -> None:
    """Too few bytes, no end, an unknown filter, nothing: on a canvas and by itself; its neighbour is untouched."""
    good = Plain(layout, zlib.compress(bytes([0, 7] + [0] * 27) * 28), b"\7" * 768)

    assert painted_alike([packed], 28, 28) is painted_alike([good.packed, packed], 28, 28) is None

    broken, whole = planes_of([Plain(layout, packed, b""), good])

    assert broken is None
    assert whole is not None
    assert whole.any()


@pytest.mark.parametrize("packed", [zlib.compress(LINES + b"\0"), zlib.compress(LINES) + b"\0"])
def test_more_than_the_lines_is_passed_over_as_pillow_does(packed: bytes) -> None:
    """Bytes behind the last line, or behind their end."""
    data = HEAD + png_chunk(b"IDAT", packed) + END
    plain = read_plain(data, 1000)
    assert plain
    assert painted_alike([plain.packed], 28, 28) is None or packed.endswith(b"\0")

    (plane,) = planes_of([plain])

    assert plane is not None
    np.testing.assert_array_equal(plane, plane_of(data))


def test_more_pixels_than_the_cap_are_left_to_pillow() -> None:
    """Which refuses them."""
    assert read_plain(GOOD, 28 * 28)
    assert read_plain(GOOD, 28 * 28 - 1) is None


def test_what_pillow_writes_is_taken() -> None:
    """Gray, coloured and with alpha, optimised or not; that is what most batches hold."""
    picture = bar(4, 20)
    many = itertools.chain([picture], (np.stack([picture] * number, axis=2) for number in (3, 4)))
    for pixels, optimize in itertools.product(many, (False, True)):
        plain = read_plain(encoded(pixels, optimize=optimize), 10_000)
        assert plain
        assert planes_of([plain])[0] is not None


def test_only_a_chunk_makes_a_picture_an_animation() -> None:
    """The same four letters among the pixels do not, whatever chunks there are; the chunk does, wherever it is."""
    lines = bytearray(LINES)
    lines[30:34] = b"acTL"
    pixels = zlib.compress(bytes(lines), 0)
    assert b"acTL" in pixels
    assert pixels_of(HEAD + png_chunk(b"IDAT", pixels) + END) == 28 * 28
    for data in (HEAD + png_chunk(b"acTL", bytes(8)) + IDAT + END, HEAD + IDAT + png_chunk(b"acTL", bytes(8)) + END):
        assert pixels_of(data) == 0


@pytest.mark.parametrize(
    ("packed", "high", "wide"),
    [
        ([zlib.compress(bytes(1 << 20))], 28, 28),
        ([zlib.compress(bytes(np.random.default_rng(0).integers(0, 5, 29 * 28, np.uint8)), 0) * 2], 28, 28),
        ([zlib.compress(bytes(256 * 255))], 256, 255),
    ],
)
def test_what_is_large_is_not_decoded_with_others(packed: list[bytes], high: int, wide: int) -> None:
    """More lines than there are pixels, more packed bytes than few, more lines than a block holds."""
    assert painted_alike(packed, high, wide) is None


ANIMATED = HEAD + png_chunk(b"acTL", bytes(8)) + IDAT + END


@pytest.mark.parametrize("more", [GOOD, ANIMATED, GOOD[:30], b"", b"GIF89a" + GOOD, GOOD[:-1], png_header(3, 999)])
def test_pixels_of_several_are_those_of_each(more: bytes) -> None:
    """Whatever is among them."""
    files = [GOOD, more, encoded(bar(4, 20)[:9])]

    assert all_pixels_of(files) == [pixels_of(data) for data in files]
    assert all_pixels_of(()) == []


@pytest.mark.parametrize("data", [b"", GOOD[:32], b"GIF89a" + GOOD])
def test_what_is_no_png_has_no_size(data: bytes) -> None:
    """Cut off before its header ends, or something else."""
    assert (pixels_of(data), shape_of(data)) == (0, (0, 0))
    assert shape_of(HEAD) == (28, 28)
