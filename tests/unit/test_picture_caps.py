"""What is too large is refused before it costs anything."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handler.errors import UnreadableError
from handler.pictures import read_frames
from tests.unit.gallery import ALL, GRAY, LOSSLESS, MANY, PICTURE, coloured
from tests.unit.makers import frames, png_chunk, png_header, saved, tiled_tiff

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\..*")  # pytest undoes the handler's own filter


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


def test_a_small_tiff_with_a_huge_tile_is_too_large() -> None:
    """A tile is decoded whole, so its size counts and not only that of the picture that it shows."""
    with pytest.raises(UnreadableError, match=r"too-large: tiles of 900000000 pixels"):
        list(read_frames(tiled_tiff(30_000), 50_000_000, 9))
