"""Caps on what a batch may cost."""

import dataclasses
import io
import zipfile

import pytest

from handler.batches import read_batch
from handler.members import read_picture
from tests.doubles import zipped
from tests.unit.drops import LINE, PNG, SETTINGS, TIFF_PAGES, batch, lines, sentence
from tests.unit.makers import archive, directory_at


@pytest.mark.parametrize(("cap", "expected"), [(1, [0, 1]), (2, [0, 1, 2]), (3, [0, 1, 2])])
def test_frames_beyond_the_cap_end_with_one_error(cap: int, expected: list[int]) -> None:
    """The frames before the cap have rows, then one row says that there are more."""
    found = lines(read_picture(TIFF_PAGES, "a.tif", dataclasses.replace(SETTINGS, max_frames=cap)))

    assert [frame for _, frame, _ in found] == expected
    assert [code for *_, code in found] == [""] * min(cap, 3) + ["too-many-frames"] * (cap < 3)


def test_more_pixels_than_the_cap_are_too_large() -> None:
    """The cap on pixels is the settings'."""
    assert batch(zipped({"a.png": PNG}), max_pixels=783) == [("a.png", None, "too-large")]
    assert batch(zipped({"a.png": PNG}), max_pixels=784) == [("a.png", None, "")]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_beyond_its_cap_is_too_large_and_its_neighbours_are_read(method: int) -> None:
    """What counts is what leaves the decompressor; exactly the cap is read."""
    data = archive([("a.png", PNG), ("bomb.png", PNG + bytes(5_000_000)), ("c.png", PNG)], method)

    assert batch(data, max_member_bytes=len(PNG)) == [
        ("a.png", None, ""),
        ("bomb.png", None, "too-large"),
        ("c.png", None, ""),
    ]
    assert batch(data, max_member_bytes=len(PNG) - 1) == [
        ("a.png", None, "too-large"),
        ("bomb.png", None, "too-large"),
        ("c.png", None, "too-large"),
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_beyond_the_total_cap_ends_with_one_error(method: int) -> None:
    """Rows for what was read before the cap, then one that names the member where it ended; exactly the cap is read."""
    data = archive([(f"{number}.png", PNG) for number in range(4)], method)

    assert batch(data, max_inflated_bytes=len(PNG) * 4) == [(f"{number}.png", None, "") for number in range(4)]
    for missing in (1, len(PNG)):
        assert batch(data, max_inflated_bytes=len(PNG) * 3 - missing) == [
            ("0.png", None, ""),
            ("1.png", None, ""),
            ("x.zip", None, "too-large"),
        ]
    capped = dataclasses.replace(SETTINGS, max_inflated_bytes=len(PNG) * 2)
    assert "2.png" in sentence(read_batch(io.BytesIO(data), "zip archive", "x.zip", capped))


def test_bytes_of_members_that_fail_count_too() -> None:
    """An archive of broken members cannot inflate for ever."""
    data = archive([(f"{number}.png", b"digit" * 100) for number in range(9)])
    broken = data.replace(b"digitdigit", b"digitDIGIT")

    found = batch(broken, max_inflated_bytes=1200)
    assert found == [("0.png", None, "corrupt"), ("1.png", None, "corrupt"), ("x.zip", None, "too-large")]


def test_entries_of_one_overlapping_member_are_bounded_by_the_total_cap() -> None:
    """A thousand entries that share one member inflate no more than the cap lets them."""
    data = archive([("a.png", PNG)])
    start, end = directory_at(data), data.rindex(b"PK\x05\x06")
    count, directory = 1000, data[start:end] * 1000
    ending = b"PK\x05\x06" + bytes(4) + count.to_bytes(2, "little") * 2
    ending += len(directory).to_bytes(4, "little") + start.to_bytes(4, "little") + bytes(2)
    found = batch(data[:start] + directory + ending, max_inflated_bytes=len(PNG) * 10)

    assert found == [("a.png", None, "")] * 10 + [("x.zip", None, "too-large")]


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_more_members_than_the_cap_end_with_one_error(cap: int) -> None:
    """The members before the cap have rows; exactly the cap is read."""
    data = zipped({f"{number}.png": PNG for number in range(3)})
    expected: list[LINE] = [(f"{number}.png", None, "") for number in range(cap)]

    assert batch(data, max_members=cap) == expected + [("x.zip", None, "too-many-members")] * (cap < 3)


def test_names_of_any_bytes_can_stand_in_a_sentence() -> None:
    """An error that names a member can be written as UTF-8, whatever its name is."""
    data = archive([("abcd", PNG), ("efgh", PNG)]).replace(b"efgh", b"\xff\r\n,")
    for changes in ({"max_members": 1}, {"max_inflated_bytes": len(PNG)}):
        capped = dataclasses.replace(SETTINGS, **changes)  # type: ignore[arg-type]  # only caps
        text = sentence(read_batch(io.BytesIO(data), "zip archive", "x.zip", capped))
        text.encode()
        assert "\n" not in text
