"""The walk through a tar's headers."""

import gzip
import io
import tarfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.errors import UnreadableError
from handler.streams import Stream, pieces_of
from handler.tars import EXTENDED_BYTES, Member, is_header, walk
from tests.unit.makers import mutated
from tests.unit.measured import run
from tests.unit.tarmakers import BLOCK, END, FORMATS, extended, header, large, padded, record, signed, tarred

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/\n"), min_size=1, max_size=60).map(
    lambda name: "/".join([name] * 3) if len(name) % 4 == 0 else name
)
LONG = st.integers(90, 400).map(lambda size: "long/" * (size // 5) + "ä.png")
RAW = st.binary(min_size=1, max_size=20).map(
    lambda raw: raw.translate(None, b"\0/\n").decode(errors="surrogateescape") or "a"
)
BODIES = st.one_of(st.binary(max_size=60), st.sampled_from([511, 512, 513, 5000]).map(lambda size: b"7" * size))
MUTATIONS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6)
Found = list[tuple[str, bytes, bool, str]]


def members(data: bytes) -> tuple[Found, str]:
    """Name, bytes, whether a folder, and what else each member is; and the code of what ended the archive."""
    found: Found = []
    stream = Stream(pieces_of(io.BytesIO(data)))
    try:
        for member in walk(stream):
            found.append((member.name, stream.read(min(member.size, len(data))), member.folder, member.other))
    except UnreadableError as error:
        return found, error.code
    return found, ""


def files(data: bytes) -> list[tuple[str, bytes]]:
    """Names and bytes of an archive that is whole and has files alone."""
    found, code = members(data)
    assert code == ""
    assert all(not folder and not other for *_, folder, other in found)
    return [(name, body) for name, body, *_ in found]


def by_tarfile(data: bytes) -> list[tuple[str, bytes]]:
    """The same, as Python reads it."""
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        return [(info.name, body.read()) for info in archive if (body := archive.extractfile(info))]


@given(
    named=st.lists(st.tuples(st.one_of(NAMES, LONG, RAW), BODIES), max_size=6),
    kind=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
@settings(deadline=None)
@example([("\udcff\udce9.png", b"7"), ("x" * 100, b"8"), ("y" * 101, b"9"), ("ä" * 60, b"1")], tarfile.PAX_FORMAT)
@example([("\udcff\udce9.png", b"7"), ("x" * 100, b"8"), ("y" * 101, b"9"), ("ä" * 60, b"1")], tarfile.GNU_FORMAT)
def test_reads_what_python_reads(named: list[tuple[str, bytes]], kind: int) -> None:
    """Names of any length and bytes, and any content, in GNU's format and in pax."""
    data = tarred(named, kind)

    assert [(name.rstrip("/"), body) for name, body in files(data)] == by_tarfile(data)
    assert files(data) == named


@pytest.mark.parametrize("name", ["a", "ä.png", "x" * 100, "folder/" * 20 + "a.png", "y" * 100 + "/" + "x" * 100])
def test_ustar_splits_long_names(name: str) -> None:
    """Names of up to 255 bytes stand in two fields."""
    data = tarred([(name, b"7"), ("b", b"8")], tarfile.USTAR_FORMAT)

    assert files(data) == [(name, b"7"), ("b", b"8")] == by_tarfile(data)


def test_an_archive_from_before_the_standard_is_read() -> None:
    """No magic bytes, no prefix, files of type NUL: what stands behind the link's name has no meaning."""
    data = header(b"a.png", 3, b"\0", b"", at_345=b"no prefix") + padded(b"abc") + header(b"b/", 0, b"\0", b"") + END

    assert members(data) == ([("a.png", b"abc", False, ""), ("b/", b"", True, "")], "")


def test_gnus_headers_have_no_prefix() -> None:
    """Where ustar has a prefix, GNU has times."""
    data = header(b"a.png", 1, magic=b"ustar  \0", at_345=b"13512345670\0") + padded(b"7") + END

    assert files(data) == [("a.png", b"7")]


@pytest.mark.parametrize("kind", FORMATS)
def test_links_and_the_like_have_no_bytes_and_folders_neither(kind: int) -> None:
    """What a link says of sizes is that of what it points to."""
    more = []
    for number, other in enumerate(
        [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
    ):
        info = tarfile.TarInfo(f"{number}")
        info.type, info.linkname = other, "target" * (1 if kind == tarfile.USTAR_FORMAT else 30)
        more.append(info)
    data = tarred([("a", b"7")], kind, more=more)
    found, code = members(data)

    assert code == ""
    assert [(name.rstrip("/"), body, folder) for name, body, folder, _ in found] == [
        ("a", b"7", False),
        *((f"{number}", b"", number == 5) for number in range(6)),
    ]
    assert [other for *_, other in found] == [
        *("", "a hard link", "a symbolic link", "a device", "a device", "a pipe", "")
    ]


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_a_size_of_what_has_no_bytes_is_passed_over(kind: bytes) -> None:
    """The next header follows at once."""
    data = header(b"l", 5000, kind) + header(b"b", 1) + padded(b"7") + END

    assert [name for name, *_ in members(data)[0]] == ["l", "b"]
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.getnames() == ["l", "b"]


@pytest.mark.parametrize("kind", [b"7", b"A", b"Z", b"\0"])
def test_types_that_are_not_known_are_files(kind: bytes) -> None:
    """As the standard has it."""
    assert files(header(b"a", 1, kind) + padded(b"7") + END) == [("a", b"7")]


@pytest.mark.parametrize("maps", [0, 1, 3])
def test_a_sparse_file_of_gnu_is_passed_over_with_its_map(maps: int) -> None:
    """Its map can go on in further blocks before its bytes; the next member is read."""
    more = b"".join(bytes(504) + (b"\1" if number + 1 < maps else b"\0") + bytes(7) for number in range(maps))
    sparse = header(b"s", 700, b"S", b"ustar  \0", at_482=b"\1" if maps else b"\0") + more + padded(b"9" * 700)
    found, code = members(sparse + header(b"b", 1) + padded(b"7") + END)

    assert code == ""
    assert [(name, len(body), other) for name, body, _, other in found] == [("s", 700, "a sparse file"), ("b", 1, "")]


@pytest.mark.parametrize(
    "records",
    [
        {"GNU.sparse.map": b"0,1", "GNU.sparse.name": b"real.png"},
        {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.name": b"real.png", "path": b"GNUSparse.0/a"},
    ],
)
def test_a_sparse_file_of_pax_goes_by_its_real_name(records: dict[str, bytes]) -> None:
    """It is one row of its own name."""
    fields = b"".join(record(keyword, value) for keyword, value in records.items())
    data = extended(fields) + header(b"other", 600) + padded(bytes(600)) + header(b"b", 1) + padded(b"7") + END

    assert [(name, len(body), other) for name, body, _, other in members(data)[0]] == [
        ("real.png", 600, "a sparse file"),
        ("b", 1, ""),
    ]


def test_records_of_pax_go_before_the_headers() -> None:
    """Of one member alone, or of all that follow; the nearer one counts, and an empty one does not."""
    data = extended(record("path", b"all"), b"g") + header(b"1", 1) + padded(b"1")
    data += extended(record("path", b"own") + record("size", b"3") + record("comment", b"=\n=")) + header(b"2", 0)
    data += padded(b"222") + header(b"3", 1) + padded(b"3")
    data += extended(record("path", b""), b"g") + header(b"4", 1) + padded(b"4") + END

    assert files(data) == [("all", b"1"), ("own", b"222"), ("all", b"3"), ("4", b"4")]


def test_a_long_name_of_gnu_is_the_next_members_alone() -> None:
    """Also with a long link's name before or behind it."""
    data = (
        extended(b"long" * 50 + b"\0", b"L") + extended(b"target" * 50 + b"\0", b"K") + header(b"1", 1) + padded(b"1")
    )
    data += header(b"2", 1) + padded(b"2") + END

    assert files(data) == [("long" * 50, b"1"), ("2", b"2")]


@pytest.mark.parametrize("size", [large(3), b"3", b"00000000003", b"         3 ", b"3\0junk", b"\0003", b"0000003 \0"])
def test_sizes_are_read_as_they_are_written(size: bytes) -> None:
    """Octal with spaces or NULs around it, or base 256."""
    assert files(header(b"a", size) + padded(b"abc") + END) == [("a", b"abc")]


@pytest.mark.parametrize(
    ("size", "code"),
    [
        (b"\xff" * 12, "corrupt"),
        (b"\x81" + bytes(11), "corrupt"),
        (b"12x", "corrupt"),
        (b"9", "corrupt"),
        (b"-1", "corrupt"),
        (large(1 << 80), "truncated"),
        (b"7" * 12, "truncated"),
    ],
)
def test_sizes_that_cannot_be_end_the_archive(size: bytes, code: str) -> None:
    """Negative ones and such as are no numbers are corrupt; one beyond the file ends with it."""
    data = header(b"a", 1) + padded(b"7") + header(b"b", size) + padded(b"abc") + END
    found, why = members(data)

    assert why == code
    assert found[0][:2] == ("a", b"7")


@pytest.mark.parametrize("size", [b"-1", b"x", b"", b"9" * 20, b"\xd9\xa3", b"1 ", b"1_0"])
def test_a_size_of_pax_that_is_no_number_is_corrupt(size: bytes) -> None:
    """Digits, and no more of them than 64 bits have."""
    data = header(b"a", 1) + padded(b"7") + extended(record("size", size)) + header(b"b", 1) + padded(b"7") + END

    assert members(data) == ([("a", b"7", False, "")], "corrupt")


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"x",
            b"5",
            b"0 a=b\n",
            b"6 a=b\n9",
            b"7 a=b\n",
            b"99 a=b\n",
            b"6 a=bx",
            b"6 abc\n",
            b"1234567 a=b\n",
            b" a=b\n",
        ),
        *(b"-6 a=b\n", b"3 =\n", b"1 a=b\n", b"99999999 a=b\n"),
    ],
)
def test_an_extended_header_that_is_damaged_is_corrupt(body: bytes) -> None:
    """What would be read behind it could be anything."""
    found, code = members(header(b"a", 1) + padded(b"7") + extended(body) + header(b"b", 1) + padded(b"7") + END)

    assert found == [("a", b"7", False, "")]
    assert code == "corrupt"


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
@pytest.mark.parametrize("size", [EXTENDED_BYTES + 1, 1 << 32, large(1 << 80)])
def test_an_extended_header_too_large_to_be_one_is_not_read(kind: bytes, size: int | bytes) -> None:
    """The members before it stand."""
    data = header(b"a", 1) + padded(b"7") + header(b"e", size, kind) + bytes(4096)

    assert members(data) == ([("a", b"7", False, "")], "too-large")


def test_an_archive_cut_anywhere_is_never_taken_for_a_whole_one() -> None:
    """At every byte before its end mark, the cut between two members not excepted."""
    named = [("a", b"7" * 600), ("b" * 120, b"8" * 512), ("c", b"")]
    data = tarred(named, tarfile.PAX_FORMAT).rstrip(b"\0")
    data += bytes(-len(data) % BLOCK)

    for length in [*range(0, len(data) + BLOCK, 64), *range(BLOCK, len(data), BLOCK)]:
        found, code = members((data + END)[:length])
        assert code == "truncated", length
        assert [name for name, *_ in found] == [name for name, _ in named][: len(found)]
    assert files(data + bytes(BLOCK)) == named


def test_what_stands_behind_the_end_mark_is_none_of_the_archives() -> None:
    """As all other tools have it."""
    assert files(tarred([("a", b"7")]) + b"junk" * 999) == [("a", b"7")]


def test_a_wrong_checksum_ends_the_archive() -> None:
    """The members before it stand, and what follows is not guessed at."""
    data = bytearray(tarred([("a", b"7"), ("b", b"8"), ("c", b"9")], tarfile.USTAR_FORMAT))
    data[2 * BLOCK + 5] ^= 1

    assert members(bytes(data)) == ([("a", b"7", False, "")], "corrupt")


@pytest.mark.parametrize("name", [b"a", b"\xe9" * 10])
def test_both_kinds_of_checksum_are_right(name: bytes) -> None:
    """Some writers summed bytes with a sign."""
    block = header(name)
    blank = block[:148] + b" " * 8 + block[156:]
    with_sign = sum(byte - 256 * (byte > 127) for byte in blank) & 0o777777

    assert is_header(block)
    assert is_header(block[:148] + b"%06o\0 " % with_sign + block[156:])
    assert not is_header(block[:-1] + b"x")
    assert not is_header(block[:-1])
    assert not is_header(signed(bytes(BLOCK))[:148] + bytes(364))
    assert not is_header(bytes(BLOCK))


def test_reading_is_lazy_and_members_may_be_left_unread() -> None:
    """A member's bytes are taken when they are asked for, and passed over if they are not."""
    file = io.BytesIO(tarred([("a", bytes(9_000_000)), ("b", b"8")]))
    stream = Stream(pieces_of(file))
    walked = walk(stream)

    assert next(walked) == Member("a", 9_000_000, folder=False, other="")
    assert file.tell() < 1_000_000
    assert stream.read(5) == bytes(5)
    assert next(walked).name == "b"
    assert stream.read(9) == b"8" + bytes(8)


@pytest.mark.parametrize("kind", ["x", "g"])
def test_headers_without_end_take_little_memory(kind: str) -> None:
    """1.5 GB of one extended header, or of very many, is 1.5 MB of gzip, and takes others to gigabytes."""
    _, megabytes = run(f"""
import gzip, io, sys, time
from handler.errors import UnreadableError
from handler.streams import GZIP, Stream, decompress
from handler.tars import walk
from tests.unit.tarmakers import BLOCK, extended, header, record
one = gzip.compress(header(b"e", 1_500_000_000, {kind.encode()!r}), 1) + gzip.compress(bytes(1 << 24), 1) * 90
assert len(one) < 8_000_000
body = b"".join(record(f"key.{{number}}", bytes(9_900)) for number in range(100))
many = b"".join(
    gzip.compress(extended(body.replace(b"key", b"%03d" % number), {kind.encode()!r}), 1) for number in range(300)
)
del body
begin()
started = time.monotonic()
for data, code in ((one, "too-large"), (many, "truncated")):
    try:
        list(walk(Stream(decompress(io.BytesIO(data), GZIP))))
    except UnreadableError as error:
        assert error.code == code, error
    else:
        raise AssertionError
assert time.monotonic() - started < 60
""")

    assert megabytes < 25


def test_an_extended_header_of_very_many_records_is_read_in_time() -> None:
    """Time grows with its length, not with the square of it."""
    _, _ = run("""
import io, time
from handler.streams import Stream
from handler.tars import EXTENDED_BYTES, walk
from tests.unit.tarmakers import END, extended
begin()
started = time.monotonic()
list(walk(Stream(iter([extended(b"5 a=\\n" * (EXTENDED_BYTES // 5)), END]))))
assert time.monotonic() - started < 10
""")


GOOD = tarred([("a.png", b"seven" * 30), ("ü" * 60, bytes(600))], tarfile.PAX_FORMAT)[:5120]
GNU = tarred([("a" * 120, b"seven" * 30), ("b", bytes(600))], tarfile.GNU_FORMAT)[:5120]


@given(st.binary(max_size=1500), st.sampled_from([b"", header(b"a", 3), extended(b""), gzip.compress(b"", mtime=0)]))
@settings(deadline=None)
def test_any_bytes_give_members_or_a_reason(data: bytes, start: bytes) -> None:
    """No bytes raise anything but `UnreadableError`."""
    members(start + data)


@given(st.sampled_from([GOOD, GNU]), MUTATIONS, st.integers(0, 3000))
@settings(deadline=None, max_examples=500)
def test_any_damage_to_a_good_archive_gives_members_or_a_reason(
    data: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    """However a good archive is damaged, and where its checksums are put right again, it ends with what it has."""
    damaged = mutated(data, changes, cut)
    members(damaged)
    blocks = [damaged[place : place + BLOCK] for place in range(0, len(damaged), BLOCK)]
    members(
        b"".join(signed(block) if block[257:262] == b"ustar" and len(block) == BLOCK else block for block in blocks)
    )
