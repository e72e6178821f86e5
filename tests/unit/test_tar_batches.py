"""Tar archives as batches: rows, caps, compressions, and archives that break."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from handler.batches import read_batch
from handler.contents import SNIFF_BYTES, sniff
from tests.doubles import encoded
from tests.unit.drops import PNG, SETTINGS, TIFF_PAGES, ZIP, batch, npy, sentence
from tests.unit.makers import CountingFile
from tests.unit.tarmakers import BLOCK, END, FORMATS, header, large, padded, tarred

Pack = Callable[[bytes], bytes]
PACKS: dict[str, Pack] = {
    ".tar": bytes,
    ".tar.gz": partial(gzip.compress, mtime=0),
    ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
}
THREE = [("a.png", PNG), ("b.png", PNG), ("c.png", PNG)]


@pytest.mark.parametrize("suffix", PACKS)
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["", "a.png"])
def test_a_tar_gives_a_picture_for_each_file_in_its_order(suffix: str, kind: int, name: str) -> None:
    """Folders and ignored files have no row, all others have one; content tells what it is, whatever it is called."""
    link, folder = tarfile.TarInfo("link.png"), tarfile.TarInfo("empty")
    link.type, link.linkname, folder.type = tarfile.SYMTYPE, "b.png", tarfile.DIRTYPE
    members = [
        ("b.png", PNG),
        ("folder/ä.png", PNG),
        ("__MACOSX/._b.png", b"resource"),
        ("labels.csv", b"file,label\n"),
    ]
    members += [("readme.txt", b"hello"), ("empty.png", b""), ("many.tif", TIFF_PAGES), ("b.png", PNG)]
    data = PACKS[suffix](tarred(members, kind, more=[folder, link]))

    assert batch(data, name or f"x{suffix}") == [
        ("b.png", None, ""),
        ("folder/ä.png", None, ""),
        ("readme.txt", None, "not-an-image"),
        ("empty.png", None, "empty"),
        *(("many.tif", frame, "") for frame in range(3)),
        ("b.png", None, ""),
        ("link.png", None, "unsupported"),
    ]


def test_members_are_read_as_drops_are() -> None:
    """Arrays give rows with frames, archives are refused, and damage stays with its member."""
    three = io.BytesIO()
    np.save(three, np.zeros((3, 28, 28), np.uint8))
    members = {
        "0.png": PNG,
        "one.npy": npy(),
        "three.npy": three.getvalue(),
        "three.npy.gz": gzip.compress(three.getvalue(), mtime=0),
        "cut.npy": three.getvalue()[:-1],
        "inner.zip": ZIP,
        "inner.tar": tarred(THREE),
        "inner.tgz": gzip.compress(tarred(THREE), mtime=0),
        "9.png": PNG,
    }
    frames = [(name, frame, "") for name in ("three.npy", "three.npy.gz") for frame in range(3)]

    assert batch(tarred(members.items())) == [
        ("0.png", None, ""),
        ("one.npy", None, ""),
        *frames,
        *(("cut.npy", frame, "truncated" * (frame == 2)) for frame in range(3)),
        *((name, None, "nested-archive") for name in ("inner.zip", "inner.tar", "inner.tgz")),
        ("9.png", None, ""),
    ]


def test_a_name_that_is_not_utf8_is_a_row_of_its_own() -> None:
    """Its bytes are kept for the row."""
    for kind in FORMATS:
        assert batch(tarred([("\udcff.png", PNG)], kind)) == [("\udcff.png", None, "")]


@pytest.mark.parametrize("suffix", PACKS)
@pytest.mark.parametrize("data", [END, bytes(10240), tarred([]), tarred([(".DS_Store", b"1")])])
def test_an_archive_without_images_is_empty(suffix: str, data: bytes) -> None:
    """Zeros alone are a good tar."""
    assert batch(PACKS[suffix](data), f"x{suffix}") == [(f"x{suffix}", None, "empty")]


@pytest.mark.parametrize("suffix", PACKS)
def test_an_archive_cut_anywhere_keeps_what_was_read(suffix: str) -> None:
    """Rows in order as far as it goes, then one `truncated` that names the archive; at every 64th byte."""
    tar = tarred(THREE, tarfile.USTAR_FORMAT)[: 6 * BLOCK] + END
    data = PACKS[suffix](tar)

    is_plain = suffix == ".tar"
    for length in range(BLOCK, len(data) - BLOCK, 64) if is_plain else range(8, len(data), 16):
        *good, last = batch(data[:length], f"x{suffix}")
        assert good == [(name, None, "") for name, _ in THREE][: len(good)]
        assert last == (f"x{suffix}", None, "truncated"), length
    assert len(batch(data[: -3 * BLOCK if suffix == ".tar" else -9], f"x{suffix}")) >= 3


def test_a_header_that_breaks_midway_ends_the_archive() -> None:
    """The members before it have rows, then one names the archive and says where."""
    data = bytearray(tarred(THREE, tarfile.USTAR_FORMAT))
    data[4 * BLOCK] ^= 1

    assert batch(bytes(data), "x.tar") == [("a.png", None, ""), ("b.png", None, ""), ("x.tar", None, "corrupt")]
    assert "after 2 members" in sentence(read_batch(io.BytesIO(bytes(data)), "tar archive", "x.tar", SETTINGS))


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_checksum_behind_the_last_member_is_held_against_the_archive(suffix: str) -> None:
    """All members are there, and their bytes may be wrong: one more row says so. Other bytes behind are told too."""
    tar = tarred([*THREE, ("noise", encoded(np.random.default_rng(1).integers(0, 255, (99, 99)).astype(np.uint8)))])
    data = PACKS[suffix](tar)
    place = {".tar.gz": -6, ".tar.bz2": -5, ".tar.xz": -20}[suffix]
    wrong = data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]

    for broken in (wrong, data + b"junk"):
        assert batch(broken, f"x{suffix}")[-1] == (f"x{suffix}", None, "corrupt")
        assert batch(broken, f"x{suffix}")[:3] == [(name, None, "") for name, _ in THREE]


def test_a_member_beyond_its_cap_is_too_large_and_its_neighbours_are_read() -> None:
    """It is passed over; exactly the cap is read."""
    data = tarred([("a.png", PNG), ("large.png", PNG + bytes(5_000_000)), ("c.png", PNG)])
    expected = [("a.png", None, ""), ("large.png", None, "too-large"), ("c.png", None, "")]

    assert batch(data, max_member_bytes=len(PNG)) == expected
    assert [code for *_, code in batch(data, max_member_bytes=len(PNG) - 1)] == ["too-large"] * 3


@pytest.mark.parametrize("size", [large(1 << 80), large(1 << 40), b"7" * 11])
def test_a_size_that_lies_costs_nothing(size: bytes) -> None:
    """A member that claims more than there is, is too large, and the archive ends with it."""
    data = tarred([("a.png", PNG)])[: 2 * BLOCK] + header(b"b.png", size) + padded(PNG) + END

    assert batch(data, "x.tar") == [("a.png", None, ""), ("b.png", None, "too-large"), ("x.tar", None, "truncated")]


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_more_members_than_the_cap_end_with_one_error(cap: int) -> None:
    """The members before the cap have rows; exactly the cap is read."""
    expected = [(name, None, "") for name, _ in THREE[:cap]]
    found = batch(tarred(THREE), "x.tar", max_members=cap)

    assert found == expected + [("x.tar", None, "too-many-members")] * (cap < 3)


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz"])
def test_an_archive_beyond_the_total_cap_ends_with_one_error(suffix: str) -> None:
    """Every byte that leaves the decompressor counts, headers too; the row names the member where it ended."""
    data = PACKS[suffix](tarred([*THREE, ("bomb", bytes(3_000_000)), ("d.png", PNG)]))
    found = batch(data, f"x{suffix}", max_inflated_bytes=2_000_000)

    assert found == [*((name, None, "") for name, _ in THREE), (f"x{suffix}", None, "too-large")]
    assert batch(data, f"x{suffix}", max_inflated_bytes=3_600_000)[-1] == ("d.png", None, "")


def test_what_an_inner_file_inflates_to_counts_too() -> None:
    """Small members that are bombs cannot inflate for ever."""
    bomb = io.BytesIO()
    np.save(bomb, np.zeros((300, 28, 28), np.uint8))
    members = [(f"{number}.npy.gz", gzip.compress(bomb.getvalue(), mtime=0)) for number in range(20)]
    found = batch(tarred(members), "x.tar", max_inflated_bytes=2_000_000)

    assert found[-1] == ("x.tar", None, "too-large")
    assert 300 <= len(found) <= 1500


def test_the_first_picture_is_read_before_the_others_are() -> None:
    """Pictures come one by one."""
    file = CountingFile(tarred([("a.png", PNG), ("noise", bytes(3_000_000)), ("c.png", PNG)]))
    pictures = read_batch(file, sniff(file.getvalue()[:SNIFF_BYTES], ""), "x.tar", SETTINGS)

    assert next(pictures).name == "a.png"
    assert not file.touched(1_000_000, 3_000_000)
