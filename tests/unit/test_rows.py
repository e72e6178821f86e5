"""How a name stands in the `image` column."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.rows import image_cell, image_cells

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def name_of(cell: str) -> str:
    """The name that a cell stands for: one leading apostrophe is the escape."""
    return cell.removeprefix("'")


def bytes_of(cell: str) -> bytes:
    r"""The bytes that a cell with `\xNN` in it stands for."""
    escape = re.compile(rb"\\(\\|x[0-9a-f]{2})")
    return escape.sub(lambda found: bytes.fromhex(found[1][1:].decode()) or b"\\", name_of(cell).encode())


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("a.png", "a.png"),
        ("folder/a b.png", "folder/a b.png"),
        ("", ""),
        ("=1+1.png", "'=1+1.png"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\ta", "'\ta"),
        ("\ra", "'\ra"),
        ("'a", "''a"),
        ("''a", "'''a"),
        (" =1", " =1"),
        ("a=1", "a=1"),
        ("\na", "\na"),
        (r"a\b.png", r"a\b.png"),
        (r"a\xff.png", r"a\xff.png"),
        ("ä\N{GRINNING FACE}", "ä\N{GRINNING FACE}"),
        ("a\udcff.png", r"a\xff.png"),
        ("a\\\udcff.png", r"a\\\xff.png"),
        ("=\udcff", r"'=\xff"),
        ("\udcc3\udca4", "ä"),
        ("ä\udce4", r"ä\xe4"),
    ],
)
def test_a_name_is_written_as_the_contract_says(name: str, cell: str) -> None:
    """No formula, valid UTF-8, and all else as it is."""
    assert image_cell(name) == cell


@given(st.sampled_from(["", *"=+-@'\t\r"]), NAMES)
def test_stripping_one_apostrophe_gives_the_exact_name_back(start: str, rest: str) -> None:
    """Two names never share a cell, and none begins with what a spreadsheet would run."""
    cell = image_cell(start + rest)

    assert name_of(cell) == start + rest
    assert not cell.startswith(tuple("=+-@\t\r"))


@given(st.binary(max_size=30))
def test_bytes_that_are_not_utf8_can_be_had_back(raw: bytes) -> None:
    """Such a name's cell is valid UTF-8 and stands for exactly its bytes."""
    name = raw.decode("utf-8", "surrogateescape")
    cell = image_cell(name)

    cell.encode()
    if any("\udc80" <= letter <= "\udcff" for letter in name):
        assert bytes_of(cell) == raw
    else:
        assert name_of(cell).encode() == raw


@given(st.lists(st.one_of(st.text("=+-@'\tab.", max_size=3), NAMES, st.just("\udcff.png"), st.just("")), max_size=9))
def test_cells_of_several_are_those_of_each(names: list[str]) -> None:
    """Whatever is among them."""
    assert list(image_cells(names)) == [image_cell(name) for name in names]
