"""What a drop is, and its pictures, whatever happens to some of them."""

import dataclasses
import io
import itertools
import tarfile
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from handler.batches import (
    SNIFF_BYTES,
    Named,
    is_folder_marker,
    is_ignored,
    read_batch,
    read_picture,
    sniff,
    until,
)
from handler.errors import PostponedError
from handler.settings import Settings
from tests.doubles import bar, encoded, zipped
from tests.unit.makers import (
    CountingFile,
    archive,
    directory_at,
    mutated,
    patched,
    saved,
)

SETTINGS = Settings("digits")
PNG = encoded(bar(4, 20))
ZIP = zipped({"a.png": PNG})
TIFF_PAGES = saved(Image.fromarray(bar(4, 20)), "TIFF", save_all=True, append_images=[Image.fromarray(bar(20, 4))] * 2)
LINE = tuple[str, int | None, str]
"""Name, frame, and the code of the error, or nothing."""


def lines(pictures: Iterator[Named]) -> list[LINE]:
    """Pictures as values to compare; each has a plane or a reason, and never both."""
    found = []
    for picture in pictures:
        assert (picture.plane is None) != (picture.error is None)
        found.append((picture.name, picture.frame, picture.error.code if picture.error else ""))
    return found


def batch(data: bytes, name: str = "x.zip", **changes: int) -> list[LINE]:
    """The pictures of a batch, with some settings changed."""
    with_changes = dataclasses.replace(SETTINGS, **changes)  # type: ignore[arg-type]  # only the caps are changed
    return lines(read_batch(io.BytesIO(data), sniff(data[:SNIFF_BYTES], name), name, with_changes))


def sentence(pictures: Iterator[Named]) -> str:
    """What the last picture's error says."""
    return str(list(pictures)[-1].error)


def tar() -> bytes:
    """A tar archive of one picture."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archived:
        info = tarfile.TarInfo("a.png")
        info.size = len(PNG)
        archived.addfile(info, io.BytesIO(PNG))
    return file.getvalue()


def npy() -> bytes:
    """A NumPy array of one picture."""
    file = io.BytesIO()
    np.save(file, bar(4, 20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("start", "name", "kind"),
    [
        (ZIP, "a.zip", "zip archive"),
        (ZIP, "a.png", "zip archive"),
        (ZIP, "a", "zip archive"),
        (zipped({}), "a", "zip archive"),
        (b"PK\x07\x08" + ZIP, "a", "zip archive"),
        (b"#!/bin/sh\n" + ZIP, "a.zip", "zip archive"),
        (b"#!/bin/sh\n" + ZIP, "a.sh", ""),
        (b"", "a.ZIP", "zip archive"),
        (b"text", "a.zip", "zip archive"),
        (PNG, "a.zip", ""),
        (PNG, "a.png", ""),
        (PNG, "a", ""),
        (PNG, "a.npy", ""),
        (PNG, "a.tar.gz", ""),
        (encoded(bar(4, 20), "TIFF"), "a.zip", ""),
        (tar(), "a.png", "tar archive"),
        (b"\x1f\x8b\x08", "a.png", "gzip file"),
        (b"BZh91AY", "a", "bzip2 file"),
        (b"\xfd7zXZ\0", "a", "xz file"),
        (b"7z\xbc\xaf\x27\x1c", "a", "7-Zip archive"),
        (b"Rar!\x1a\x07\0", "a", "RAR archive"),
        (npy(), "a.png", "NumPy array"),
        (b"\0\0\x08\x03\0\0\0\1", "a", "IDX array"),
        (b"text", "a.tar", "file of that name"),
        (b"text", "a.TGZ", "file of that name"),
        (b"text", "a.npz", "file of that name"),
        (b"text", "t10k-images-idx3-ubyte", "file of that name"),
        (b"text", "t10k-images-idx3-ubyte.gz", "file of that name"),
        (b"text", "a.txt", ""),
        (b"", "a.png", ""),
        (b"", "", ""),
    ],
)
def test_content_tells_what_a_drop_is_and_the_name_only_where_it_cannot(start: bytes, name: str, kind: str) -> None:
    """Magic bytes come first; a name decides for a zip with a program before it, and for what is nothing known."""
    assert sniff(start[:SNIFF_BYTES], name) == kind


@given(st.binary(max_size=600), st.sampled_from(["a.zip", "a.png", "a.npz", "a.tar.xz"]))
@hypothesis_settings(deadline=None)
def test_any_start_of_a_file_is_something(start: bytes, name: str) -> None:
    """Sniffing never raises."""
    assert isinstance(sniff(start, name), str)


def test_a_picture_named_zip_is_not_decoded_to_tell_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file of very many pixels costs nothing before its pixels are counted."""
    decoded: list[ImageFile.ImageFile] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda picture: decoded.append(picture))  # noqa: PLW0108  # a method

    assert sniff(PNG, "a.zip") == ""
    assert decoded == []
    next(read_picture(PNG, "a.png", SETTINGS))
    assert decoded


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "a/.DS_Store", "Thumbs.db", "labels.csv", "a/b/labels.csv", "__MACOSX/a.png", "a/__MACOSX/b/c"],
)
def test_what_is_no_image_is_ignored(name: str) -> None:
    """What operating systems and labelling leave behind has no row."""
    assert is_ignored(name)


@pytest.mark.parametrize(
    "name", ["a.png", "a/DS_Store", "labels.csv/a.png", "my-labels.csv", "x__MACOSX/a", "__MACOSX"]
)
def test_other_names_are_not_ignored(name: str) -> None:
    """Only the whole of a name counts, and `__MACOSX` only as a folder."""
    assert not is_ignored(name)


def test_a_folder_marker_ends_with_a_slash_and_has_no_bytes() -> None:
    """An empty file is not a folder, nor is a folder's name with bytes in it."""
    assert is_folder_marker("incoming/a/", 0)
    assert not is_folder_marker("incoming/a/", 1)
    assert not is_folder_marker("incoming/a.png", 0)


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
        "inner.tgz": b"\x1f\x8b\x08",
        "array.npy": npy(),
        "named.zip": b"hello",
        "9.png": PNG,
    }
    codes = ["", "empty", "not-an-image", "truncated", *["nested-archive"] * 3, "unsupported", "nested-archive", ""]

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


@pytest.mark.parametrize(("cap", "expected"), [(1, [0, 1]), (2, [0, 1, 2]), (3, [0, 1, 2])])
def test_frames_beyond_the_cap_end_with_one_error(cap: int, expected: list[int]) -> None:
    """The frames before the cap have rows, then one row says that there are more."""
    found = lines(read_picture(TIFF_PAGES, "a.tif", dataclasses.replace(SETTINGS, max_frames=cap)))

    assert [frame for _, frame, _ in found] == expected
    assert [code for *_, code in found] == [""] * min(cap, 3) + ["too-many-frames"] * (cap < 3)


def test_a_picture_that_breaks_after_some_frames_keeps_them() -> None:
    """The frames before the damage have rows, then one row has the reason and the next number."""
    found = lines(read_picture(TIFF_PAGES[: len(TIFF_PAGES) // 2], "a.tif", SETTINGS))

    assert found[0] == ("a.tif", 0, "")
    assert found[-1][1:] in ((len(found) - 1, "truncated"), (len(found) - 1, "corrupt"))


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"hello", "not-an-image"), (PNG[:-9], "truncated")])
def test_a_picture_that_cannot_be_read_is_one_error_without_a_frame(data: bytes, code: str) -> None:
    """One image, one row, whatever happened."""
    assert lines(read_picture(data, "a.png", SETTINGS)) == [("a.png", None, code)]


def test_more_pixels_than_the_cap_are_too_large() -> None:
    """The cap on pixels is the settings'."""
    assert batch(zipped({"a.png": PNG}), max_pixels=783) == [("a.png", None, "too-large")]
    assert batch(zipped({"a.png": PNG}), max_pixels=784) == [("a.png", None, "")]


@pytest.mark.parametrize("data", [b"", zipped({}), zipped({"folder/": b"", ".DS_Store": b"1", "__MACOSX/a.png": PNG})])
def test_an_empty_archive_is_one_error(data: bytes) -> None:
    """No images, but not without a row: an empty CSV would say nothing."""
    assert batch(data) == [("x.zip", None, "empty")]


@pytest.mark.parametrize("data", [tar(), npy(), b"\x1f\x8b\x08rest", b"Rar!\x1a\x07\0rest"])
def test_other_batches_are_one_error_that_says_what_to_do(data: bytes) -> None:
    """Archives and arrays that are not read yet are named, not guessed at."""
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


def test_the_first_picture_is_read_before_the_others_are_inflated() -> None:
    """Pictures come one by one: the second member's bytes are not touched before it is asked for."""
    noise = np.random.default_rng(1).integers(0, 255, (700, 700)).astype(np.uint8)
    large = encoded(noise)
    file = CountingFile(archive([("a.png", PNG), ("b.png", large), ("c.png", PNG)]))
    start = file.getvalue().index(large)
    file.ranges.clear()
    pictures = read_batch(file, "zip archive", "x.zip", SETTINGS)

    assert next(pictures).name == "a.png"
    assert not file.touched(start + 1000, start + len(large) - 100_000)
    assert next(pictures).name == "b.png"
    assert file.touched(start + 1000, start + len(large) - 100_000)


@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6), st.integers(0, 30))
@hypothesis_settings(deadline=None)
def test_any_damage_to_a_batch_gives_rows(changes: list[tuple[int, int]], cut: int) -> None:
    """However an archive is damaged, it has at least one row, and every row a picture or a reason."""
    data = mutated(zipped({"a.png": PNG, "b.tif": TIFF_PAGES}), changes, cut)

    assert len(list(read_batch(io.BytesIO(data), "zip archive", "x.zip", SETTINGS))) >= 1


def numbered(count: int) -> Iterator[Named]:
    """Pictures by number."""
    for number in range(count):
        yield Named(f"{number}.png", plane=np.zeros((1, 1), np.float32))


def test_pictures_are_given_while_there_is_time() -> None:
    """Time is asked for before each picture but the first, and nothing is added where it lasts."""
    asked = itertools.count()

    assert [picture.name for picture in until(numbered(3), lambda: next(asked) < 99, "x", final=True)] == [
        "0.png",
        "1.png",
        "2.png",
    ]
    assert next(asked) == 2


@pytest.mark.parametrize("good", [0, 1, 5])
def test_out_of_time_ends_a_final_drop_with_one_error(good: int) -> None:
    """What was read before has rows, the first always, then one names the drop and says how far it came."""
    answers = iter([True] * good + [False])
    found = list(until(numbered(10), lambda: next(answers), "x.zip", final=True))

    assert [picture.name for picture in found] == [*(f"{number}.png" for number in range(good + 1)), "x.zip"]
    assert found[-1].error
    assert found[-1].error.code == "out-of-time"
    assert f"after {good + 1} images, before '{good + 1}.png'" in str(found[-1].error)


def test_out_of_time_postpones_a_drop_that_is_not_final() -> None:
    """Another invocation takes it whole; no row of it is kept."""
    pictures = until(numbered(10), lambda: False, "x.zip", final=False)

    assert next(pictures).name == "0.png"
    with pytest.raises(PostponedError, match=r"x\.zip"):
        next(pictures)


def test_a_drop_of_one_picture_is_never_out_of_time() -> None:
    """The first is always given, so that every drop gets something done."""
    assert len(list(until(numbered(1), lambda: False, "x", final=False))) == 1
    assert list(until(numbered(0), lambda: False, "x", final=False)) == []


def test_time_is_up_before_the_next_picture_is_kept() -> None:
    """No picture is begun in vain once the caller stops asking: the source is taken one by one."""
    taken = itertools.count()

    def source() -> Iterator[Named]:
        for picture in numbered(10):
            next(taken)
            yield picture

    pictures = until(source(), lambda: True, "x", final=True)
    next(pictures)
    assert next(taken) == 1
