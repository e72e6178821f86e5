"""What a drop is, told by its content, and by its name where that cannot tell."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import ImageFile

from handler.contents import SNIFF_BYTES, sniff
from handler.members import are_files, is_folder_marker, is_ignored, read_picture
from tests.doubles import bar, encoded, zipped
from tests.unit.drops import PNG, SETTINGS, ZIP, npy, tar


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
        (b"MSCF\0\0\0\0\0", "a", "Cabinet archive"),
        (b"\x28\xb5\x2f\xfd\x24", "a.tar.zst", "Zstandard file"),
        (b"\x04\x22\x4d\x18\x64", "a.tar.lz4", "LZ4 file"),
        (b"LZIP\x01", "a.tar.lz", "lzip file"),
        (b"\x1f\x9d\x90", "a.tar.Z", "compress file"),
        (npy(), "a.png", "array"),
        (b"\0\0\x08\x03\0\0\0\1", "a", "array"),
        (b"\0\0\x0e\x04\0\0\0\1", "a.png", "array"),
        (b"\0\0\x0a\x03\0\0\0\1", "a", ""),
        (b"\0\0\x08\x05\0\0\0\1", "a", ""),
        (b"\0\0\x08", "a", ""),
        (bytes(1024), "a.tar", "tar archive"),
        (bytes(1024), "a.tar.gz", "tar archive"),
        (bytes(1024), "a.png", ""),
        (bytes(100), "a.tar", "file of that name"),
        (b"text", "a.tar", "file of that name"),
        (b"text", "a.TGZ", "file of that name"),
        (b"text", "a.npz", "zip archive"),
        (b"text", "a.npz.gz", "zip archive"),
        (b"text", "a.npy", "file of that name"),
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
    assert next(read_picture(PNG, "a.png", SETTINGS)).error, "nothing was loaded"
    assert decoded


PARTS = st.sampled_from(["a", ".DS_Store", "labels.csv", "Thumbs.db", "__MACOSX", "", "/", "//", "b/", "é", "\udcff"])


@given(st.lists(st.lists(PARTS, min_size=1, max_size=4).map("".join), max_size=5))
def test_of_several_names_that_are_files_none_is_ignored(names: list[str]) -> None:
    """Nor a folder; and plain ones are told at once."""
    assert not are_files(names) or not any(is_ignored(name) or name.endswith("/") for name in names)
    assert are_files(["a.png", "b/c.png", "=d"])


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
