"""Compressed files to their bytes, the budget on those, and files that are read forwards."""

import bz2
import gzip
import io
import lzma
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import SpentError, UnreadableError
from handler.streams import BZIP2, CHUNK, GZIP, MAGIC, XZ, Budget, Stream, decompress, pieces_of
from tests.unit.makers import mutated
from tests.unit.measured import run

Compress = Callable[[bytes], bytes]
PACKERS: dict[str, Compress] = {GZIP: partial(gzip.compress, mtime=0), BZIP2: bz2.compress, XZ: lzma.compress}
KINDS = st.sampled_from(sorted(PACKERS))
NOISE = random.Random(1).randbytes  # noqa: S311  # no secret
BODIES = st.one_of(st.binary(max_size=2000), st.integers(0, 1 << 20).map(bytes), st.integers(0, 300_000).map(NOISE))


def unpacked(data: bytes, kind: str) -> tuple[bytes, str]:
    """All that comes out of a file, and the code of what ended it."""
    found = []
    try:
        for piece in decompress(io.BytesIO(data), kind):
            assert len(piece) <= CHUNK
            found.append(piece)
    except UnreadableError as error:
        return b"".join(found), error.code
    return b"".join(found), ""


@given(KINDS, st.lists(BODIES, min_size=1, max_size=4), st.sampled_from([0, 4, 512, 1024, 300_000]))
@settings(deadline=None, max_examples=60)
def test_what_was_compressed_comes_back(kind: str, bodies: list[bytes], padding: int) -> None:
    """One stream, or several behind each other, with zeros behind the last: their bytes, in small pieces."""
    data = b"".join(map(PACKERS[kind], bodies)) + bytes(padding)

    assert unpacked(data, kind) == (b"".join(bodies), "")


@pytest.mark.parametrize("level", [0, 1, 9])
def test_every_level_and_every_header_of_gzip_is_read(level: int) -> None:
    """A file's name, a comment, extra fields and a checksum of the header stand before the data."""
    body = NOISE(70_000) + bytes(70_000)
    packed = zlib.compressobj(level, zlib.DEFLATED, -15)
    data = packed.compress(body) + packed.flush()
    header = b"\x1f\x8b\x08\x1e" + bytes(6) + struct.pack("<H", 4) + b"AB\0\0" + b"a.tar\0" + b"why\0"
    header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    end = struct.pack("<II", zlib.crc32(body), len(body))

    assert unpacked(header + data + end, GZIP) == (body, "")


@pytest.mark.parametrize("filters", [[{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2}], None])
@pytest.mark.parametrize("check", [lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_CRC64, lzma.CHECK_SHA256])
def test_every_check_and_filter_of_xz_is_read(check: int, filters: list[dict[str, int]] | None) -> None:
    """Whatever xz writes, at its highest preset too."""
    body = NOISE(70_000) + bytes(70_000)
    packed = lzma.compress(body, check=check, preset=None if filters else 9, filters=filters)

    assert unpacked(packed, XZ) == (body, "")


@pytest.mark.parametrize("kind", PACKERS)
def test_a_file_cut_anywhere_is_never_taken_for_a_whole_one(kind: str) -> None:
    """At every byte: what came before the cut, then `truncated`."""
    body = NOISE(300) + bytes(3000)
    data = PACKERS[kind](body)

    for length in range(len(data)):
        found, code = unpacked(data[:length], kind)
        assert body.startswith(found)
        assert code == "truncated", length


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("garbage", [b"x", b"\0\0\0\0x", b"\0" * 70_000 + b"x", b"text that is no stream"])
def test_other_bytes_behind_the_end_are_corrupt(kind: str, garbage: bytes) -> None:
    """All of the data comes first: what stands behind it is told, and not passed over."""
    assert unpacked(PACKERS[kind](b"seven") + garbage, kind) == (b"seven", "corrupt")


@pytest.mark.parametrize("kind", PACKERS)
def test_a_second_stream_that_is_cut_keeps_the_first(kind: str) -> None:
    """Also where no more of the second is left than a part of its magic bytes."""
    first, second = PACKERS[kind](b"seven"), PACKERS[kind](b"eight")

    for length in range(1, len(second)):
        found, code = unpacked(first + second[:length], kind)
        assert found.startswith(b"seven")
        assert code == "truncated"


@pytest.mark.parametrize("kind", PACKERS)
def test_what_stands_before_the_damage_is_read(kind: str) -> None:
    """Where a file is damaged near its end, all that was compressed well before comes out first.

    bzip2 has blocks of 900 kB, and tells only behind one that its bytes are wrong.
    """
    body = NOISE(2_500_000)
    data = bytearray(PACKERS[kind](body))
    data[-2000] ^= 255
    found, code = unpacked(bytes(data), kind)

    assert code == "corrupt"
    assert found[:1_790_000] == body[:1_790_000]
    assert kind == BZIP2 or (len(found) > 2_490_000 and body.startswith(found[:-5000]))


def test_a_checksum_that_is_wrong_is_corrupt() -> None:
    """The data may have come by then: the error comes behind it."""
    for kind, pack in PACKERS.items():
        data = pack(b"seven" * 10_000)
        for place in range(len(data) - 8, len(data) - 1):  # bzip2's last byte has bits without a meaning
            assert unpacked(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], kind)[1] != ""


@given(KINDS, st.binary(max_size=300), st.booleans())
@settings(deadline=None)
def test_any_bytes_give_bytes_or_a_reason(kind: str, data: bytes, magic: bool) -> None:  # noqa: FBT001  # drawn
    """No bytes raise anything but `UnreadableError`, with a documented code."""
    assert unpacked(MAGIC[kind] * magic + data, kind)[1] in ("", "truncated", "corrupt", "too-large")


@given(KINDS, st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=4), st.integers(0, 30))
@settings(deadline=None, max_examples=200)
def test_any_damage_gives_the_bytes_or_a_reason(kind: str, changes: list[tuple[int, int]], cut: int) -> None:
    """However a good file is damaged: its bytes, or a reason, and nothing else is raised."""
    body = b"seven" * 300
    found, code = unpacked(mutated(PACKERS[kind](body) + PACKERS[kind](b""), changes, cut), kind)

    assert code in ("", "truncated", "corrupt", "too-large")
    assert code or kind != BZIP2 or found in (body, b""), "two streams of which the first was unmade"


def xz_wanting(dictionary: int) -> bytes:
    """An xz file whose header declares a dictionary; byte 40 is 4 GiB less one."""
    data = bytearray(lzma.compress(b"seven", preset=0))
    size = (data[12] + 1) * 4
    place = data.index(b"\x21\x01", 12, 12 + size) + 2
    data[place] = dictionary
    data[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(bytes(data[12 : 12 + size - 4])))
    return bytes(data)


@pytest.mark.parametrize("dictionary", [30, 37, 40])
def test_an_xz_file_that_wants_too_much_memory_is_too_large(dictionary: int) -> None:
    """128 MiB (byte 30) with what goes with it, 1.5 GiB and 4 GiB are declared, and none of it taken."""
    assert unpacked(xz_wanting(dictionary), XZ) == (b"", "too-large")
    assert unpacked(xz_wanting(28), XZ) == (b"seven", "")
    _, megabytes = run(f"""
import io
from handler.errors import UnreadableError
from handler.streams import XZ, decompress
begin()
try:
    list(decompress(io.BytesIO({xz_wanting(dictionary)!r}), XZ))
except UnreadableError as error:
    assert error.code == "too-large"
else:
    raise AssertionError
""")

    assert megabytes < 20


@pytest.mark.parametrize(("kind", "times"), [(GZIP, 16), (BZIP2, 4), (XZ, 4)])
def test_a_bomb_takes_little_memory_and_is_stopped_by_the_budget(kind: str, times: int) -> None:
    """Up to a gigabyte of zeros, never held: the budget ends it at its limit, and without one it streams through."""
    _, megabytes = run(f"""
import bz2, gzip, io, lzma, zlib
from handler.errors import SpentError
from handler.streams import Budget, Stream, decompress
packs = {{"gzip file": (gzip.compress, 1), "bzip2 file": (bz2.compress, 1), "xz file": (lzma.compress, 1, -1, 0)}}
pack, *options = packs[{kind!r}]
block = pack(bytes(1 << 26), *options)
bomb = block * {times}
del block
begin()
passed = 0
try:
    for piece in Budget(100_000_000).spend(decompress(io.BytesIO(bomb), {kind!r})):
        passed += len(piece)
except SpentError as error:
    assert "100000000" in str(error)
else:
    raise AssertionError
assert 99_000_000 < passed <= 100_000_000
assert Stream(decompress(io.BytesIO(bomb[: len(bomb) // {times} * 2]), {kind!r})).skip(1 << 31) == 1 << 27
""")

    assert megabytes < 40


def test_a_budget_counts_all_streams_that_it_pays_for() -> None:
    """However often they begin; what would pass the limit is not given, nor is an empty piece."""
    budget = Budget(10)

    assert b"".join(budget.spend(iter([b"1234"]))) == b"1234"
    again = budget.spend(iter([b"1234", b"12", b"1"]))
    assert [next(again), next(again)] == [b"1234", b"12"]
    with pytest.raises(SpentError, match="more than 10 bytes"):
        next(again)


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_streams_of_nothing_are_paid_for_too(kind: str) -> None:
    """Beginning one takes time: millions of empty ones spend the budget, though no byte leaves them."""
    empty = PACKERS[kind](b"")

    def paid(streams: int) -> bytes:
        return b"".join(Budget(1_024_000).spend(decompress(io.BytesIO(empty * streams), kind)))

    assert paid(1_000) == b""
    with pytest.raises(SpentError, match="more than 1024000 bytes"):
        paid(1_001)


@given(st.binary(max_size=400), st.lists(st.integers(1, 60), max_size=20), st.lists(st.integers(0, 90), max_size=20))
def test_a_stream_reads_as_a_file_does(data: bytes, cuts: list[int], counts: list[int]) -> None:
    """Wherever its pieces end: reading, peeking and skipping give what a file gives, and count alike."""

    def pieces() -> Iterator[bytes]:
        start = 0
        for cut in cuts:
            if data[start : start + cut]:
                yield data[start : start + cut]
            start += cut
        yield from filter(None, [data[start:]])

    stream, file = Stream(pieces()), io.BytesIO(data)
    for number, count in enumerate(counts):
        place = file.tell()
        if number % 3 == 0:
            assert stream.read(count) == file.read(count)
        elif number % 3 == 1:
            assert stream.peek(count) == data[place : place + count]
        else:
            assert stream.skip(count) == len(file.read(count))
        assert stream.position == file.tell()
    stream.end()
    assert stream.position == len(data)
    assert stream.read(1) == b""


def test_a_stream_takes_no_piece_before_it_is_needed() -> None:
    """Reading is lazy."""
    taken = []

    def pieces() -> Iterator[bytes]:
        for number in range(9):
            taken.append(number)
            yield b"1234"

    stream = Stream(pieces())
    assert taken == []
    assert stream.read(4) == b"1234"
    assert stream.peek(5) == b"12341"
    assert taken == [0, 1, 2]


def test_the_pieces_of_a_file_begin_where_it_stands() -> None:
    """None of them is larger than a chunk."""
    file = io.BytesIO(NOISE(CHUNK * 2 + 5))
    file.seek(3)
    pieces = list(pieces_of(file))

    assert [len(piece) for piece in pieces] == [CHUNK, CHUNK, 2]
    assert b"".join(pieces) == file.getvalue()[3:]
