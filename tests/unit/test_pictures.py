"""Opening and decoding pictures: every format, every mode, every kind of damage."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from handler.pictures import FORMATS
from tests.unit.makers import as_plane, drawing, frames, mutated, plane_of, png_chunk, png_header, saved

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\..*")  # pytest undoes the handler's own filter
PNGSUITE = Path(__file__).parents[3] / "shared" / "data" / "pngsuite.zip"
GRAY = drawing()
PICTURE = Image.fromarray(GRAY)
LEVEL = 1 / 255


def coloured() -> Image.Image:
    """The drawing in RGB, of the same luminance within one level."""
    return PICTURE.convert("RGB")


def deep(top: int = 65535) -> NDArray[np.uint16]:
    """The drawing in integers of 16 bits, white being `top`."""
    return np.rint(GRAY.astype(np.float64) * top / 255).astype(np.uint16)


def with_alpha(ink: int, paper: int) -> Image.Image:
    """Ink on nothing at all: where there is no ink, alpha is zero and the colour is `paper`."""
    alpha = 255 - GRAY
    alpha[GRAY == 250] = 0
    colour = np.where(alpha > 0, ink, paper).astype(np.uint8)
    return Image.merge("RGBA", [Image.fromarray(channel) for channel in (colour, colour, colour, alpha)])


def interlaced_png() -> bytes:
    """The drawing as a PNG in Adam7 order, which Pillow reads and does not write."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    parts = (GRAY[top::down, left::across] for top, left, down, across in passes)
    raw = b"".join(b"\0" + line.tobytes() for part in parts if part.size for line in part)
    header = struct.pack(">IIBBBBB", GRAY.shape[1], GRAY.shape[0], 8, 0, 0, 0, 1)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(raw)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def packed_png(bits: int) -> tuple[bytes, NDArray[np.float32]]:
    """A gray PNG of fewer than 8 bits, and its luminance."""
    levels = (GRAY.astype(int) * (2**bits - 1) // 255).astype(np.uint8)
    lines = [np.unpackbits(line[:, None], axis=1)[:, 8 - bits :].ravel() for line in levels]
    raw = b"".join(b"\0" + np.packbits(line).tobytes() for line in lines)
    data = png_header(GRAY.shape[1], GRAY.shape[0], bits) + png_chunk(b"IDAT", zlib.compress(raw))
    return data + png_chunk(b"IEND", b""), levels.astype(np.float32) / np.float32(2**bits - 1)


def big_endian_tiff(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """An uncompressed gray TIFF in Motorola byte order."""
    high, wide = picture.shape
    bits = picture.dtype.itemsize * 8
    body = picture.astype(picture.dtype.newbyteorder(">")).tobytes()
    place = ((256, 4, wide), (257, 4, high), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8))
    tags = (*place, (277, 3, 1), (278, 4, high), (279, 4, len(body)))
    directory = struct.pack(">H", len(tags))
    for tag, kind, value in tags:
        directory += struct.pack(">HHI", tag, kind, 1) + struct.pack(
            ">HH" if kind == 3 else ">I", *[value, 0][: 5 - kind]
        )
    return b"MM\0*" + struct.pack(">I", 8 + len(body)) + body + directory + b"\0\0\0\0"


PLAIN = b"P2\n# a comment\n17 12\n250\n" + b"\n".join(b" ".join(b"%d" % value for value in line) for line in GRAY)

LOSSLESS: dict[str, bytes] = {
    "png": saved(PICTURE, "PNG"),
    "png-rgb": saved(coloured(), "PNG"),
    "png-palette": saved(PICTURE.convert("P"), "PNG"),
    "png-palette-shuffled": saved(coloured().quantize(8), "PNG"),
    "png-gray-alpha": saved(Image.merge("LA", [PICTURE, Image.new("L", PICTURE.size, 255)]), "PNG"),
    "png-rgba": saved(coloured().convert("RGBA"), "PNG"),
    "png-16": saved(Image.fromarray(deep()), "PNG"),
    "png-interlaced": interlaced_png(),
    "tiff": saved(PICTURE, "TIFF"),
    "tiff-rgb": saved(coloured(), "TIFF"),
    "tiff-16": saved(Image.fromarray(deep()), "TIFF"),
    "tiff-float": saved(Image.fromarray(as_plane(GRAY)), "TIFF"),
    "tiff-float-255": saved(Image.fromarray(GRAY.astype(np.float32)), "TIFF"),
    "tiff-float-65535": saved(Image.fromarray(deep().astype(np.float32)), "TIFF"),
    "tiff-motorola": big_endian_tiff(GRAY),
    "tiff-motorola-16": big_endian_tiff(deep()),
    "tiff-lzw": saved(PICTURE, "TIFF", compression="tiff_lzw"),
    "tiff-deflate": saved(PICTURE, "TIFF", compression="tiff_deflate"),
    "tiff-cmyk": saved(coloured().convert("CMYK"), "TIFF"),
    "tiff-white-is-zero": saved(PICTURE, "TIFF", tiffinfo={262: 0}),
    "gif": saved(PICTURE, "GIF"),
    "webp": saved(coloured(), "WEBP", lossless=True),
    "webp-alpha": saved(coloured().convert("RGBA"), "WEBP", lossless=True, exact=True),
    "bmp": saved(PICTURE, "BMP"),
    "bmp-rgb": saved(coloured(), "BMP"),
    "pgm": saved(PICTURE, "PPM"),
    "pgm-16": saved(Image.fromarray(deep()), "PPM"),
    "ppm": saved(coloured(), "PPM"),
    "j2k": saved(PICTURE, "JPEG2000"),
}
LOSSY: dict[str, bytes] = {
    "jpeg": saved(PICTURE, "JPEG", quality=95),
    "jpeg-rgb": saved(coloured(), "JPEG", quality=95),
    "jpeg-cmyk": saved(coloured().convert("CMYK"), "JPEG", quality=95),
    "jpeg-progressive": saved(coloured(), "JPEG", quality=95, progressive=True),
    "mpo": saved(coloured(), "MPO", quality=95, save_all=True, append_images=[coloured()]),
    "webp-lossy": saved(coloured(), "WEBP", quality=95),
    "tiff-jpeg": saved(PICTURE, "TIFF", compression="jpeg", quality=95),
    "avif": saved(coloured(), "AVIF", quality=95),
}
TURNED = PICTURE.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
MANY: dict[str, bytes] = {
    "gif-animated": saved(PICTURE, "GIF", save_all=True, append_images=[TURNED, PICTURE]),
    "apng": saved(PICTURE, "PNG", save_all=True, append_images=[TURNED, PICTURE]),
    "webp-animated": saved(coloured(), "WEBP", save_all=True, append_images=[TURNED, PICTURE], lossless=True),
    "tiff-pages": saved(PICTURE, "TIFF", save_all=True, append_images=[TURNED, PICTURE]),
    "tiff-pages-lzw": saved(PICTURE, "TIFF", save_all=True, append_images=[TURNED, PICTURE], compression="tiff_lzw"),
}
BILEVEL: dict[str, bytes] = {
    "png-1": saved(PICTURE.point(lambda value: value > 99 and 255).convert("1"), "PNG"),
    "tiff-1": saved(PICTURE.point(lambda value: value > 99 and 255).convert("1"), "TIFF"),
    "tiff-g4": saved(PICTURE.point(lambda value: value > 99 and 255).convert("1"), "TIFF", compression="group4"),
    "bmp-1": saved(PICTURE.point(lambda value: value > 99 and 255).convert("1"), "BMP"),
    "pbm": saved(PICTURE.point(lambda value: value > 99 and 255).convert("1"), "PPM"),
    "webp-1": saved(PICTURE.point(lambda value: value > 99 and 255).convert("RGB"), "WEBP", lossless=True),
}
ALL = LOSSLESS | LOSSY | MANY | BILEVEL


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


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_exif_leaves_a_picture(exif: bytes) -> None:
    """No bytes in place of the tags raise anything or lose the pixels."""
    for kind in ("PNG", "JPEG"):
        assert frames(saved(PICTURE, kind, exif=b"Exif\0\0II*\0\x08\0\0\0" + exif)).code == ""


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


def test_previews_in_a_phones_photograph_are_no_frames() -> None:
    """An MPO is one picture, whatever follows its first."""
    assert len(frames(LOSSY["mpo"]).planes) == 1


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


@pytest.mark.parametrize("kind", ALL)
def test_more_pixels_than_the_cap_are_too_large(kind: str) -> None:
    """The cap is on the pixels of a frame, and says both numbers; exactly the cap is read."""
    pixels = GRAY.size
    found = frames(ALL[kind], pixels - 1)

    assert frames(ALL[kind], pixels).code == ""
    assert (found.planes, found.code) == ((), "too-large")
    assert "17 × 12" in found.sentence
    assert str(pixels - 1) in found.sentence


def huge_tiff(side: int) -> bytes:
    """A TIFF whose directory says that its side is `side`."""
    data = bytearray(saved(PICTURE, "TIFF"))
    (start,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, start)[0]):
        place = start + 2 + entry * 12
        if struct.unpack_from("<H", data, place)[0] in (256, 257):
            data[place + 2 : place + 12] = struct.pack("<HII", 4, 1, side)
    return bytes(data)


def huge_jpeg(side: int) -> bytes:
    """A JPEG whose frame header says that its side is `side`."""
    data = bytearray(saved(PICTURE, "JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def huge_webp(side: int) -> bytes:
    """A WebP animation of one small frame on a canvas of `side`."""
    frame = saved(coloured(), "WEBP", lossless=True)[12:]
    head = bytes(6) + (16).to_bytes(3, "little") + (11).to_bytes(3, "little") + bytes(4)
    body = b"WEBPVP8X" + struct.pack("<II", 10, 0x02) + (side - 1).to_bytes(3, "little") * 2
    body += b"ANIM" + struct.pack("<IIH", 6, 0, 0) + b"ANMF" + struct.pack("<I", len(head + frame)) + head + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


SIDE = 13_000
HUGE: dict[str, bytes] = {
    "png": png_header(SIDE, SIDE) + png_chunk(b"IDAT", zlib.compress(bytes(SIDE * 100), 9)) + png_chunk(b"IEND", b""),
    "gif": b"GIF89a" + struct.pack("<HHBBB", SIDE, SIDE, 0xF0, 0, 0) + bytes(6) + saved(PICTURE, "GIF")[19:],
    "bmp": b"BM" + struct.pack("<IHHIIiiHHIIIIII", 54, 0, 0, 54, 40, SIDE, SIDE, 1, 24, 0, 0, 0, 0, 0, 0),
    "pgm": b"P5 %d %d 255\n" % (SIDE, SIDE) + bytes(100),
    "tiff": huge_tiff(SIDE),
    "jpeg": huge_jpeg(SIDE),
    "webp": huge_webp(SIDE),
}


def growth(small: Path, large: Path) -> tuple[str, float]:
    """What reading `large` ends with, `-` where it is good, and by how many kB it makes a process grow."""
    program = """
import pathlib, resource, sys
from tests.unit.makers import frames
frames(pathlib.Path(sys.argv[1]).read_bytes())
data = pathlib.Path(sys.argv[2]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = frames(data, 50_000_000)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(found.code or "-", grown / (1024 if sys.platform == "darwin" else 1))
"""
    command = [sys.executable, "-c", program, str(small), str(large)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])  # noqa: S603  # our own program
    code, kilobytes = ran.stdout.split()
    return code, float(kilobytes)


@pytest.mark.parametrize("kind", HUGE)
def test_a_huge_picture_is_refused_before_it_is_decoded(kind: str, tmp_path: Path) -> None:
    """A header that promises 169 million pixels costs no memory: a process of its own does not grow by 20 MB."""
    (tmp_path / "huge").write_bytes(HUGE[kind])
    (tmp_path / "small").write_bytes(LOSSLESS["png"])
    code, kilobytes = growth(tmp_path / "small", tmp_path / "huge")

    assert code == "too-large"
    assert kilobytes < 20_000


def test_a_deep_picture_of_many_pixels_takes_little_memory(tmp_path: Path) -> None:
    """16 bits a pixel are decoded and scaled within 16 bytes a pixel, so that the largest fits the function."""
    side = 5000
    (tmp_path / "deep").write_bytes(saved(Image.fromarray(np.zeros((side, side), np.uint16)), "PNG", compress_level=1))
    (tmp_path / "small").write_bytes(LOSSLESS["png-16"])

    code, kilobytes = growth(tmp_path / "small", tmp_path / "deep")

    assert code == "-"
    assert kilobytes * 1024 < 16 * side * side


def test_a_huge_picture_of_which_pillow_itself_is_afraid_is_too_large() -> None:
    """Pillow's own limit, above ours, has the same code."""
    found = frames(png_header(60_000, 60_000) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b""), 1 << 40)

    assert (found.planes, found.code) == ((), "too-large")


@pytest.mark.parametrize("kind", MANY)
def test_frames_beyond_the_cap_end_with_an_error(kind: str) -> None:
    """The frames before the cap are given; a picture of exactly as many frames has no error."""
    found = frames(MANY[kind], max_frames=2)

    assert (len(found.planes), found.code) == (2, "too-many-frames")
    assert frames(MANY[kind], max_frames=3).code == ""


@pytest.mark.parametrize("kind", ALL)
def test_half_a_file_is_truncated_or_corrupt(kind: str) -> None:
    """Of a file that was cut in the middle the frames before the cut are given, and then a reason."""
    data = ALL[kind]
    found = frames(data[: len(data) // 2])

    assert found.code in ("truncated", "corrupt")
    assert len(found.planes) < max(len(frames(data).planes), 1)


@pytest.mark.parametrize("kind", ALL)
def test_a_file_cut_anywhere_raises_nothing_else(kind: str) -> None:
    """Cut at any byte, a file gives frames or an `UnreadableError`, and no frame that it did not have."""
    data = ALL[kind]
    whole = frames(data).planes
    for length in range(0, len(data), max(1, len(data) // 60)):
        found = frames(data[:length])
        assert len(found.planes) <= len(whole)
        assert found.planes or found.code


@pytest.mark.parametrize("kind", ["png", "png-16", "jpeg", "gif", "bmp", "webp", "pgm", "tiff", "tiff-float", "j2k"])
def test_a_cut_in_the_pixels_says_truncated(kind: str) -> None:
    """Where the format can tell, a file that ends early is called that."""
    data = (LOSSLESS | LOSSY)[kind]
    end = len(data) - (len(data) // 8 if kind != "tiff-float" else 30)
    found = frames(data[:end])

    assert found.code == ("corrupt" if kind == "j2k" else "truncated")


@pytest.mark.parametrize("chunk", [b"IDAT", b"IHDR", b"IEND"])
def test_a_png_with_a_wrong_checksum_is_corrupt(chunk: bytes) -> None:
    """A bad checksum is an error, where Pillow alone would show the picture."""
    data = bytearray(LOSSLESS["png"])
    place = data.index(chunk)
    length = int.from_bytes(data[place - 4 : place], "big")
    data[place + 4 + length] ^= 1

    assert frames(bytes(data)).code == "corrupt"


def test_a_pngs_checksums_are_added_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An animation of many frames does not read the whole file for each of them."""
    summed = 0
    crc32 = zlib.crc32

    def counting(data: bytes, value: int = 0) -> int:
        nonlocal summed
        summed += len(data)
        return crc32(data, value)

    monkeypatch.setattr("handler.refusals.zlib.crc32", counting)
    rng = np.random.default_rng(3)
    pages = [Image.fromarray(rng.integers(0, 255, (40, 40)).astype(np.uint8)) for _ in range(20)]
    data = saved(pages[0], "PNG", save_all=True, append_images=pages[1:])
    summed = 0

    assert len(frames(data).planes) == 20
    assert summed < 3 * len(data)


def test_bytes_behind_a_pngs_end_do_not_matter() -> None:
    """What programs append to a PNG is not read."""
    assert frames(LOSSLESS["png"] + b"appended").code == ""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-an-image"),
        (b"hello", "not-an-image"),
        (b"\0" * 1000, "not-an-image"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "not-an-image"),
        (b"%PDF-1.7\n", "unsupported"),
        (b"\n  %PDF-1.7\n", "unsupported"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg/>", "unsupported"),
        (b"<html><body>no picture</body></html>", "not-an-image"),
        (b"8BPS\0\1", "unsupported"),
        (b"%!PS-Adobe-3.0", "unsupported"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", "unsupported"),
        (b"\x89PNG\r\n\x1a\n", "corrupt"),
        (b"\xff\xd8\xff\xe0", "corrupt"),
        (b"II*\0\xff\xff\xff\xff", "corrupt"),
        (b"II+\0\x08\0\0\0", "corrupt"),
        (b"P5\n? ?\n", "corrupt"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "corrupt"),
    ],
)
def test_what_is_no_picture_says_what_it_is(data: bytes, code: str) -> None:
    """Formats that are not read are told from damage, and damage from what is no picture at all."""
    found = frames(data)

    assert (found.planes, found.code) == ((), code)


def test_only_formats_with_magic_bytes_are_opened() -> None:
    """Formats whose decoders run programs, read other files or take anything for theirs are not in the list."""
    assert set(FORMATS) == {"AVIF", "BMP", "GIF", "JPEG2000", "JPEG", "PNG", "PPM", "TIFF", "WEBP"}
    assert frames(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n").code == "unsupported"


def test_errors_are_one_line_and_the_same_each_time() -> None:
    """No address of an object and no line end comes into a sentence."""
    for data in (b"II*\0\xff\xff\xff\xff", LOSSLESS["gif"][:300], LOSSLESS["bmp"][:700]):
        sentence = frames(data).sentence
        assert sentence == frames(bytes(bytearray(data))).sentence
        assert "\n" not in sentence
        assert "0x" not in sentence


def test_broken_pictures_write_nothing_to_the_log(tmp_path: Path) -> None:
    """Neither libtiff nor Pillow's warnings flood stderr: the row says all."""
    for kind in ("tiff-lzw", "tiff-deflate", "tiff-jpeg", "tiff-g4", "tiff", "jpeg"):
        data = ALL[kind]
        (tmp_path / f"{kind}-cut").write_bytes(data[: len(data) * 2 // 3])
        (tmp_path / f"{kind}-flipped").write_bytes(data[:40] + bytes(byte ^ 255 for byte in data[40:80]) + data[80:])
    program = """
import pathlib, sys
from tests.unit.makers import frames
print(*{frames(path.read_bytes()).code for path in pathlib.Path(sys.argv[1]).iterdir()})
"""
    command = [sys.executable, "-W", "default", "-c", program, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])  # noqa: S603  # our own program

    assert "corrupt" in ran.stdout
    assert ran.stderr == ""


@pytest.mark.parametrize("kind", ALL)
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=8), cut=st.integers(0, 40))
@settings(deadline=None, max_examples=40)
def test_any_damage_to_a_picture_gives_frames_or_a_reason(kind: str, changes: list[tuple[int, int]], cut: int) -> None:
    """However a file is damaged, what it gives is planes of numbers from 0 to 1, or a reason that can be written."""
    found = frames(mutated(ALL[kind], changes, cut), max_frames=5)

    assert found.planes or found.code
    found.sentence.encode()
    for plane in found.planes:
        assert plane.dtype == np.float32
        assert plane.ndim == 2
        assert np.isfinite(plane).all()
        assert plane.min() >= 0
        assert plane.max() <= 1 + 1e-6


@given(st.sampled_from([b"", *(data[:24] for data in ALL.values())]), st.binary(max_size=300))
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_frames_or_a_reason(start: bytes, rest: bytes) -> None:
    """No bytes raise anything but `UnreadableError`."""
    found = frames(start + rest, max_frames=5)

    assert found.planes or found.code


def pngsuite() -> list[tuple[str, bytes]]:
    """All pictures of PngSuite."""
    with zipfile.ZipFile(io.BytesIO(PNGSUITE.read_bytes())) as archived:
        names = [name for name in archived.namelist() if name.endswith(".png")]
        return [(name.rpartition("/")[2], archived.read(name)) for name in names]


@pytest.mark.skipif(not PNGSUITE.exists(), reason="shared/data/pngsuite.zip is not beside the project")
def test_all_of_pngsuite_is_read_but_what_is_broken_on_purpose() -> None:
    """Files that start with x have a reason, all others a plane."""
    for name, data in pngsuite():
        found = frames(data)
        assert (found.code != "") == name.startswith("x"), (name, found.sentence)
        assert (len(found.planes) > 0) != name.startswith("x"), name
