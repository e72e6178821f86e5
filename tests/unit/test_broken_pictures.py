"""Every kind of damage to a picture, and what is none."""

import io
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from handler.pictures import FORMATS
from tests.unit.gallery import ALL, LOSSLESS, LOSSY
from tests.unit.makers import frames, mutated, saved

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\..*")  # pytest undoes the handler's own filter
PNGSUITE = Path(__file__).parents[3] / "shared" / "data" / "pngsuite.zip"


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
