"""Rows to CSVs and back, the merging of a folder's, and where they lie."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import PredictionsError
from handler.predictions import (
    BLOCK_ROWS,
    COLUMNS,
    PROBABILITY_COLUMNS,
    Counts,
    batch_csv_of,
    folder_of,
    has_probabilities,
    merge,
    read_csv,
    write_csv,
)
from handler.rows import Row

HEADER = "image,frame,digit,confidence,status,detail,model\n"
KEY = "predictions/a/predictions.csv"
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(',"\r\n\0\u2028\u2029\x85\x0b\x0c\x1c='), max_size=12
)
STATES = st.sampled_from(["ok", "review", "error"])
SHARES = st.one_of(st.just(()), st.tuples(*[st.sampled_from(["0.0000", "0.1234", "1.0000"])] * 10))
ROWS = st.builds(Row, TEXTS, st.sampled_from(["", "0", "1", "12"]), TEXTS, TEXTS, STATES, TEXTS, TEXTS, SHARES)


def row(image: str, frame: str = "", digit: str = "7", shares: tuple[str, ...] = ()) -> Row:
    """A good row."""
    return Row(image, frame, digit, "0.9876", "ok", "", "0123456789ab", shares)


def place(found: Row) -> tuple[str, int]:
    """What rows are sorted by."""
    return found.image, int(found.frame or -1)


def written(rows: Iterable[Row], *, probabilities: bool = False) -> bytes:
    """The rows as a CSV."""
    file = io.BytesIO()
    write_csv(rows, file, probabilities=probabilities)
    return file.getvalue()


def cells(data: bytes) -> list[list[str]]:
    """A CSV as Python's own reader understands it."""
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


def test_the_csv_is_what_the_contract_says() -> None:
    r"""Header, one line for each row, `\n` ends; only fields with comma, quote, CR or LF are quoted."""
    rows = [
        row("a.png"),
        row("b,c.png", "0"),
        Row('say "hi"', "", "", "", "error", "not-an-image: the bytes, all of them", "0123456789ab"),
        row("line\nend"),
        row("return\rin"),
    ]

    assert written(rows).decode() == (
        HEADER
        + "a.png,,7,0.9876,ok,,0123456789ab\n"
        + '"b,c.png",0,7,0.9876,ok,,0123456789ab\n'
        + '"say ""hi""",,,,error,"not-an-image: the bytes, all of them",0123456789ab\n'
        + '"line\nend",,7,0.9876,ok,,0123456789ab\n'
        + '"return\rin",,7,0.9876,ok,,0123456789ab\n'
    )


def test_a_csv_without_rows_has_its_header() -> None:
    """Header always."""
    assert written([]).decode() == HEADER
    assert written([], probabilities=True).decode() == HEADER[:-1] + ",p0,p1,p2,p3,p4,p5,p6,p7,p8,p9\n"


@given(st.lists(ROWS, max_size=6), st.booleans())
def test_any_text_is_read_back_by_pythons_csv(rows: list[Row], probabilities: bool) -> None:  # noqa: FBT001  # by Hypothesis
    """Quotes, line ends, NUL, and what Unicode calls line ends: every cell comes back as it was."""
    header, *found = cells(written(rows, probabilities=probabilities))

    assert tuple(header) == COLUMNS + (PROBABILITY_COLUMNS if probabilities else ())
    for line, expected in zip(found, rows, strict=True):
        assert line[:7] == [
            expected.image,
            expected.frame,
            expected.digit,
            expected.confidence,
            expected.status,
            expected.detail,
            expected.model,
        ]
        assert line[7:] == (list(expected.probabilities) or [""] * 10) * probabilities


@given(st.lists(ROWS, max_size=8), st.booleans())
@settings(deadline=None)
def test_any_sorted_rows_are_read_back_as_they_were(rows: list[Row], probabilities: bool) -> None:  # noqa: FBT001  # likewise
    """What is written is what is read, and writing it again gives the same bytes."""
    rows = sorted(rows, key=place)
    data = written(rows, probabilities=probabilities)
    found = list(read_csv(io.BytesIO(data), KEY))

    if probabilities:
        assert found == rows
    assert [place(line) for line in found] == [place(line) for line in rows]
    assert written(found, probabilities=probabilities) == data


def test_probability_columns_are_empty_for_rows_without_them() -> None:
    """Rows written before the parameter was set keep empty cells."""
    shares = tuple(f"0.{number}000" for number in range(10))
    data = written([row("a"), row("b", shares=shares)], probabilities=True)

    assert data.decode().splitlines()[1:] == [
        "a,,7,0.9876,ok,,0123456789ab" + "," * 10,
        "b,,7,0.9876,ok,,0123456789ab," + ",".join(shares),
    ]
    assert list(read_csv(io.BytesIO(data), KEY)) == [row("a"), row("b", shares=shares)]


def test_rows_are_counted() -> None:
    """All, errors and reviews, as the object's metadata says them."""
    states = ["ok", "error", "review", "error", "ok", "ok"]
    rows = [Row(str(number), "", "", "", state, "", "m") for number, state in enumerate(states)]
    counts = write_csv(rows, io.BytesIO(), probabilities=False)

    assert counts == Counts(6, 2, 1)
    assert counts.metadata() == {"rows": "6", "errors": "2", "reviews": "1"}
    assert write_csv([], io.BytesIO(), probabilities=False) == Counts(0, 0, 0)


def test_rows_are_written_block_by_block() -> None:
    """No row is taken before the blocks before it are in the file."""
    file = io.BytesIO()

    def rows() -> Iterator[Row]:
        for number in range(3 * BLOCK_ROWS):
            assert file.getvalue().count(b"\n") == number // BLOCK_ROWS * BLOCK_ROWS + 1
            yield row(str(number))

    assert write_csv(rows(), file, probabilities=False).rows == 3 * BLOCK_ROWS
    assert file.getvalue().count(b"\n") == 3 * BLOCK_ROWS + 1


@given(st.lists(ROWS, min_size=1, max_size=6), st.booleans())
def test_rows_are_written_together_as_alone(rows: list[Row], probabilities: bool) -> None:  # noqa: FBT001  # by Hypothesis
    """Whether a neighbour is quoted changes no byte of a row."""
    header = len(written([], probabilities=probabilities))
    alone = b"".join(written([one], probabilities=probabilities)[header:] for one in rows)

    assert written(rows, probabilities=probabilities)[header:] == alone


def test_a_header_tells_whether_there_are_probabilities() -> None:
    """And the file is at its start again."""
    for probabilities in (False, True):
        file = io.BytesIO(written([row("a")], probabilities=probabilities))
        file.seek(5)
        assert has_probabilities(file, KEY) is probabilities
        assert file.tell() == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2\n",
        HEADER.encode()[:-1],
        HEADER.encode().replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + HEADER.encode(),
        HEADER.encode().upper(),
        HEADER.replace(",", ";").encode(),
        HEADER.encode()[:-1] + b",p0\n",
        HEADER.encode() + b"a,,7,0.9,ok,\n",
        HEADER.encode() + b"a,,7,0.9,ok,,m,more\n",
        HEADER.encode() + b"\n",
        HEADER.encode() + b"b,,7,0.9,ok,,m\na,,7,0.9,ok,,m\n",
        HEADER.encode() + b"a,1,7,0.9,ok,,m\na,0,7,0.9,ok,,m\n",
        HEADER.encode() + b"a,10,7,0.9,ok,,m\na,9,7,0.9,ok,,m\n",
        HEADER.encode() + b"a,0,7,0.9,ok,,m\na,,7,0.9,ok,,m\n",
        HEADER.encode() + b"a,x,7,0.9,ok,,m\n",
        HEADER.encode() + b'"a,,7,0.9,ok,,m\n',
        HEADER.encode() + b'"a"b,,7,0.9,ok,,m\n',
        HEADER.encode() + b"\xff,,7,0.9,ok,,m\n",
        HEADER.encode() + b"a,,7,0.9,ok,,m\nb,,7,0.9,ok,,01234",
        written([row("a")], probabilities=True)[:-3],
        b"PK\x03\x04",
    ],
)
def test_what_this_function_did_not_write_is_refused_by_name(data: bytes) -> None:
    """Foreign, changed, unsorted, cut or damaged: it is named and not written over."""
    with pytest.raises(PredictionsError, match=KEY):
        list(read_csv(io.BytesIO(data), KEY))


def test_reading_leaves_the_file_open() -> None:
    """The caller reads it again after another writer came first."""
    file = io.BytesIO(written([row("a"), row("b")]))

    assert list(read_csv(file, KEY)) == list(read_csv(file, KEY))
    next(read_csv(file, KEY))
    assert not file.closed


@given(st.binary(max_size=80))
def test_any_bytes_are_rows_or_refused(data: bytes) -> None:
    """Nothing raises anything else."""
    for start in (b"", HEADER.encode()):
        try:
            list(read_csv(io.BytesIO(start + data), KEY))
        except PredictionsError:
            continue


IMAGES = st.sampled_from(["", "a", "a.png", "b", "'=b", "ä", "\N{GRINNING FACE}", "\uffff"])
IMAGE_ROWS = st.dictionaries(st.tuples(IMAGES, st.sampled_from(["", "0", "2", "10"])), st.sampled_from("0123456789"))


@given(IMAGE_ROWS, IMAGE_ROWS, st.sets(IMAGES))
def test_merging_replaces_all_rows_of_an_image_and_sorts(
    old: dict[tuple[str, str], str], fresh: dict[tuple[str, str], str], gone: set[str]
) -> None:
    """As a model that sorts everything says: old rows of other images, and all fresh ones."""
    replaced = {image for image, _ in fresh} | gone
    before = sorted((row(image, frame, digit) for (image, frame), digit in old.items()), key=place)
    coming = [row(image, frame, digit) for (image, frame), digit in fresh.items()]
    expected = sorted([*(found for found in before if found.image not in replaced), *coming], key=place)
    merged = list(merge(before, coming, replaced))

    assert merged == expected
    assert list(read_csv(io.BytesIO(written(merged)), KEY)) == expected


def test_merging_takes_old_rows_one_by_one() -> None:
    """A folder's CSV of any size is never held whole."""
    taken = itertools.count()
    old = (row(f"{next(taken):09}") for _ in range(1000))
    merged = merge(old, [row("x")], {"x"})

    next(merged)
    assert next(taken) <= 2


@pytest.mark.parametrize(
    ("key", "csv_key", "name"),
    [
        ("incoming/7.png", "predictions/predictions.csv", "7.png"),
        ("incoming/a/7.png", "predictions/a/predictions.csv", "7.png"),
        ("incoming/a/b/7.png", "predictions/a/b/predictions.csv", "7.png"),
        ("incoming//7.png", "predictions//predictions.csv", "7.png"),
        ("incoming/incoming/7.png", "predictions/incoming/predictions.csv", "7.png"),
        ("incoming/a/", "predictions/a/predictions.csv", ""),
    ],
)
def test_a_loose_image_is_a_row_in_its_folders_csv(key: str, csv_key: str, name: str) -> None:
    """The name in it is the key below the folder."""
    assert folder_of(key) == (csv_key, name)


@pytest.mark.parametrize(
    ("key", "csv_key"),
    [
        ("incoming/monday.zip", "predictions/monday.zip.csv"),
        ("incoming/a/monday.zip", "predictions/a/monday.zip.csv"),
        ("incoming/a/predictions.zip", "predictions/a/predictions.zip.csv"),
        ("incoming/predictions/a.zip", "predictions/predictions/a.zip.csv"),
        ("incoming/predictions", ""),
        ("incoming/a/predictions", ""),
    ],
)
def test_a_batch_has_a_csv_of_its_own_name(key: str, csv_key: str) -> None:
    """But none that would be a folder's."""
    assert batch_csv_of(key) == csv_key


@pytest.mark.parametrize("letter", ["a", "ä", "\N{GRINNING FACE}"])
def test_a_csv_key_longer_than_s3_takes_is_none(letter: str) -> None:
    """The limit of 1024 is on bytes; exactly as many are taken."""
    size = len(letter.encode())
    longest = (1024 - len("predictions/.csv")) // size
    rest = (1024 - len("predictions/.csv")) % size
    key = f"incoming/{letter * longest}{'x' * rest}"

    assert len(batch_csv_of(key).encode()) == 1024
    assert batch_csv_of(f"{key}x") == ""


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_two_drops_share_a_csv_but_the_loose_images_of_a_folder(first: str, second: str) -> None:
    """Two batches never write over each other, nor over a folder's CSV."""
    one, other = batch_csv_of(f"incoming/{first}"), batch_csv_of(f"incoming/{second}")

    assert (one == other) == (first == second) or "" in (one, other)
    assert one != folder_of(f"incoming/{second}")[0]
    assert one != folder_of(f"incoming/{first}")[0]
