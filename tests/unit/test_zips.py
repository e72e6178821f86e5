"""The walk through a zip's directory, and the inflating of its members."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler import zips
from handler.errors import UnreadableError
from handler.zips import walk
from tests.unit.makers import CountingFile, Member, archive, directory_at, members, mutated, patched, with_zip64

CENTRAL = b"PK\x01\x02"
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
BODIES = st.one_of(st.binary(max_size=200), st.integers(0, 3000).map(lambda size: b"digit" * size))
MUTATIONS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6)


def by_zipfile(data: bytes) -> list[Member]:
    """The members of an archive as Python reads them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archived:
        return [(info.filename, archived.read(info)) for info in archived.infolist()]


@given(
    named=st.lists(st.tuples(NAMES, BODIES), max_size=8, unique_by=lambda member: member[0]),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    comment=st.binary(max_size=60),
    prefix=st.binary(max_size=60),
    tail=st.sampled_from([b"", b"\0", b"\r\n"]),
)
@settings(deadline=None)
def test_reads_what_python_reads(
    named: list[tuple[str, bytes]], method: int, comment: bytes, prefix: bytes, tail: bytes
) -> None:
    """Names, bytes and order are Python's, whatever stands in the names, the comment, before or behind the archive."""
    data = archive(named, method, comment, prefix) + (b"" if b"PK\x05\x06" in comment else tail)

    assert members(data) == [(name, body) for name, body in named]
    if not tail and b"PK\x05\x06" not in comment:  # which Python takes for the archive's end
        assert members(data) == by_zipfile(data)


def test_entries_with_a_zip64_field_are_read() -> None:
    """A member written with `force_zip64` has its sizes in an extra field."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archived,
        archived.open("a.png", "w", force_zip64=True) as member,
    ):
        member.write(b"seven" * 99)

    assert members(file.getvalue()) == [("a.png", b"seven" * 99)]


@pytest.mark.parametrize("prefix", [b"", b"#!/bin/sh\n" * 7])
def test_an_archive_with_all_numbers_in_zip64_form_is_read(prefix: bytes) -> None:
    """Sizes, offsets and the directory's place come from the zip64 records where the plain ones are full."""
    data = with_zip64([b"one", b"", b"three" * 50], prefix)

    assert members(data) == [("0.png", b"one"), ("1.png", b""), ("2.png", b"three" * 50)]
    assert members(data) == by_zipfile(data)


def test_a_zip64_end_record_that_is_not_there_is_corrupt() -> None:
    """A locator that points to nothing is damage, not an empty archive."""
    data = with_zip64([b"one"])
    record = data.rfind(b"PK\x06\x06")

    assert members(patched(data, record, b"????")) == [("", "corrupt")]


def test_more_members_than_16_bits_count_are_read() -> None:
    """70,000 members are walked in order, and by writers that know no zip64 too."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archived:
        for number in range(70_000):
            archived.writestr(zipfile.ZipInfo(f"{number}.png"), b"")
    data = file.getvalue()
    start = data.index(CENTRAL)
    size = data.rfind(b"PK\x06\x06") - start
    old = data[: start + size] + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, *(70_000 % 65_536,) * 2, size, start, 0)

    assert [entry.name for entry in walk(io.BytesIO(data))] == [f"{number}.png" for number in range(70_000)]
    assert sum(1 for _ in walk(io.BytesIO(old))) == 70_000


@given(
    st.lists(NAMES, max_size=40),
    st.tuples(
        st.sampled_from([b"", b"\0", b"PK\x01\x02", b"PK\x01\x02" + bytes(42) + b"PK\x01\x02" + bytes(42)]),
        st.sampled_from([b"", b"PK\x01\x02", b"UT\0\0", b"\x75\x70\2\0\1\0", b"\1\0\4\0\xff\xff\xff\xff"]),
    ),
    st.integers(2, 7),
    MUTATIONS,
)
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_that_are_read_together_are_those_that_are_read_alone(
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    more: tuple[bytes, bytes],
    every: int,
    changes: list[tuple[int, int]],
) -> None:
    """Whatever stands in names, comments and extra fields, and wherever the directory is damaged."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for number, name in enumerate(names):
            info = zipfile.ZipInfo(name)
            if number % every == 0:
                info.comment = more[0]
            if number % every == 1:
                info.extra = more[1]
            written.writestr(info, b"")
    data = file.getvalue()
    start = data.find(CENTRAL)
    damaged = mutated(data, [(start + place % 3000, value) for place, value in changes], 0)
    with monkeypatch.context() as patch:
        patch.setattr(zips, "_plain_lines", lambda _, at, __: ((), at))
        expected = list(lines_of(damaged))
    for run, run_bytes in ((zips.RUN, 1 << 14), (3, 200)):
        monkeypatch.setattr(zips, "RUN", run)
        monkeypatch.setattr(zips, "_RUN_BYTES", run_bytes)
        assert list(lines_of(damaged)) == expected


def test_long_names_are_not_held_together() -> None:
    """A directory may have nothing but names of 65,535 bytes."""
    long = [("a" * 3000 + f"{number}", b"") for number in range(9)]
    short = [(f"{number}", b"") for number in range(9)]

    assert [len(run) for run in zips.runs(io.BytesIO(archive(short + long)))] == [10, *[1] * 8]


def lines_of(data: bytes) -> Iterator[tuple[object, ...]]:
    """The lines of a directory, and where it breaks why."""
    try:
        for run in zips.runs(io.BytesIO(data)):
            assert 0 < len(run) <= zips.RUN
            yield from run
    except UnreadableError as error:
        yield (str(error),)


@pytest.mark.parametrize("window", [1, 45, 46, 47, 100, 1000])
def test_the_directory_is_walked_across_window_borders(monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    """Wherever a window of the directory ends, no entry is lost or cut."""
    monkeypatch.setattr(zips, "_WINDOW", window)
    monkeypatch.setattr(zips, "_LONGEST_ENTRY", 200)
    named = [(f"{'long' * (number % 9)}{number}.png", b"%d" % number) for number in range(60)]

    assert members(archive(named)) == named


def test_a_long_directory_is_not_copied_again_for_each_entry() -> None:
    """Walking twice as many entries slices twice as many bytes, not four times: the window is kept, not cut."""
    sliced = 0

    class Window(bytes):
        __slots__ = ()

        def __getitem__(self, place: slice) -> "Window":  # type: ignore[override]  # the walk only slices
            nonlocal sliced
            found = Window(super().__getitem__(place))
            sliced += len(found)
            return found

        def __radd__(self, other: bytes) -> "Window":
            return Window(other.__add__(self))

        def __add__(self, other: bytes) -> "Window":  # type: ignore[override]  # bytes are all that is added
            return Window(super().__add__(other))

    class Reader(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return Window(super().read(size))

    data = archive([(f"{number}.png", b"") for number in range(2000)])
    assert sum(1 for _ in walk(Reader(data))) == 2000
    assert sliced < 4 * len(data)


def test_the_directory_is_read_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first entry is given before the directory's end was read."""
    monkeypatch.setattr(zips, "_WINDOW", 4096)
    monkeypatch.setattr(zips, "_LONGEST_ENTRY", 4096)
    file = CountingFile(archive([(f"{number}.png", b"") for number in range(3000)]))
    directory = directory_at(file.getvalue())

    next(walk(file))
    assert file.touched(directory, directory + 1)
    assert not file.touched(directory + 3 * 4096, directory + 20 * 4096)


def test_a_file_cut_anywhere_is_refused() -> None:
    """An archive that was cut off has no directory at its end, and says so."""
    data = archive([("a", b"seven" * 20), ("b", b"eight")])

    for length in range(len(data)):
        assert members(data[:length]) == [("", "truncated")]


@pytest.mark.parametrize("offset", [(1 << 64) - 1, (1 << 64) - 31, 1 << 63, (1 << 63) - 1])
def test_an_offset_near_the_end_of_64_bits_is_corrupt(offset: int) -> None:
    """No offset of a zip64 field overflows a seek."""
    data = with_zip64([b"one"])
    extra = data.index(CENTRAL) + 46 + len("0.png") + 4 + 16

    assert members(patched(data, extra, struct.pack("<Q", offset))) == [("0.png", "corrupt")]


@pytest.mark.parametrize("field", [32, 40, 48])
@pytest.mark.parametrize("value", [(1 << 64) - 1, 1 << 63, 1 << 40])
def test_numbers_of_a_zip64_end_record_that_cannot_be_are_corrupt(field: int, value: int) -> None:
    """Entries, size and place of the directory are held against the file before they are used."""
    data = with_zip64([b"one"])

    assert members(patched(data, data.rfind(b"PK\x06\x06") + field, struct.pack("<Q", value))) == [("", "corrupt")]


def test_a_directory_that_breaks_midway_gives_what_stands_before() -> None:
    """The members before the damage are given, then one error says that the archive broke."""
    data = archive([("a", b"1"), ("b", b"2"), ("c", b"3")])
    third = data.rindex(CENTRAL)

    assert members(patched(data, third, b"????")) == [("a", b"1"), ("b", b"2"), ("", "corrupt")]


def test_an_entry_longer_than_the_directory_is_corrupt() -> None:
    """A name that would end behind the directory is not made up of what stands there."""
    data = archive([("a", b"1"), ("b", b"2")])
    wrong = patched(data, data.rindex(CENTRAL) + 28, b"\xff\xff")

    assert members(wrong) == [("a", b"1"), ("", "corrupt")]


@pytest.mark.parametrize("count", [1, 3])
def test_a_count_that_is_not_the_directorys_is_corrupt(count: int) -> None:
    """An end record that counts fewer or more entries than there are is told after what there is."""
    data = archive([("name" * 20, b"1"), ("b", b"2")])
    wrong = patched(data, data.rfind(b"PK\x05\x06") + 10, struct.pack("<H", count))

    assert members(wrong) == [("name" * 20, b"1"), ("b", b"2"), ("", "corrupt")]


def test_a_signature_behind_the_entries_is_no_entry() -> None:
    """A directory may end with a digital signature."""
    data = archive([("a", b"1")])
    end = data.rfind(b"PK\x05\x06")
    signature = b"PK\x05\x05" + struct.pack("<H", 3) + b"sig"
    (size,) = struct.unpack_from("<I", data, end + 12)
    signed = data[:end] + signature + patched(data[end:], 12, struct.pack("<I", size + len(signature)))

    assert members(signed) == [("a", b"1")]


def test_an_end_record_inside_the_comment_is_not_the_archives() -> None:
    """The end record is the one whose comment ends with the file."""
    assert members(archive([("a", b"1")], comment=b"PK\x05\x06 is how a zip ends, and here is more text")) == [
        ("a", b"1")
    ]


@pytest.mark.parametrize("size", [0, 1, 21, 22, 100])
def test_what_is_no_zip_is_truncated(size: int) -> None:
    """Without a directory at the end nothing is guessed."""
    assert members(b"x" * size) == [("", "truncated")]


def test_an_archive_without_members_is_empty_and_not_broken() -> None:
    """No entry and no error: the caller says what that means."""
    assert members(archive([])) == []


def test_a_name_that_is_not_utf8_keeps_its_bytes() -> None:
    """Bytes that are not UTF-8 come as lone surrogates, so that they can be written out again."""
    data = archive([("abcd.png", b"1")]).replace(b"abcd.png", b"\xff\xe9cd.png")

    assert members(data) == [("\udcff\udce9cd.png", b"1")]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"\x01" + zlib.crc32(b"a.png").to_bytes(4, "little") + "ä.png".encode(), "ä.png"),
        (b"\x01" + zlib.crc32(b"other").to_bytes(4, "little") + "ä.png".encode(), "a.png"),
        (b"\x02" + zlib.crc32(b"a.png").to_bytes(4, "little") + "ä.png".encode(), "a.png"),
        (b"\x01" + zlib.crc32(b"a.png").to_bytes(4, "little"), "a.png"),
        (b"\x01", "a.png"),
    ],
)
def test_a_unicode_path_field_names_the_member_where_it_is_for_its_name(field: bytes, expected: str) -> None:
    """The field counts where its version is known, its checksum is the plain name's, and it names anything."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archived:
        info = zipfile.ZipInfo("a.png")
        info.extra = struct.pack("<HH", 0x7075, len(field)) + field
        archived.writestr(info, b"1")

    assert members(file.getvalue()) == [(expected, b"1")]


GOOD = archive([("a.png", b"seven" * 30), ("ü/b.png", bytes(300))], zipfile.ZIP_DEFLATED, b"a comment") + b""
GOOD64 = with_zip64([b"one", b"two" * 30])


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x05\x06", GOOD[-60:], GOOD64[-98:]]))
@settings(deadline=None)
def test_any_bytes_give_members_or_a_reason(data: bytes, tail: bytes) -> None:
    """No bytes raise anything but `UnreadableError`."""
    members(data + tail, 10_000)


@given(st.sampled_from([GOOD, GOOD64]), MUTATIONS, st.integers(0, 30))
@settings(deadline=None, max_examples=500)
def test_any_damage_to_a_good_archive_gives_members_or_a_reason(
    data: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    """However a good archive is damaged, each member is whole by its checksum or has a reason."""
    for name, body in members(mutated(data, changes, cut), 10_000):
        assert isinstance(name, str)
        assert isinstance(body, bytes | str)
