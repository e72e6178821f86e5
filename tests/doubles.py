"""Stand-ins for S3, SQS and the model, as strict as the real ones, and makers of small inputs."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import quote_plus

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handler.errors import ChangedError, MissingError
from handler.ports import Blob, Head, Images, Peek, Probabilities

BUCKET = "digits"


def nothing(_call: str) -> None:
    """What happens before a call when a test wants nothing to happen."""


@dataclass
class Stored:
    """An object as it stands in a `MemoryStore`."""

    body: bytes
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """S3's ETag of an object put in one piece: its MD5, quoted."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class MemoryStore:
    """`ports.ObjectStore` in memory; `before` is called with the name of each call, and may raise."""

    def __init__(self, before: Callable[[str], None] = nothing) -> None:
        self.objects: dict[str, Stored] = {}
        self.before = before

    def peek(self, key: str) -> Peek:
        """Only the first kilobyte comes with a peek, so that fetching is tried too."""
        found = self._found("peek", key)
        return Peek(key, found.etag, len(found.body), found.body[:1024])

    def fetch(self, peek: Peek) -> BinaryIO:
        """The whole of what `peek` began."""
        if peek.size > len(peek.start):
            found = self._found("fetch", peek.key)
            if found.etag != peek.etag:
                raise ChangedError(peek.key)
            return io.BytesIO(found.body)
        return io.BytesIO(peek.start)

    def head(self, key: str) -> Head:
        """ETag and metadata."""
        found = self._found("head", key)
        return Head(found.etag, found.metadata)

    def listing(self, prefix: str, after: str) -> list[tuple[str, str]]:
        """A page of ten, so that pages are tried too."""
        self.before("listing")
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        return [(key, self.objects[key].etag) for key in keys[:10]]

    def read(self, key: str, unless: str = "") -> Blob | None:
        """A small object whole."""
        found = self._found("read", key)
        return None if found.etag == unless else Blob(found.etag, found.body)

    def put(self, key: str, body: BinaryIO | bytes, replaces: str | None, metadata: Mapping[str, str]) -> None:
        """Compare and swap."""
        self.before("put")
        standing = self.objects.get(key)
        if (standing.etag if standing else None) != replaces:
            raise ChangedError(key)
        self.objects[key] = Stored(body if isinstance(body, bytes) else body.read(), dict(metadata))

    def text(self, key: str) -> str:
        """An object's body as text."""
        return self.objects[key].body.decode()

    def _found(self, call: str, key: str) -> Stored:
        self.before(call)
        if key not in self.objects:
            raise MissingError(key)
        return self.objects[key]


class MemoryQueue:
    """`ports.Queue` that remembers what it was told."""

    def __init__(self, before: Callable[[str], None] = nothing) -> None:
        self.sent: list[str] = []
        self.acknowledged: list[str] = []
        self.delays: dict[str, int] = {}
        self.before = before

    def send(self, body: str) -> None:
        """Keep the body."""
        self.before("send")
        self.sent.append(body)

    def acknowledge(self, receipt: str) -> None:
        """Keep the receipt."""
        self.before("acknowledge")
        self.acknowledged.append(receipt)

    def delay(self, receipt: str, seconds: int) -> None:
        """Keep the delay."""
        self.before("delay")
        self.delays[receipt] = seconds


@dataclass(frozen=True)
class RowClassifier:
    """`ports.Classifier` that reads the row of a picture's uppermost ink as its class.

    Sure (0.97) of pictures whose ink is wider than it is high, unsure (0.6) of others.
    """

    version: str = "0123456789ab"
    labels: tuple[str, ...] = tuple("0123456789")
    review_below: float = 0.8
    not_a_digit_below: float = 0.2
    look_again_below: float = 0

    def probabilities(self, images: Images) -> Probabilities:
        """(N, 10)."""
        found = np.zeros((len(images), 10), np.float32)
        for row, image in zip(found, images, strict=True):
            hit = image > 0
            high, wide = int(hit.any(axis=1).sum()), int(hit.any(axis=0).sum())
            share = 0.97 if wide > high else 0.6
            row[:] = (1 - share) / 9
            row[int(hit.any(axis=1).argmax()) % 10] = share
        return found


@dataclass(frozen=True)
class Time:
    """`app.Context` with always the same time left."""

    seconds: float = 300.0
    aws_request_id: str = "a-request"

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda's context object has it."""
        return round(self.seconds * 1000)


@dataclass
class Clock:
    """A clock that goes on only when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Go on."""
        self.now += seconds


def bar(high: int, wide: int, *, side: int = 28) -> NDArray[np.uint8]:
    """A white bar on black, (side, side), in the middle: the lower it is, the lower its uppermost row."""
    picture = np.zeros((side, side), np.uint8)
    top, left = (side - high) // 2, (side - wide) // 2
    picture[top : top + high, left : left + wide] = 255
    return picture


def encoded(picture: NDArray[np.uint8], kind: str = "PNG", **options: object) -> bytes:
    """A picture as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of the members, in their order, the same bytes each time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name), body, compress_type=method)
    return file.getvalue()


def s3_event(*keys: str, bucket: str = BUCKET, name: str = "ObjectCreated:Put") -> dict[str, object]:
    """An S3 notification with a record for each key, form-encoded as S3 does."""
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": name,
                "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key), "eTag": "of no use"}},
            }
            for key in keys
        ]
    }


def sqs_event(*bodies: object, receives: int = 1) -> dict[str, object]:
    """An SQS event; message n, from 0, is called `message-n` and has the receipt `receipt-n`."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "eventSource": "aws:sqs",
            }
            for number, body in enumerate(bodies)
        ]
    }


def sqs_record(identifier: str, body: str, receives: int) -> dict[str, Any]:
    """A record as Lambda makes it of a message."""
    return {
        "messageId": identifier,
        "receiptHandle": f"{identifier} {receives}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "eventSource": "aws:sqs",
    }
