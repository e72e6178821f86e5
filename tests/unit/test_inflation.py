"""The inflating of a zip's members."""

import io
import struct
import zipfile

import pytest

from handler import inflation
from handler.errors import UnreadableError
from handler.inflation import inflate
from handler.zips import walk
from tests.unit.makers import archive, directory_at, members, patched

CENTRAL = b"PK\x01\x02"


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_an_encrypted_member_says_so_and_its_neighbours_are_read(flag: int) -> None:
    """Each of the three flags of encryption is told, before any byte is inflated."""
    data = archive([("a", b"1"), ("b", b"2")])
    data = patched(data, directory_at(data) + 8, struct.pack("<H", flag))

    assert members(data) == [("a", "encrypted"), ("b", b"2")]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_unsupported(method: int) -> None:
    """A member that is neither stored nor deflated is named as such."""
    assert members(archive([("a", b"1" * 99)], method)) == [("a", "unsupported")]


def test_a_wrong_checksum_is_corrupt() -> None:
    """One flipped bit in a stored member is found, and its neighbours are not touched by it."""
    data = archive([("a", b"seven"), ("b", b"eight")])

    assert members(data.replace(b"seven", b"seveo")) == [("a", "corrupt"), ("b", b"eight")]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_packed_size_that_is_too_small_is_found(method: int) -> None:
    """A directory that says less than a member takes never gives a shortened member."""
    data = archive([("a", bytes(range(256)) * 4), ("b", b"2")], method)
    short = patched(data, directory_at(data) + 20, struct.pack("<I", 9))

    assert members(short) == [("a", "corrupt" if method == zipfile.ZIP_STORED else "truncated"), ("b", b"2")]


def test_a_size_that_lies_allocates_nothing_and_harms_nobody() -> None:
    """Unpacked sizes are not believed: 4 GB claimed of a deflated member of five bytes gives five bytes."""
    data = archive([("a", b"seven"), ("b", b"2")], zipfile.ZIP_DEFLATED)
    lying = patched(data, directory_at(data) + 24, b"\xfe\xff\xff\xff")

    assert members(lying) == [("a", b"seven"), ("b", b"2")]


def test_a_packed_size_beyond_the_file_is_truncated() -> None:
    """A stored member that claims more bytes than the file has ends with it."""
    data = archive([("a", b"seven")])
    lying = patched(data, directory_at(data) + 20, struct.pack("<I", 1 << 30))

    assert members(lying) == [("a", "truncated")]


@pytest.mark.parametrize("offset", [3, 1000, 0xFFFFFFFE, 0xFFFFFFFF])
def test_an_offset_that_is_no_members_is_corrupt(offset: int) -> None:
    """A directory that points into a member, or beyond the file, harms that member alone."""
    data = archive([("a", b"seven"), ("b", b"eight")])
    wrong = patched(data, directory_at(data) + 42, struct.pack("<I", offset))

    assert members(wrong) == [("a", "corrupt"), ("b", b"eight")]


def test_entries_that_overlap_each_give_their_bytes() -> None:
    """Two entries of one local header are two members: only the caps bound what they inflate to."""
    data = archive([("a", b"seven"), ("b", b"seven")])
    second = data.rindex(CENTRAL)

    assert members(patched(data, second + 42, b"\0\0\0\0")) == [("a", b"seven"), ("b", b"seven")]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("limit", [0, 1, 1000, 300_000, 1_999_999])
def test_a_limit_is_passed_by_one_piece_at_most(method: int, limit: int) -> None:
    """What is inflated beyond the limit is at most one piece, and enough to show that there is more."""
    file = io.BytesIO(archive([("a", bytes(2_000_000))], method))
    (entry,) = walk(file)
    pieces = [len(piece) for piece in inflate(file, entry, limit)]

    assert limit < sum(pieces) <= limit + inflation._CHUNK
    assert sum(pieces[:-1]) <= limit
    assert max(pieces) <= inflation._CHUNK


def test_a_limit_that_is_just_enough_is_not_passed() -> None:
    """A member of exactly the limit is whole, and its checksum is still held against it."""
    data = archive([("a", bytes(500_000))], zipfile.ZIP_DEFLATED)
    wrong = patched(data, directory_at(data) + 16, b"????")

    assert members(data, 500_000) == [("a", bytes(500_000))]
    assert members(wrong, 500_000) == [("a", "corrupt")]


def test_inflating_is_lazy() -> None:
    """The first piece of a large member comes after little of the file was read."""
    file = io.BytesIO(archive([("a", bytes(5_000_000))]))
    (entry,) = walk(file)
    next(inflate(file, entry, 1 << 30))

    assert file.tell() <= 2 * inflation._CHUNK


def test_reading_an_entry_of_another_file_raises_nothing_else() -> None:
    """An entry outlives changes of the file below it: then it is unreadable."""
    (entry,) = walk(io.BytesIO(archive([("a", b"seven" * 9)])))

    with pytest.raises(UnreadableError):
        b"".join(inflate(io.BytesIO(b"other"), entry, 100))
