"""Members of a zip that are sliced out of windows, against the same ones read piece by piece."""

import dataclasses
import io
import random
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler import slices
from handler.batches import read_batch
from handler.errors import UnreadableError
from handler.inflation import inflate
from handler.settings import Settings
from handler.slices import Slices
from handler.zips import Entry, walk
from tests.doubles import bar
from tests.unit.arraymakers import saved
from tests.unit.drops import PNG, SETTINGS, TIFF_PAGES
from tests.unit.makers import CountingFile, archive, directory_at, mutated, patched, with_zip64

MANY = [(f"{number}.png", bytes([number % 256]) * (number % 500)) for number in range(1500)]
MEMBERS = [
    ("a.png", PNG),
    ("b.tif", TIFF_PAGES),
    ("c.npy", saved(bar(4, 20))),
    ("a.png", PNG),
    ("d.txt", b"no"),
    ("e", b""),
]
MUTATIONS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6)


class Unseekable(io.RawIOBase):
    """A pipe, so that `zipfile` puts sizes and checksum behind each member."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are all that is written
        """Append."""
        self.data += data
        return len(data)


def streamed(named: list[tuple[str, bytes]]) -> bytes:
    """An archive with data descriptors."""
    file = Unseekable()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, body in named:
            written.writestr(name, body)
    return bytes(file.data)


def piece_by_piece(file: BinaryIO, entry: Entry) -> bytes | None:
    """A member's bytes as `inflate` gives them, None where it refuses."""
    try:
        return b"".join(inflate(file, entry, 1 << 30))
    except UnreadableError:
        return None


def entries(file: BinaryIO) -> Iterator[Entry]:
    """Those before the archive breaks."""
    try:
        yield from walk(file)
    except UnreadableError:
        return


def check(data: bytes, shuffle: random.Random | None = None) -> list[bytes | None]:
    """What is sliced of each member, once it was held against what is read of it piece by piece."""
    file = io.BytesIO(data)
    found = list(entries(file))
    if shuffle:
        shuffle.shuffle(found)
    sliced = Slices(file)
    bodies = [sliced.whole(entry, 1 << 20) for entry in found]
    for entry, body in zip(found, bodies, strict=True):
        assert body is None or body == piece_by_piece(file, entry)
    for start in range(0, len(found), RUN):
        run = sliced.run(found[start : start + RUN], 1 << 20)
        assert run is None or run == bodies[start : start + RUN]
    return bodies


RUN = 100
"""Members that are sliced together."""


ODD = {
    "stored": archive(MANY),
    "deflated": archive(MANY, zipfile.ZIP_DEFLATED),
    "comment": archive(MANY[:9], comment=b"PK\x01\x02 and more"),
    "prefix": archive(MANY[:9], prefix=b"#!/bin/sh\n" * 9999),
    "zip64": with_zip64([body for _, body in MANY[:99]], b"before"),
    "descriptors": streamed(MANY),
    "twice": archive(MANY[:5] * 3),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("window", [1, 100, 1 << 17])
def test_every_plain_member_is_sliced(monkeypatch: pytest.MonkeyPatch, kind: str, window: int) -> None:
    """Comments, bytes before the archive, zip64, data descriptors and names that repeat, wherever a window ends."""
    monkeypatch.setattr(slices, "_WINDOW", window)
    bodies = check(ODD[kind])

    with zipfile.ZipFile(io.BytesIO(ODD[kind])) as archived:
        assert bodies == [archived.read(info) for info in archived.infolist()]


@pytest.mark.parametrize("kind", ODD)
def test_small_members_are_sliced_together(kind: str) -> None:
    """As many as are asked for, whatever was sliced before."""
    file = io.BytesIO(ODD[kind])
    found, sliced = list(walk(file)), Slices(file)
    for count in (1, 2, RUN, len(found)):
        expected = [piece_by_piece(file, entry) for entry in found[:count]]
        assert sliced.run(found[:count], 1 << 20) == expected
        assert sliced.run(found[:count][::-1], 1 << 20) == expected[::-1]
        assert sliced.run(found[:count], max(len(body or b"") for body in expected) - 1) is None


@pytest.mark.parametrize("other", [b"\1" * 2000, bytes(20_000)])
def test_members_that_are_not_small_are_sliced_alone(other: bytes) -> None:
    """Packed or not; nor are those that lie far from each other sliced together."""
    far = [("far", bytes(range(256)) * 4096)]
    for named in ([*MANY[:9], ("large", other)], MANY[:1] + far + MANY[1:2]):
        method = zipfile.ZIP_DEFLATED if named[-1][1] == bytes(20_000) else zipfile.ZIP_STORED
        file = io.BytesIO(archive(named, method))
        found = [entry for entry in walk(file) if entry.name != "far"]
        assert Slices(file).run(found, 1 << 20) is None
        assert Slices(file).run(found[:1], 1 << 20) == [named[0][1]]


def test_a_shuffled_directory_is_sliced_too() -> None:
    """Members are found wherever they are, and no window is read for one that stands alone."""
    assert None not in check(ODD["stored"], random.Random(1))  # noqa: S311  # no secret

    file = CountingFile(ODD["stored"])
    found = list(walk(file))
    sliced = Slices(file)
    file.ranges.clear()
    for entry in found[::-2]:
        assert sliced.whole(entry, 1 << 20) is not None
    assert sum(end - start for start, end in file.ranges) < 20 * len(found) * 500


@given(
    st.sampled_from(
        [archive(MEMBERS), archive(MEMBERS, zipfile.ZIP_DEFLATED), streamed(MEMBERS), with_zip64([PNG] * 3)]
    ),
    MUTATIONS,
    st.integers(0, 300),
)
@settings(deadline=None, max_examples=500)
def test_what_is_sliced_is_what_is_read(data: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    """Of a damaged archive too: a slice is never something else, nor of a member that is refused."""
    check(mutated(data, changes, cut))


@pytest.mark.parametrize("place", [4, 8, 10, 16, 20, 28, 42, 44])
def test_what_is_refused_is_not_sliced(place: int) -> None:
    """Encrypted, unknown compression, wrong checksum, size, name or place: `inflate` says why."""
    data = archive([("a", b"seven"), ("b", b"eight")])
    for value in (b"\1\0", b"\xff\xff", b"\0\0\0\x80"):
        check(patched(data, directory_at(data) + place, value))


@pytest.mark.parametrize(("size", "limit"), [(1 << 24, 1 << 30), ((1 << 20) + 1, 1 << 30), (900_000, 899_999)])
def test_a_member_that_is_larger_than_it_may_be_is_not_sliced(size: int, limit: int) -> None:
    """A bomb is inflated no further than the cap, whatever its sizes say, nor a small one, inflated at once."""
    data = archive([("a", bytes(size))], zipfile.ZIP_DEFLATED)
    file = io.BytesIO(data)
    (entry,) = walk(file)

    assert Slices(file).whole(entry, limit) is None
    assert Slices(io.BytesIO(ODD["stored"])).whole(next(walk(io.BytesIO(ODD["stored"]))), 0) == b""


def test_a_place_beyond_any_file_is_not_sought() -> None:
    """A zip64 field may say anything."""
    entry = Entry("a", 0, 0, 0, 1, 1 << 70)

    assert Slices(io.BytesIO(b"PK")).whole(entry, 99) is None
    assert Slices(io.BytesIO(b"PK")).run([entry], 99) is None
    assert Slices(io.BytesIO(bytes(99))).run([entry._replace(offset=80)], 99) is None


PNGS = [(f"{number}.png", PNG) for number in range(8)]
IN_ARCHIVES = [("__MACOSX/a.png", PNG), ("b/.DS_Store", PNG), ("c/", PNG), ("labels.csv", PNG), ("d.png", b"no")]
ARCHIVES = [
    archive(named, method)
    for named in (MEMBERS, PNGS, *([*PNGS[:5], other, *PNGS[5:]] for other in IN_ARCHIVES))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
]


@given(
    st.sampled_from(ARCHIVES),
    MUTATIONS,
    st.integers(1, 9),
    st.tuples(*(st.sampled_from(caps) for caps in ([1, 80, 400, 1 << 20], [1, 200, 1000, 1 << 20], [1, 3, 7, 100]))),
)
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_the_same_without_slices(
    monkeypatch: pytest.MonkeyPatch, data: bytes, changes: list[tuple[int, int]], run: int, caps: tuple[int, int, int]
) -> None:
    """Names, frames, planes, and every word of the errors, within whatever caps, however many are read together."""
    member, inflated, most = caps
    capped = dataclasses.replace(SETTINGS, max_member_bytes=member, max_inflated_bytes=inflated, max_members=most)
    damaged = mutated(data, changes, 0)
    monkeypatch.setattr("handler.zips.RUN", run)
    fast = rows(damaged, capped)
    with monkeypatch.context() as patch:
        patch.setattr(Slices, "whole", lambda *_: None)
        patch.setattr(Slices, "run", lambda *_: None)
        assert rows(damaged, capped) == fast


@pytest.mark.parametrize("most", [5, 6, 7, 8])
def test_members_are_counted_through_all_runs(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The cap falls on the same member, wherever a run ends."""
    monkeypatch.setattr("handler.zips.RUN", 3)
    found = rows(ARCHIVES[2], dataclasses.replace(SETTINGS, max_members=most))

    assert [name for name, *_ in found[:most]] == [f"{number}.png" for number in range(most)]
    assert len(found) == min(most + 1, 8)
    assert most == 8 or f"up to its member {most}, '{most}.png'" in found[-1][-1]


def rows(data: bytes, capped: Settings) -> list[tuple[str, int | None, bytes, str]]:
    """All that is read of an archive, as values to compare."""
    pictures = read_batch(io.BytesIO(data), "zip archive", "x.zip", capped)
    return [
        (one.name, one.frame, b"" if one.plane is None else one.plane.tobytes(), str(one.error)) for one in pictures
    ]


def test_entries_that_point_to_no_member_cost_no_windows() -> None:
    """A directory can have a million of them, all into one member's bytes: each would read a window in vain."""
    file = CountingFile(archive([("a.bin", b"\1" * (1 << 17))], zipfile.ZIP_STORED))
    (entry,) = walk(file)
    found = Slices(file)
    assert found.whole(entry, 1 << 20)
    before = list(file.ranges)

    for shift in range(1, 1000):
        assert found.whole(entry._replace(offset=entry.offset + shift, packed=9), 1 << 20) is None
    assert file.ranges == before
