"""The S3 and SQS adapters against moto, and the test double against the same contract."""

import io

import pytest
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from handler.errors import ChangedError, MissingError, StoreError
from handler.ports import ObjectStore
from handler.store import PEEK_BYTES, S3Store, SqsQueue
from tests.doubles import BUCKET, MemoryStore


@pytest.fixture(params=["S3", "double"])
def store(request: pytest.FixtureRequest, s3: S3Client) -> ObjectStore:
    """The adapter on moto, then the double that other tests use in its place."""
    return S3Store(BUCKET, s3) if request.param == "S3" else MemoryStore()


def test_what_is_put_is_read_back(store: ObjectStore) -> None:
    """Body, size, ETag and metadata come back the same by every way of reading."""
    store.put("a/ü +=.csv", io.BytesIO(b"body"), None, {"rows": "1"})
    peek, head, blob = store.peek("a/ü +=.csv"), store.head("a/ü +=.csv"), store.read("a/ü +=.csv")
    assert blob is not None
    assert peek.start == blob.body == store.fetch(peek).read() == b"body"
    assert peek.size == 4
    assert peek.etag == head.etag == blob.etag
    assert head.metadata == {"rows": "1"}


def test_an_empty_object_is_read(store: ObjectStore) -> None:
    """An object of no bytes, of which S3 refuses every range, is read as empty."""
    store.put("empty", b"", None, {})
    peek = store.peek("empty")
    assert (peek.size, peek.start, store.fetch(peek).read()) == (0, b"", b"")


@pytest.mark.parametrize("call", ["peek", "head", "read"])
def test_a_missing_object_is_a_missing_error(store: ObjectStore, call: str) -> None:
    """Whatever reads a key that holds nothing raises `MissingError` and names the key."""
    with pytest.raises(MissingError, match="nowhere"):
        getattr(store, call)("nowhere")


def test_a_put_needs_the_etag_that_stands(store: ObjectStore) -> None:
    """A put succeeds where the key holds what the writer believes, and raises `ChangedError` where not."""
    store.put("key", b"1", None, {})
    first = store.head("key").etag
    with pytest.raises(ChangedError):
        store.put("key", b"2", None, {})
    store.put("key", b"3", first, {})
    with pytest.raises(ChangedError):
        store.put("key", b"4", first, {})
    with pytest.raises(ChangedError):
        store.put("other", b"5", first, {})
    assert store.peek("key").start == b"3"


def test_a_listing_goes_on_after_any_key(store: ObjectStore) -> None:
    """Keys of one folder alone, in the order of their bytes, with the ETags that a look gives."""
    keys = ["a/", "a/ü +=%2F.png", "a/b/c", "a/z", "a/\ufffd", "a/\U0001f600", "b/c"]
    for key in keys:
        store.put(key, key.encode(), None, {})

    assert [key for key, _ in store.listing("a/", "a")] == sorted(keys[:-1])
    assert store.listing("a/", "a/\ufffd") == [(keys[5], store.head(keys[5]).etag)]
    assert next(key for key, _ in store.listing("a/", "a/b")) == "a/b/c"
    assert list(store.listing("a/", keys[5])) == list(store.listing("c/", "")) == []


def test_an_unchanged_object_is_not_sent_again(store: ObjectStore) -> None:
    """A read with the ETag that stands gives None, with another the object."""
    store.put("key", b"1", None, {})
    etag = store.head("key").etag
    assert store.read("key", etag) is None
    store.put("key", b"2", etag, {})
    assert store.read("key", etag) == store.read("key")


def test_an_object_overwritten_between_two_reads_is_noticed(store: ObjectStore) -> None:
    """Fetching the rest of an object that was overwritten after its start was read raises `ChangedError`."""
    store.put("key", b"1" * (PEEK_BYTES + 1), None, {})
    peek = store.peek("key")
    store.put("key", b"2" * (PEEK_BYTES + 1), peek.etag, {})
    with pytest.raises(ChangedError):
        store.fetch(peek)


def test_a_large_object_comes_back_in_order(s3: S3Client) -> None:
    """An object of several parts, which arrive in any order, is put together as it was."""
    body = b"".join(number.to_bytes(4, "big") for number in range(6 << 20))
    s3.put_object(Bucket=BUCKET, Key="large", Body=body)
    store = S3Store(BUCKET, s3)
    with store.fetch(store.peek("large")) as file:
        assert file.read() == body


def test_another_fault_is_a_store_error_and_no_oserror(s3: S3Client) -> None:
    """A fault of S3 leaves as a `StoreError`, which no `except OSError` of a decoder can swallow."""
    with pytest.raises(StoreError) as caught:
        S3Store("no-such-bucket", s3).peek("key")
    assert not isinstance(caught.value, OSError | MissingError)


def test_folders_are_listed(s3: S3Client) -> None:
    """The folders right below a prefix are listed by name, files are not."""
    for key in ("models/b/x", "models/a/y", "models/current.json", "other/c/z"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    assert S3Store(BUCKET, s3).folders("models/") == ["a", "b"]


def test_a_message_is_sent_and_hidden(sqs: SQSClient, queue_url: str) -> None:
    """A sent message arrives; one that is delayed by 0 s is there again at once, by more it is not."""
    queue = SqsQueue(queue_url, sqs)
    queue.send("body")
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    assert message["Body"] == "body"
    queue.delay(message["ReceiptHandle"], 0)
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    queue.delay(message["ReceiptHandle"], 600)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)


def test_a_fault_of_sqs_is_a_store_error(sqs: SQSClient, queue_url: str) -> None:
    """A queue that does not exist is a `StoreError` that names it."""
    with pytest.raises(StoreError, match="elsewhere"):
        SqsQueue(queue_url + "elsewhere", sqs).send("body")
