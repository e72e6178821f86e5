"""Array files that break, lie, or cost too much, and arrays in archives."""

import bz2
import dataclasses
import gzip
import io
import lzma
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.batches import read_batch
from tests.unit.arraymakers import described, idx, npz, planes, saved, written
from tests.unit.drops import LINE, PNG, SETTINGS, batch, sentence
from tests.unit.makers import archive, directory_at, patched
from tests.unit.measured import run

THREE = np.random.default_rng(1).integers(0, 256, (3, 28, 28)).astype(np.uint8)
"""Noise, so that it does not compress."""


def frames(count: int, name: str = "x.npy", code: str = "") -> list[LINE]:
    """Rows of good images, then one with a reason."""
    good: list[LINE] = [(name, frame, "") for frame in range(count)]
    return [*good, *([(name, count or None, code)] if code else [])]


class Trap:
    """Something that makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        """What is called when it is unpickled."""
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("descr", ["|O", "O", "object", [("a", "|O")], [("a", "|u1"), ("b", "<f4")], ("|u1", (2,))])
def test_nothing_is_ever_unpickled(tmp_path: Path, descr: object) -> None:
    """Objects and structures are `unsupported`; what they would run is not run."""
    body = pickle.dumps(np.array([[Trap(tmp_path / "ran")] * 2] * 2))
    data = described(descr, (2, 2), body)

    for given_data in (data, gzip.compress(data), archive([("a.npy", data)])):
        ((_, frame, code),) = batch(given_data, "x.npy")
        assert (frame, code) == (None, "unsupported")
    assert not (tmp_path / "ran").exists()
    pickle.loads(body)  # noqa: S301  # our own: the trap works
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("descr", ["<c8", "<f16", "<M8[s]", "<U4", "|S3", "|V1", "<c16", "3u1", "u1,u1"])
def test_other_types_are_unsupported(descr: str) -> None:
    """Complex numbers, times, texts and the like are no light."""
    assert batch(described(descr, (2, 2), bytes(99)), "x.npy") == [("x.npy", None, "unsupported")]


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_each_version_of_the_format_is_read(version: tuple[int, int]) -> None:
    """They differ in the header's length and its encoding."""
    assert batch(saved(THREE, version), "x.npy") == frames(3)
    assert np.array_equal(planes(saved(THREE, version))[2], THREE[2].astype(np.float32) / np.float32(255))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{",
        "[]",
        "5",
        "'text'",
        "{}",
        "{'descr': '|u1'}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': 5}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': [2, 2]}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, -2)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2.0)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (True, 2)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, None)}",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (2, 2)}",
        "{'descr': '', 'fortran_order': False, 'shape': (2, 2)}"[:-9],
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 0x" + "f" * 9000 + ")}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, " + "9" * 9000 + ")}",
        "{'descr': __import__('os').abort(), 'fortran_order': False, 'shape': (2, 2)}",
        "(" * 9000,
        "-" * 9000 + "1",
        "[" * 4000 + "]" * 4000,
        "{[]: 1}",
        b"\xff\xfe",
        b"\0" * 50,
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}" + " " * 10_000,
    ],
)
def test_headers_that_are_damaged_are_corrupt(header: str | bytes) -> None:
    """Nothing in them is run, and nothing of any size is believed."""
    for version in (1, 2):
        assert batch(written(header, bytes(4), version), "x.npy") == [("x.npy", None, "corrupt")]


@pytest.mark.parametrize("start", range(6, 12))
def test_a_file_that_ends_in_its_first_bytes_is_truncated(start: int) -> None:
    """No more than its magic bytes, or a part of the header's length."""
    for version in ((1, 0), (2, 0)):
        assert batch(saved(THREE, version)[:start], "x.npy") == [("x.npy", None, "truncated")]


@pytest.mark.parametrize(
    "shape", [(10**12, 28, 28), (10**12, 784), (2**61, 2, 2), (10**9, 10**9, 784), (2**62 - 1, 784)]
)
@pytest.mark.parametrize("fortran", [False, True])
def test_a_shape_that_lies_costs_nothing(shape: tuple[int, ...], fortran: bool) -> None:  # noqa: FBT001  # a case
    """The file's one image is read, then it ends; column by column there would be too much to hold."""
    found = batch(described("<f8", shape, bytes(28 * 28 * 8), fortran=fortran), "x.npy")

    assert found[-1][2] in ("truncated", "too-large")
    assert len(found) <= 200
    assert not fortran or found == [("x.npy", None, "too-large")]


@pytest.mark.parametrize("shape", [(2**62, 784), (2**64, 2**64, 3), (2**63 - 1, 28, 28, 10**30)])
def test_a_shape_beyond_any_machine_is_corrupt(shape: tuple[int, ...]) -> None:
    """No such file can be."""
    assert batch(described("|u1", shape, bytes(999)), "x.npy") == [("x.npy", None, "corrupt")]


def test_shapes_that_lie_take_no_memory() -> None:
    """Neither in NumPy's files nor in IDX, whose sides have 32 bits."""
    _, megabytes = run("""
import struct
from tests.unit.arraymakers import described
from tests.unit.drops import batch
begin()
for shape in ((10**12, 28, 28), (2**40, 2**20, 2**20), (4096, 4096, 3), (2**50, 4096, 4096)):
    batch(described("<f8", shape, bytes(9999)), "x.npy")
batch(struct.pack(">HBBIII", 0, 14, 3, 0xFFFFFFFF, 6000, 6000), "x")
batch(struct.pack(">HBBIIII", 0, 14, 4, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF), "x")
""")

    assert megabytes < 30


def test_images_of_more_pixels_or_bytes_than_the_caps_are_too_large() -> None:
    """The cap on pixels is the settings', and one image must fit what one member may be."""
    for data in (saved(THREE), idx(THREE), saved(THREE[0]), saved(np.asfortranarray(THREE))):
        assert batch(data, "x.npy", max_pixels=783) == [("x.npy", None, "too-large")]
        assert batch(data, "x.npy", max_pixels=784)[-1][2] == ""
    assert batch(saved(THREE.astype("f8")), "x.npy", max_member_bytes=784 * 8 - 1) == [("x.npy", None, "too-large")]
    assert batch(saved(THREE.astype("f8")), "x.npy", max_member_bytes=784 * 8) == frames(3)
    assert batch(saved(np.asfortranarray(THREE)), "x.npy", max_member_bytes=784 * 3 - 1) == [
        ("x.npy", None, "too-large")
    ]


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_more_images_than_the_cap_end_with_one_error(cap: int) -> None:
    """The images before the cap have rows; exactly the cap is read."""
    assert batch(saved(THREE), "x.npy", max_members=cap) == frames(cap, code="too-many-frames" * (cap < 3))


@pytest.mark.parametrize("data", [saved(THREE), idx(THREE), saved(THREE.astype(">f4"))])
def test_an_array_cut_anywhere_keeps_the_images_before(data: bytes) -> None:
    """Rows for the images that are whole, then one `truncated` row with the next frame."""
    size = 784 * (4 if len(data) > 5000 else 1)
    start = len(data) - 3 * size
    for length in [*range(6, start), *range(start, len(data), 97), len(data) - 1]:
        whole = max(0, (length - start) // size)
        assert batch(data[:length], "x.npy") == frames(whole, code="truncated"), length


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_array_cut_anywhere_is_never_taken_for_a_whole_one(pack: object) -> None:
    """Rows as far as it goes, then one that says so."""
    assert callable(pack)
    data = pack(saved(THREE))
    for length in range(8, len(data), 37):
        *good, last = batch(data[:length], "x.npy.gz")
        assert good == frames(len(good), "x.npy.gz")
        assert last == ("x.npy.gz", len(good) or None, "truncated")


def test_a_column_major_array_that_is_cut_has_no_images() -> None:
    """Each of its images is spread over all of it."""
    assert batch(saved(np.asfortranarray(THREE))[:-1], "x.npy") == [("x.npy", None, "truncated")]


def test_bytes_behind_an_array_are_none_of_its() -> None:
    """NumPy itself writes one array behind the other."""
    for data in (saved(THREE), idx(THREE), saved(np.asfortranarray(THREE))):
        assert batch(data + b"junk" * 99, "x.npy") == frames(3)


@pytest.mark.parametrize("place", [-8, -5, -3, -1])
def test_a_checksum_behind_a_compressed_array_is_held_against_it(place: int) -> None:
    """Its images are there, and may be wrong: one more row says so."""
    for values in (THREE, np.asfortranarray(THREE), THREE[0]):
        data = bytearray(gzip.compress(saved(values)))
        data[place] ^= 1
        *_, last = batch(bytes(data), "x.npy")
        assert last[2] == "corrupt"


@pytest.mark.parametrize("compressed", [False, True])
def test_an_npz_gives_the_images_of_each_of_its_arrays(compressed: bool) -> None:  # noqa: FBT001  # a case
    """A row for each image, with the array's name; labels are one row that says what they are not."""
    data = npz({"x_train": THREE, "y_train": np.arange(3), "one": THREE[0], "x_test": THREE[:2]}, compressed=compressed)
    expected = [*frames(3, "x_train.npy"), ("y_train.npy", None, "unsupported"), ("one.npy", None, "")]
    expected += frames(2, "x_test.npy")

    for name in ("mnist.npz", "mnist.zip", "mnist"):
        assert batch(data, name) == expected
    assert batch(gzip.compress(data), "mnist.npz.gz") == expected
    assert batch(lzma.compress(data), "mnist") == expected


def test_a_compressed_zip_beyond_what_one_member_may_be_is_too_large() -> None:
    """Its directory stands at its end, so that all of it has to be held."""
    data = npz({"a": THREE})

    assert batch(gzip.compress(data), "x.npz.gz", max_member_bytes=len(data)) == frames(3, "a.npy")
    assert batch(gzip.compress(data), "x.npz.gz", max_member_bytes=len(data) - 1) == [("x.npz.gz", None, "too-large")]
    assert batch(gzip.compress(data)[:-9], "x.npz.gz") == [("x.npz.gz", None, "truncated")]
    assert batch(gzip.compress(data[:-9]), "x.npz.gz") == [("x.npz.gz", None, "truncated")]


def test_arrays_and_pictures_stand_beside_each_other_in_an_archive() -> None:
    """Members are told apart by content, in the archive's order."""
    data = archive(
        [
            ("a.png", PNG),
            ("b.bin", saved(THREE)),
            ("c-idx3-ubyte", idx(THREE[:1])),
            ("d.gz", gzip.compress(idx(THREE))),
            ("e.npy", saved(THREE)[:-1]),
            ("f.npy", b"junk"),
            ("g.png", PNG),
        ],
        zipfile.ZIP_DEFLATED,
    )
    expected = [("a.png", None, ""), *frames(3, "b.bin"), ("c-idx3-ubyte", None, ""), *frames(3, "d.gz")]
    expected += [*frames(2, "e.npy", "truncated"), ("f.npy", None, "nested-archive"), ("g.png", None, "")]

    assert batch(data) == expected


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wrong_checksum_of_an_array_in_a_zip_is_one_more_row(method: int) -> None:
    """Its images come before it is known; the neighbours are untouched."""
    data = archive([("a.npy", saved(THREE)), ("b.png", PNG), ("c.npy", saved(THREE[0]))], method)
    wrong = patched(data, directory_at(data) + 16, b"????")

    assert batch(wrong) == [*frames(3, "a.npy", "corrupt"), ("b.png", None, ""), ("c.npy", None, "")]
    wrong = patched(data, data.rindex(b"PK\x01\x02") + 16, b"????")
    assert batch(wrong)[-2:] == [("c.npy", 0, ""), ("c.npy", 1, "corrupt")]


def test_an_array_larger_than_a_member_may_be_streams_out_of_a_zip() -> None:
    """270 MB pass through with little memory, and each image is there."""
    _, megabytes = run("""
import io, zipfile, dataclasses
from handler.batches import read_batch
from tests.unit.arraymakers import described
from tests.unit.drops import SETTINGS, PNG
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
    with written.open("x.npy", "w") as member:
        member.write(described("|u1", (4000, 260, 260)))
        for _ in range(4000):
            member.write(bytes(260 * 260))
settings = dataclasses.replace(SETTINGS, max_member_bytes=1 << 20)
list(read_batch(io.BytesIO(PNG), "zip archive", "x", settings))
begin()
file.seek(0)
count = sum(picture.plane is not None for picture in read_batch(file, "zip archive", "x.npz", settings))
assert count == 4000, count
""")

    assert megabytes < 25


def test_an_array_counts_for_the_budget_of_its_archive() -> None:
    """Whatever leaves the decompressor, each time that it is read."""
    data = npz({"a": np.zeros((2000, 28, 28), np.uint8), "b": THREE}, compressed=True)
    found = batch(data, "x.npz", max_inflated_bytes=3_000_000)

    assert found[-1] == ("x.npz", None, "too-large")
    assert 200 < len(found) < 1900
    capped = dataclasses.replace(SETTINGS, max_inflated_bytes=3_000_000)
    assert "'a.npy'" in sentence(read_batch(io.BytesIO(data), "zip archive", "x.npz", capped))
    assert len(batch(data, "x.npz", max_inflated_bytes=5_000_000)) == 2003
    alone = batch(gzip.compress(saved(np.zeros((2000, 28, 28), np.uint8))), "x.npy.gz", max_inflated_bytes=2_000_000)
    assert alone[-1] == ("x.npy.gz", None, "too-large")


def test_images_of_an_array_come_one_by_one() -> None:
    """The first is read before the file's end was, once its range is known."""
    file = io.BytesIO(saved(np.zeros((9000, 28, 28), np.uint8)))
    pictures = read_batch(file, "array", "x.npy", SETTINGS)

    next(pictures)
    assert file.tell() < 1_000_000


DICTS = st.fixed_dictionaries(
    {
        "descr": st.one_of(
            st.sampled_from(["|u1", "<f4", "<f2", "|b1"]), st.text(max_size=4), st.none(), st.integers()
        ),
        "fortran_order": st.one_of(st.booleans(), st.none()),
        "shape": st.one_of(
            st.lists(st.one_of(st.integers(-1, 5), st.just(28), st.just(10**20)), max_size=5).map(tuple), st.text()
        ),
    }
)


@given(st.one_of(DICTS.map(repr), st.text(max_size=60), st.binary(max_size=60)), st.binary(max_size=200))
@settings(deadline=None)
def test_any_header_gives_images_or_a_reason(header: str | bytes, body: bytes) -> None:
    """No header raises anything but `UnreadableError`."""
    text = header.encode(errors="surrogatepass") if isinstance(header, str) else header
    for version in (1, 2, 3, 9):
        assert batch(written(text, body, version), "x.npy")


@given(
    st.sampled_from([8, 9, 11, 12, 13, 14]), st.lists(st.integers(0, 6), min_size=1, max_size=4), st.binary(max_size=90)
)
@settings(deadline=None)
def test_any_idx_file_gives_images_or_a_reason(code: int, sides: list[int], body: bytes) -> None:
    """Whatever its sides and its bytes are."""
    header = struct.pack(f">HBB{len(sides)}I", 0, code, len(sides), *sides)
    assert batch(header + body, "x")
    assert batch(header[:-1], "x")[0][2] in ("truncated", "")
