"""`labels.csv` of a data set: where it may be, how its names are those of the rows, and what is refused."""

import io
import zipfile
from pathlib import Path

import pytest

from handler.rows import image_cell
from tests.doubles import zipped
from train.labels import LabelsError, read_labels


def labels_of(tmp_path: Path, members: dict[str, bytes]) -> dict[str, str]:
    """What is read of a zip with these members."""
    path = tmp_path / "set.zip"
    path.write_bytes(zipped(members))
    return dict(read_labels(path))


def test_labels_stand_by_name_in_their_order(tmp_path: Path) -> None:
    """Lines without anything are none; a label is text, and loses the blanks around it."""
    assert labels_of(tmp_path, {"labels.csv": b"file,label\nb.png,7\n\na/1.png, x2 \n"}) == {
        "b.png": "7",
        "a/1.png": "x2",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbffile,label\r\na.png,7\r\n",
        b'"file","label"\n"a.png","7"',
        b"label,writer,file\n7,anna,a.png\n",
        b"file,label\na.png,7\na.png,7\n",
        b" file , label \na.png,7\n",
    ],
    ids=["byte order mark", "quoted", "other columns", "twice the same", "blanks"],
)
def test_what_programs_write_is_read(body: bytes, tmp_path: Path) -> None:
    """Spreadsheets and scripts differ in what is around the same two columns."""
    assert labels_of(tmp_path, {"labels.csv": body}) == {"a.png": "7"}


def test_names_are_those_of_the_image_column(tmp_path: Path) -> None:
    """Formulas, quotes, and bytes that are not UTF-8 are escaped as the handler escapes them."""
    found = labels_of(
        tmp_path, {"labels.csv": b'file,label\n=1.png,1\n"a,""b"".png",2\n\xff\\.png,3\n\xc3\xa9.png,4\n'}
    )
    assert list(found) == ["'=1.png", 'a,"b".png', r"\xff\\.png", "é.png"]
    assert list(found)[2] == image_cell(b"\xff\\.png".decode(errors="surrogateescape"))


def test_a_zip_of_a_folder_has_its_labels_in_it(tmp_path: Path) -> None:
    """Names count from the folder of `labels.csv`, or from the root where they are so in the zip."""
    body = b"file,label\n1.png,1\ndigits/2.png,2\n3.png,3\n"
    members = {"digits/labels.csv": body, "digits/1.png": b"", "digits/2.png": b"", "__MACOSX/labels.csv": b"?"}
    assert labels_of(tmp_path, members) == {"digits/1.png": "1", "digits/2.png": "2", "3.png": "3"}


def test_the_root_goes_before_folders(tmp_path: Path) -> None:
    """A second `labels.csv` further down is not the one."""
    assert labels_of(tmp_path, {"a/labels.csv": b"?", "labels.csv": b"file,label\nx,1\n"}) == {"x": "1"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"1.png": b""}, "has no labels.csv: add one to its root"),
        ({"__MACOSX/labels.csv": b"file,label\nx,1\n"}, "has no labels.csv"),
        ({"a/labels.csv": b"", "b/labels.csv": b""}, "both 'a/labels.csv' and 'b/labels.csv': keep one"),
        ({"labels.csv": b""}, "begins with ''"),
        ({"labels.csv": b"1.png,7\n"}, "begins with '1.png,7': save it as UTF-8, begin it file,label"),
        ({"labels.csv": b"file;label\n1.png;7\n"}, "begins with 'file;label'"),
        ({"labels.csv": "file,label\n1.png,7\n".encode("utf-16")}, "save it as UTF-8"),
        ({"labels.csv": b"file,label,file\n"}, "begins with"),
        ({"labels.csv": b"file,label\n"}, "names no file: add a line"),
        ({"labels.csv": b"file,label\na.png,1\nb.png\n"}, "line 3 of labels.csv"),
        ({"labels.csv": b"file,label\na.png, \n"}, "line 2 of labels.csv"),
        ({"labels.csv": b"file,label\n,1\n"}, "line 2 of labels.csv"),
        ({"labels.csv": b"file,label\na.png,1\na.png,2\n"}, "line 3 of labels.csv in .* gives 'a.png' another label"),
        ({"labels.csv": b'file,label\n"a"b,1\n'}, "line 2 of labels.csv .* is no CSV"),
    ],
)
def test_labels_that_say_nothing_clear_are_refused(members: dict[str, bytes], message: str, tmp_path: Path) -> None:
    """The error names the zip, the place in it, and what to do."""
    with pytest.raises(LabelsError, match=message) as refused:
        labels_of(tmp_path, members)
    assert str(tmp_path / "set.zip") in str(refused.value)


@pytest.mark.parametrize("cut", [1, 30, 10_000])
def test_a_damaged_zip_is_named(cut: int, tmp_path: Path) -> None:
    """What is cut off, empty or no zip at all gives the zip's name and why it cannot be read."""
    path = tmp_path / "set.zip"
    path.write_bytes(zipped({"labels.csv": b"file,label\nx,1\n"})[:-cut])
    with pytest.raises(LabelsError, match=r"set\.zip cannot be read as a zip \(.+: .+\): make it anew"):
        read_labels(path)


def test_an_encrypted_labels_file_is_named(tmp_path: Path) -> None:
    """Nothing of it is taken for labels."""
    data = bytearray(zipped({"labels.csv": b"file,label\nx,1\n"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "set.zip"
    path.write_bytes(data)
    with pytest.raises(LabelsError, match="encrypted"):
        read_labels(path)


def test_a_labels_file_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the cap leaves the decompressor."""
    monkeypatch.setattr("train.labels.MOST_BYTES", 1 << 20)
    path = tmp_path / "set.zip"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.csv", b"file,label\n" + bytes(2 << 20))
    path.write_bytes(file.getvalue())
    with pytest.raises(LabelsError, match="more than 1048576 bytes: split the set"):
        read_labels(path)
