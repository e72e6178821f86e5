"""One drawing in every format, depth and mode that is read."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.unit.makers import as_plane, drawing, png_chunk, png_header, saved

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


def big_endian_tiff(
    picture: NDArray[np.uint8] | NDArray[np.uint16], extra: tuple[int, int, int, int] | None = None
) -> bytes:
    """An uncompressed gray TIFF in Motorola byte order, with one more tag: number, type, count and value."""
    high, wide = picture.shape
    bits = picture.dtype.itemsize * 8
    body = picture.astype(picture.dtype.newbyteorder(">")).tobytes()
    plain = ((256, 4, wide), (257, 4, high), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1))
    tags = [*((tag, kind, 1, value << 16 if kind == 3 else value) for tag, kind, value in plain), (278, 4, 1, high)]
    tags = sorted([*tags, (279, 4, 1, len(body)), *([extra] if extra else [])])
    directory = struct.pack(">H", len(tags)) + b"".join(struct.pack(">HHII", *tag) for tag in tags)
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
