"""Any bytes under any name give rows with documented codes, within small caps."""

import bz2
import dataclasses
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.batches import read_batch
from handler.contents import SNIFF_BYTES, sniff
from handler.errors import DETAILS
from handler.members import Picture, read_picture
from tests.doubles import bar
from tests.unit.arraymakers import idx, npz, saved
from tests.unit.drops import PNG, SETTINGS, TIFF_PAGES
from tests.unit.makers import archive, mutated
from tests.unit.tarmakers import BLOCK, signed, tarred

SMALL = dataclasses.replace(
    SETTINGS, max_member_bytes=20_000, max_inflated_bytes=200_000, max_members=20, max_pixels=5_000, max_frames=10
)
NAMES = st.sampled_from(
    [
        *("monday.zip", "x.tar", "x.tar.gz", "x.tgz", "x.tar.bz2", "x.tar.xz", "x.npy", "x.npz", "x.idx3-ubyte"),
        *("x-idx3-ubyte", "x.npy.gz", "x.npz.gz", "x.idx3-ubyte.gz", "x-idx3-ubyte.gz", "7.png", "x", "x.ZIP"),
    ]
)
THREE = np.stack([bar(4, 20), bar(20, 4), bar(9, 9)])
MEMBERS = [("a.png", PNG), ("b.tif", TIFF_PAGES), ("c.npy", saved(THREE)), ("d" * 120, b"text")]
TAR = tarred(MEMBERS)
GOOD = {
    "zip": archive(MEMBERS, zipfile.ZIP_DEFLATED),
    "zip-stored": archive(MEMBERS),
    "tar": TAR,
    "tar-gnu": tarred(MEMBERS, tarfile.GNU_FORMAT),
    "tar.gz": gzip.compress(TAR, mtime=0),
    "tar.bz2": bz2.compress(TAR),
    "tar.xz": lzma.compress(TAR),
    "npy": saved(THREE),
    "npy-float": saved((THREE / 255).astype(np.float32)),
    "npy-columns": saved(np.asfortranarray(THREE)),
    "npz": npz({"x": THREE, "y": np.arange(3)}, compressed=True),
    "npz.gz": gzip.compress(npz({"x": THREE}), mtime=0),
    "idx": idx(THREE),
    "npy.gz": gzip.compress(saved(THREE), mtime=0),
    "idx.gz": gzip.compress(idx(THREE), mtime=0),
}
CHANGES = st.lists(st.tuples(st.one_of(st.integers(0, 600), st.integers(0, 1 << 16)), st.integers(0, 255)), max_size=6)
STARTS = st.sampled_from([b"", *(data[:size] for data in GOOD.values() for size in (4, 10, 80, 512))])


def read(data: bytes, name: str) -> list[Picture]:
    """All rows of a drop, each as the CSV could have it; a loose picture's where it is none of the batches."""
    kind = sniff(data[:SNIFF_BYTES], name)
    pictures = read_batch(io.BytesIO(data), kind, name, SMALL) if kind else read_picture(data, name, SMALL)
    found = list(pictures)
    assert 1 <= len(found) <= 20 * 20 + 1, "members × frames, and one error"
    for picture in found:
        assert (picture.plane is None) != (picture.error is None)
        if picture.error:
            assert picture.error.code in DETAILS
            assert str(picture.error).isprintable()
            assert len(str(picture.error)) < 1000
            str(picture.error).encode()
        else:
            assert picture.plane is not None
            assert picture.plane.size <= SMALL.max_pixels
            assert np.isfinite(picture.plane).all()
    return found


@given(STARTS, st.binary(max_size=700), NAMES)
@settings(deadline=5000, max_examples=300)
def test_any_bytes_under_any_name_give_rows(start: bytes, rest: bytes, name: str) -> None:
    """Whatever somebody drops, nothing else is raised, in little time, and at least one row is there."""
    read(start + rest, name)


@pytest.mark.parametrize("kind", GOOD)
@given(CHANGES, st.one_of(st.just(0), st.integers(0, 4000)), st.binary(max_size=9), NAMES)
@settings(
    deadline=5000, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_damage_to_a_good_drop_gives_rows(
    kind: str, changes: list[tuple[int, int]], cut: int, more: bytes, name: str
) -> None:
    """Changed, cut, and with other bytes behind; a tar also with its checksums put right again."""
    damaged = mutated(GOOD[kind], changes, cut)
    read(damaged + more, name)
    if kind.startswith("tar"):
        blocks = [damaged[place : place + BLOCK] for place in range(0, len(damaged), BLOCK)]
        whole = [signed(block) if b"ustar" in block and len(block) == BLOCK else block for block in blocks]
        read(b"".join(whole) + more, name)


@pytest.mark.parametrize("inner", ["npy", "idx", "npy.gz", "tar", "tar.gz", "zip", "npy-columns"])
@given(CHANGES, st.one_of(st.just(0), st.integers(0, 2000)), st.sampled_from(["zip", "tar", "tar.xz"]))
@settings(deadline=5000, max_examples=30)
def test_any_damage_to_a_member_leaves_its_neighbours_untouched(
    inner: str, changes: list[tuple[int, int]], cut: int, outer: str
) -> None:
    """What is wrong inside a member stays inside its rows."""
    members = [("0.png", PNG), ("inner", mutated(GOOD[inner], changes, cut)), ("9.png", PNG)]
    data = archive(members) if outer == "zip" else tarred(members, mode="w:xz" if outer == "tar.xz" else "w")
    first, *rows, last = read(data, "x")

    assert (first.name, last.name) == ("0.png", "9.png")
    assert first.plane is not None
    assert last.plane is not None
    assert {row.name for row in rows} == {"inner"}
