"""One picture of a digit in every encoding that is read gives one 28×28."""

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handler.images import normalise
from tests.unit.makers import plane_of, png_chunk, png_header, saved

TRANSPOSES = (
    None,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_270,
)
"""How a picture is stored that orientation 1 to 8 shows upright."""
LEVELS = np.array([40, 235])
"""Of ink and paper."""


def drawn() -> NDArray[np.float32]:
    """The ink of a 5, 0 to 1, on 96×110: a bar, a stem and a bow, 7 pixels thick with soft edges."""
    down, across = np.meshgrid(np.arange(96.0), np.arange(110.0), indexing="ij")
    bar = np.hypot(down - 22, np.maximum(np.abs(across - 62) - 18, 0))
    stem = np.hypot(np.maximum(np.abs(down - 32) - 10, 0), across - 44 + (down - 22) / 8)
    radius, angle = np.hypot(down - 56, across - 55), np.arctan2(down - 56, across - 55)
    bow = np.where((angle > -2.4) & (angle < 2.6), np.abs(radius - 19), 99)
    distance = np.minimum.reduce([bar, stem, bow])
    return np.asarray(np.clip(4 - distance, 0, 1), np.float32)


INK = drawn()
GRAY = np.rint(LEVELS[1] + (LEVELS[0] - LEVELS[1]) * INK).astype(np.uint8)
L = Image.fromarray(GRAY)
RGB = L.convert("RGB")
CMYK = RGB.convert("CMYK")
DEEP = np.rint(GRAY / 255 * 65535).astype(np.uint16)
FLOAT = (GRAY / 255).astype(np.float32)
BITS = Image.fromarray(GRAY > 137)
ALPHA = Image.fromarray(np.rint(INK * 255).astype(np.uint8))


def inked(colour: int) -> Image.Image:
    """Ink of one colour on nothing."""
    flat = Image.new("L", L.size, colour)
    return Image.merge("RGBA", [flat, flat, flat, ALPHA])


def raw_png(bits: int, *, interlaced: bool = False) -> bytes:
    """A gray PNG of 1, 2, 4, 8 or 16 bits, in lines or in Adam7 order."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    lines = b""
    for top, left, down, across in passes if interlaced else ((0, 0, 1, 1),):
        for line in GRAY[top::down, left::across]:
            values = np.rint(line / 255 * (2**bits - 1)).astype(">u2")
            digits = np.unpackbits(values.view(np.uint8).reshape(-1, 2), axis=1)[:, 16 - bits :]
            lines += b"\0" + np.packbits(digits.ravel()).tobytes()
    header = png_header(GRAY.shape[1], GRAY.shape[0], bits)
    if interlaced:
        body = struct.pack(">IIBBBBB", GRAY.shape[1], GRAY.shape[0], bits, 0, 0, 0, 1)
        header = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", body)
    return header + png_chunk(b"IDAT", zlib.compress(lines)) + png_chunk(b"IEND", b"")


def raw_tiff(values: NDArray[np.generic], order: str, photometric: int, tile: int = 0) -> bytes:
    """A gray uncompressed TIFF in Intel's or Motorola's byte order; with `tile`, in squares of that many pixels."""
    high, wide = values.shape
    size = values.dtype.itemsize
    swapped = values.astype(np.dtype(f"{order}{values.dtype.str[1:]}"))
    if tile:
        padded = np.pad(swapped, [(0, -high % tile), (0, -wide % tile)], mode="edge")
        rows, columns = padded.shape[0] // tile, padded.shape[1] // tile
        squares = padded.reshape(rows, tile, columns, tile).swapaxes(1, 2).reshape(-1, tile * tile)
        body, count = squares.tobytes(), rows * columns
    else:
        body, count = swapped.tobytes(), 1
    chunk = len(body) // count
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    tags = [
        (256, 4, wide),
        (257, 4, high),
        (258, 3, 8 * size),
        (259, 3, 1),
        (262, 3, photometric),
        (277, 3, 1),
        (339, 3, kind),
    ]
    start, lists = 8 + len(body), b""
    if tile:
        lists = struct.pack(f"{order}{2 * count}I", *(8 + chunk * number for number in range(count)), *[chunk] * count)
        tags += [(322, 3, tile), (323, 3, tile)]
        places = [(324, 4, count, start), (325, 4, count, start + 4 * count)]
    else:
        tags += [(278, 4, high)]
        places = [(273, 4, 1, 8), (279, 4, 1, chunk)]
    entries = [(tag, kind, 1, value) for tag, kind, value in tags] + places
    directory = struct.pack(f"{order}H", len(entries))
    for tag, kind, amount, value in sorted(entries):
        directory += struct.pack(f"{order}HHI", tag, kind, amount)
        directory += struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}I", start + len(lists)) + body + lists + directory + bytes(4)


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    """Stored in another direction, with the tag that says so."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    transpose = TRANSPOSES[orientation - 1]
    return saved(RGB if transpose is None else RGB.transpose(transpose), kind, exif=exif)


def text_pnm(kind: bytes, values: NDArray[np.generic], top: int) -> bytes:
    """A PNM in ASCII."""
    size = b"%d %d\n" % (GRAY.shape[1], GRAY.shape[0])
    body = b"\n".join(b" ".join(b"%d" % value for value in line) for line in values.tolist())
    return kind + b"\n" + size + (b"%d\n" % top if top else b"") + body + b"\n"


def jpeg(**options: object) -> bytes:
    """In gray, of the usual quality."""
    return saved(L, "JPEG", **options)


ENCODINGS: dict[str, bytes] = {
    **{f"png-{bits}": raw_png(bits) for bits in (1, 2, 4, 8, 16)},
    **{f"png-{bits}-interlaced": raw_png(bits, interlaced=True) for bits in (8, 16)},
    "png-bilevel": saved(BITS, "PNG"),
    "png-palette": saved(RGB.quantize(16), "PNG"),
    "png-palette-2": saved(RGB.quantize(2), "PNG", bits=1),
    "png-rgb": saved(RGB, "PNG"),
    "png-la": saved(Image.merge("LA", [L, Image.new("L", L.size, 255)]), "PNG"),
    "png-la-ink": saved(Image.merge("LA", [Image.new("L", L.size, 0), ALPHA]), "PNG"),
    "png-rgba": saved(RGB.convert("RGBA"), "PNG"),
    "png-rgba-black": saved(inked(0), "PNG"),
    "png-rgba-white": saved(inked(255), "PNG"),
    "png-inverted": saved(Image.fromarray(255 - GRAY), "PNG"),
    "png-transparent-palette": saved(BITS.convert("P"), "PNG", transparency=255),
    "jpeg": jpeg(),
    "jpeg-low": jpeg(quality=30),
    "jpeg-progressive": jpeg(progressive=True),
    "jpeg-rgb": saved(RGB, "JPEG"),
    "jpeg-rgb-444": saved(RGB, "JPEG", subsampling=0),
    "jpeg-cmyk": saved(CMYK, "JPEG"),
    **{f"jpeg-exif-{number}": turned(number) for number in range(1, 9)},
    "tiff": saved(L, "TIFF"),
    "tiff-bilevel": saved(BITS, "TIFF"),
    "tiff-g3": saved(BITS, "TIFF", compression="group3"),
    "tiff-g4": saved(BITS, "TIFF", compression="group4"),
    "tiff-g4-white-is-zero": saved(BITS, "TIFF", compression="group4", tiffinfo={262: 0}),
    "tiff-lzw": saved(L, "TIFF", compression="tiff_lzw"),
    "tiff-deflate": saved(L, "TIFF", compression="tiff_deflate"),
    "tiff-packbits": saved(L, "TIFF", compression="packbits"),
    "tiff-jpeg": saved(RGB, "TIFF", compression="jpeg"),
    "tiff-rgb": saved(RGB, "TIFF"),
    "tiff-rgba": saved(inked(0), "TIFF"),
    "tiff-palette": saved(RGB.quantize(16), "TIFF"),
    "tiff-cmyk": saved(CMYK, "TIFF"),
    "tiff-lab": saved(Image.merge("LAB", [L, Image.new("L", L.size, 128), Image.new("L", L.size, 128)]), "TIFF"),
    "tiff-32f": saved(Image.fromarray(FLOAT), "TIFF"),
    "tiff-32f-255": saved(Image.fromarray(GRAY.astype(np.float32)), "TIFF"),
    "tiff-32i": saved(Image.fromarray(DEEP.astype(np.int32)), "TIFF"),
    "tiff-exif": turned(6, "TIFF"),
    **{
        f"tiff-{bits}-{name}-{'white' if photometric == 0 else 'black'}-is-zero{'-tiled' if tile else ''}": raw_tiff(
            values if photometric else np.iinfo(values.dtype).max - values, order, photometric, tile
        )
        for bits, values in ((8, GRAY), (16, DEEP))
        for name, order in (("intel", "<"), ("motorola", ">"))
        for photometric in (0, 1)
        for tile in (0, 32)
    },
    "tiff-32f-motorola": raw_tiff(FLOAT, ">", 1),
    "gif": saved(L, "GIF"),
    "gif-transparent": saved(BITS.convert("P"), "GIF", transparency=255),
    "bmp-1": saved(BITS, "BMP"),
    "bmp-8": saved(L, "BMP"),
    "bmp-24": saved(RGB, "BMP"),
    "bmp-32": saved(RGB.convert("RGBA"), "BMP"),
    "webp-lossy": saved(RGB, "WEBP"),
    "webp-lossless": saved(RGB, "WEBP", lossless=True),
    "webp-ink": saved(inked(0), "WEBP", lossless=True),
    "pbm": saved(BITS, "PPM"),
    "pgm": saved(L, "PPM"),
    "pgm-16": saved(Image.fromarray(DEEP), "PPM"),
    "ppm": saved(RGB, "PPM"),
    "pbm-text": text_pnm(b"P1", (GRAY <= 137).astype(int), 0),
    "pgm-text": text_pnm(b"P2", GRAY, 255),
    "pgm-text-16": text_pnm(b"P2", DEEP, 65535),
    "jpeg2000": saved(L, "JPEG2000"),
    "jpeg2000-lossy": saved(RGB, "JPEG2000", quality_mode="rates", quality_layers=[20], irreversible=True),
    "avif": saved(RGB, "AVIF"),
}


@pytest.mark.parametrize("kind", ENCODINGS)
def test_a_digit_is_the_same_in_every_encoding(kind: str) -> None:
    """Depth, polarity, palette, transparency, byte order, compression and direction change next to nothing."""
    expected = normalise(FLOAT).pixels.astype(int)
    found = normalise(plane_of(ENCODINGS[kind])).pixels.astype(int)

    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98
    assert np.abs(found - expected).mean() < 6


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("values", [GRAY, DEEP, FLOAT])
def test_a_tiff_says_whether_zero_is_white(values: NDArray[np.uint8], order: str) -> None:
    """Its luminance is the picture's at any depth, not only the digit the same."""
    stored = ({"u1": 255, "u2": 65535, "f4": 1}[values.dtype.str[1:]] - values).astype(values.dtype)

    np.testing.assert_allclose(plane_of(raw_tiff(stored, order, 0)), FLOAT, atol=0.005)


def test_there_are_many_encodings() -> None:
    """As many as the README has formats, several times over."""
    assert len(ENCODINGS) >= 80
    assert len({Image.open(io.BytesIO(data)).format for data in ENCODINGS.values()}) == 9
