"""What a drop is, and its pictures, whatever happens to some of them."""

import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from handler.batches import read_batch
from handler.contents import SNIFF_BYTES, sniff
from handler.members import read_picture
from tests.doubles import encoded, zipped
from tests.unit.drops import PNG, SETTINGS, TIFF_PAGES, ZIP, batch, lines, npy, sentence, tar
from tests.unit.makers import CountingFile, archive, directory_at, mutated, patched


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_batch_gives_a_picture_for_each_file_in_archive_order() -> None:
    """Order is the archive's, not the alphabet's; folders and ignored files have no row, all others have one."""
    data = archive(
        [
            ("b.png", PNG),
            ("folder/", b""),
            ("folder/a.png", PNG),
            ("__MACOSX/._a.png", b"resource"),
            ("labels.csv", b"file,label\n"),
            ("readme.txt", b"hello"),
            (".DS_Store", b"\0"),
            ("ä.png", PNG),
            ("b.png", PNG),
        ]
    )

    assert batch(data) == [
        ("b.png", None, ""),
        ("folder/a.png", None, ""),
        ("readme.txt", None, "not-an-image"),
        ("ä.png", None, ""),
        ("b.png", None, ""),
    ]


def test_what_happens_to_one_member_leaves_its_neighbours_untouched() -> None:
    """Broken, empty, encrypted, foreign members and arrays each have their reason; all others are read."""
    members = {
        "0.png": PNG,
        "empty.png": b"",
        "text": b"hello",
        "cut.png": PNG[:-9],
        "inner.zip": ZIP,
        "inner.tar": tar(),
        "inner.tgz": gzip.compress(tar()),
        "cut.gz": b"\x1f\x8b\x08",
        "array.npy": npy(),
        "named.zip": b"hello",
        "9.png": PNG,
    }
    codes = ["", "empty", "not-an-image", "truncated", *["nested-archive"] * 3, "truncated", "", "nested-archive", ""]

    assert batch(zipped(members)) == [(name, None, code) for name, code in zip(members, codes, strict=True)]


def test_a_picture_named_as_an_archive_is_read_inside_one_too() -> None:
    """Members are read as drops are: content decides."""
    assert batch(zipped({"a.zip": PNG, "b.npz": PNG})) == [("a.zip", None, ""), ("b.npz", None, "")]


def test_a_member_that_is_encrypted_or_of_another_compression_has_its_code() -> None:
    """Faults of the archive's member become the member's row."""
    data = archive([("a.png", PNG), ("b.png", PNG), ("c.png", PNG)])
    second = data.index(b"PK\x01\x02", directory_at(data) + 4)
    changed = patched(patched(data, directory_at(data) + 8, b"\1\0"), second + 10, b"\x0c\0")

    assert batch(changed) == [("a.png", None, "encrypted"), ("b.png", None, "unsupported"), ("c.png", None, "")]


def test_frames_are_numbered_from_zero_and_one_alone_is_not() -> None:
    """`frame` is None where there is only one, else 0, 1, 2."""
    assert batch(zipped({"one.png": PNG, "many.tif": TIFF_PAGES})) == [
        ("one.png", None, ""),
        ("many.tif", 0, ""),
        ("many.tif", 1, ""),
        ("many.tif", 2, ""),
    ]


def test_a_picture_that_breaks_after_some_frames_keeps_them() -> None:
    """The frames before the damage have rows, then one row has the reason and the next number."""
    found = lines(read_picture(TIFF_PAGES[: len(TIFF_PAGES) // 2], "a.tif", SETTINGS))

    assert found[0] == ("a.tif", 0, "")
    assert found[-1][1:] in ((len(found) - 1, "truncated"), (len(found) - 1, "corrupt"))


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"hello", "not-an-image"), (PNG[:-9], "truncated")])
def test_a_picture_that_cannot_be_read_is_one_error_without_a_frame(data: bytes, code: str) -> None:
    """One image, one row, whatever happened."""
    assert lines(read_picture(data, "a.png", SETTINGS)) == [("a.png", None, code)]


@pytest.mark.parametrize("data", [b"", zipped({}), zipped({"folder/": b"", ".DS_Store": b"1", "__MACOSX/a.png": PNG})])
def test_an_empty_archive_is_one_error(data: bytes) -> None:
    """No images, but not without a row: an empty CSV would say nothing."""
    assert batch(data) == [("x.zip", None, "empty")]


@pytest.mark.parametrize("data", [gzip.compress(PNG, mtime=0), b"7z\xbc\xaf\x27\x1crest", b"Rar!\x1a\x07\0rest"])
def test_other_batches_are_one_error_that_says_what_to_do(data: bytes) -> None:
    """Archives that are not read here, and compressed files of something else, are named, not guessed at."""
    kind = sniff(data[:SNIFF_BYTES], "drop")

    assert lines(read_batch(io.BytesIO(data), kind, "drop", SETTINGS)) == [("drop", None, "unsupported")]
    assert kind in sentence(read_batch(io.BytesIO(data), kind, "drop", SETTINGS))


@pytest.mark.parametrize("data", [b"hello", ZIP[:-5], ZIP[: len(ZIP) // 2]])
def test_an_archive_that_cannot_be_opened_is_one_error_naming_it(data: bytes) -> None:
    """Without a directory nothing is read."""
    assert batch(data) == [("x.zip", None, "truncated")]


def test_an_archive_that_breaks_midway_keeps_what_was_read() -> None:
    """The members before the damage have rows, then one row names the archive and says where it ended."""
    data = archive([("a.png", PNG), ("b.png", PNG), ("c.png", PNG)])
    broken = patched(data, data.rindex(b"PK\x01\x02"), b"????")

    assert batch(broken) == [("a.png", None, ""), ("b.png", None, ""), ("x.zip", None, "corrupt")]
    assert "after 2 of 3" in sentence(read_batch(io.BytesIO(broken), "zip archive", "x.zip", SETTINGS))


def test_the_first_picture_is_read_before_the_others_are_inflated() -> None:
    """Pictures come one by one: the second member's bytes are not touched before it is asked for."""
    noise = np.random.default_rng(1).integers(0, 255, (700, 700)).astype(np.uint8)
    large = encoded(noise)
    file = CountingFile(archive([("a.png", PNG), ("b.png", large), ("c.png", PNG)]))
    start = file.getvalue().index(large)
    file.ranges.clear()
    pictures = read_batch(file, "zip archive", "x.zip", SETTINGS)

    assert next(pictures).name == "a.png"
    assert not file.touched(start + 200_000, start + len(large) - 100_000)
    assert next(pictures).name == "b.png"
    assert file.touched(start + 1000, start + len(large) - 100_000)


@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6), st.integers(0, 30))
@hypothesis_settings(deadline=None)
def test_any_damage_to_a_batch_gives_rows(changes: list[tuple[int, int]], cut: int) -> None:
    """However an archive is damaged, it has at least one row, and every row a picture or a reason."""
    data = mutated(zipped({"a.png": PNG, "b.tif": TIFF_PAGES}), changes, cut)

    assert len(list(read_batch(io.BytesIO(data), "zip archive", "x.zip", SETTINGS))) >= 1
