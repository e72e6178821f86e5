"""The bucket on disk that the handler is measured on."""

import time
from pathlib import Path

import pytest

from bench.bucket import Bucket, late
from handler.errors import ChangedError, MissingError


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """With one object, `a`, of three bytes."""
    (tmp_path / "file").write_bytes(b"abc")
    return Bucket({"a": tmp_path / "file"}, tmp_path)


def test_an_object_is_read_as_it_lies_there(bucket: Bucket) -> None:
    """By all the calls that a store has, under one ETag."""
    peek = bucket.peek("a")
    assert (peek.start, peek.size, peek.etag) == (b"abc", 3, bucket.head("a").etag)
    with bucket.fetch(peek) as file:
        assert file.read() == b"abc"
    blob = bucket.read("a")
    assert blob
    assert (blob.body, bucket.read("a", unless=blob.etag)) == (b"abc", None)


def test_what_is_not_there_is_missing(bucket: Bucket) -> None:
    """As in S3."""
    with pytest.raises(MissingError):
        bucket.head("b")


def test_a_write_compares_and_swaps(bucket: Bucket) -> None:
    """Two writers of one key: the second has to look again."""
    bucket.put("b", b"1", None, {"rows": "1"})
    with pytest.raises(ChangedError):
        bucket.put("b", b"2", None, {})
    first = bucket.head("b")
    bucket.put("b", b"1", first.etag, {"rows": "2"})
    assert bucket.head("b").etag != first.etag
    assert (first.metadata, bucket.head("b").metadata) == ({"rows": "1"}, {"rows": "2"})


def test_what_was_written_since_it_was_begun_is_not_fetched(bucket: Bucket) -> None:
    """The handler begins anew then."""
    peek = bucket.peek("a")
    bucket.put("a", b"xyz", peek.etag, {})
    with pytest.raises(ChangedError):
        bucket.fetch(peek)


def test_every_request_is_late_but_none_for_what_is_here_already(bucket: Bucket) -> None:
    """A small object came whole with its peek, and is not asked for again."""
    store = late(bucket, 0.05)
    begun = time.monotonic()
    peek = store.peek("a")
    asked = time.monotonic() - begun
    store.fetch(peek).close()
    assert asked >= 0.05
    assert time.monotonic() - begun < asked + 0.05
    assert late(bucket, 0) is bucket
