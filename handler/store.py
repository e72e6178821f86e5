"""S3 and SQS: what is asked of their clients. Every fault of theirs leaves this module as a `StoreError`."""

import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from handler.clients import make_client
from handler.errors import ChangedError, MissingError, StoreError
from handler.ports import Blob, Head, Peek

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

PEEK_BYTES: Final = 1 << 20
"""Of the first GET of an object; a smaller one arrives whole with it."""
PART_BYTES: Final = 4 << 20
"""Of each further GET."""
MEMORY_BYTES: Final = 4 << 20
"""A file up to this size is kept in memory, a larger one in an unlinked temporary file."""
_MISSING: Final = frozenset({"NoSuchKey", "NotFound", "404"})
_CHANGED: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "412", "409"})


@contextmanager
def _faults(action: str, key: str) -> Iterator[None]:
    """Turn what boto3 raises, and what its body readers raise, into our own errors, naming action and key."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        text = f"{action} {key!r}: {error}"
        if code in _MISSING:
            raise MissingError(text) from error
        raise (ChangedError if code in _CHANGED else StoreError)(text) from error
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise StoreError(f"{action} {key!r}: {error}") from error


class S3Store:
    """`ports.ObjectStore` on one bucket of S3; safe to call from several threads."""

    def __init__(self, bucket: str, client: "S3Client | None" = None, threads: int = 16) -> None:
        self._bucket = bucket
        self._threads = threads
        self._client: S3Client = client or make_client("s3", threads)

    def peek(self, key: str) -> Peek:
        """The first `PEEK_BYTES` of an object, with its size and ETag."""
        with _faults("reading", key):
            try:
                answer: Any = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{PEEK_BYTES - 1}")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in ("InvalidRange", "416"):
                    raise
                answer = self._client.get_object(Bucket=self._bucket, Key=key)  # a range of nothing is refused
            start = answer["Body"].read()
            whole = answer.get("ContentRange", "").rpartition("/")[2]
            return Peek(key, answer["ETag"], int(whole or answer["ContentLength"]), start)

    def fetch(self, peek: Peek) -> BinaryIO:
        """The object that `peek` began, in memory or in an unlinked temporary file; ranges arrive in parallel."""
        file = spool()
        file.write(peek.start)
        offsets = range(len(peek.start), peek.size, PART_BYTES)
        if offsets:
            lock = threading.Lock()
            with ThreadPoolExecutor(min(self._threads, 4)) as pool:
                for _ in pool.map(lambda offset: self._part(peek, offset, file, lock), offsets):
                    pass
        file.seek(0)
        return file

    def _part(self, peek: Peek, offset: int, file: IO[bytes], lock: threading.Lock) -> None:
        end = min(offset + PART_BYTES, peek.size) - 1
        with _faults("reading", peek.key):
            answer = self._client.get_object(
                Bucket=self._bucket, Key=peek.key, Range=f"bytes={offset}-{end}", IfMatch=peek.etag
            )
            part = answer["Body"].read()
        if len(part) != end + 1 - offset:
            raise StoreError(f"reading {peek.key!r}: bytes {offset}-{end} came back as {len(part)} bytes")
        with lock:
            file.seek(offset)
            file.write(part)

    def head(self, key: str) -> Head:
        """ETag and metadata of an object."""
        with _faults("looking at", key):
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
            return Head(answer["ETag"], answer.get("Metadata", {}))

    def listing(self, prefix: str, after: str) -> list[tuple[str, str]]:
        """Key and ETag of up to 1,000 objects below `prefix` that follow `after`, as they stand when it is asked."""
        with _faults("listing", prefix):
            answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, StartAfter=after)
            return [(found["Key"], found["ETag"]) for found in answer.get("Contents", [])]

    def read(self, key: str, unless: str = "") -> Blob | None:
        """A small object whole; None where its ETag is still `unless`."""
        condition: Any = {"IfNoneMatch": unless} if unless else {}
        with _faults("reading", key):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key, **condition)
            except ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == HTTPStatus.NOT_MODIFIED:
                    return None
                raise
            return Blob(answer["ETag"], answer["Body"].read())

    def put(self, key: str, body: BinaryIO | bytes, replaces: str | None, metadata: Mapping[str, str]) -> None:
        """One conditional `PutObject`: the whole object or nothing."""
        condition: Any = {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": replaces}
        content_type = _CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")
        with _faults("writing", key):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    Metadata=dict(metadata),
                    ContentType=content_type,
                    **condition,
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _MISSING and replaces is not None:
                    raise ChangedError(f"writing {key!r}: it was deleted meanwhile") from error
                raise

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below `prefix`, sorted."""
        with _faults("listing", prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            found = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        return sorted(name.removeprefix(prefix).rstrip("/") for name in found)


class SqsQueue:
    """`ports.Queue` on one queue of SQS; safe to call from several threads."""

    def __init__(self, url: str, client: "SQSClient | None" = None, threads: int = 16) -> None:
        self._url = url
        self._threads = threads
        self._lock = threading.Lock()
        self._made = client

    @property
    def _client(self) -> "SQSClient":
        """Made when it is first asked for: where all goes well nothing is."""
        with self._lock:
            if self._made is None:
                self._made = make_client("sqs", self._threads)
            return self._made

    def send(self, body: str) -> None:
        """Add a fresh message."""
        with _faults("sending to", self._url):
            self._client.send_message(QueueUrl=self._url, MessageBody=body)

    def acknowledge(self, receipt: str) -> None:
        """Delete a received message."""
        with _faults("deleting a message of", self._url):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)

    def delay(self, receipt: str, seconds: int) -> None:
        """Hide a received message for `seconds` more, 0 to 43,200."""
        with _faults("delaying a message of", self._url):
            self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)


_CONTENT_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "h5": "application/x-hdf5",
}


def spool() -> BinaryIO:
    """An empty file that lives in memory while it is small, and has no name on disk when it is not."""
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES))  # the caller's to close
