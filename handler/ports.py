"""The narrow interfaces between the handler's pure middle and its edges, and the values that cross them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Peek:
    """The first bytes of an object, all of it if it is small, as it stood under `etag`."""

    key: str
    etag: str
    size: int
    start: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """What S3 tells of an object without its bytes."""

    etag: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Blob:
    """A small object, whole."""

    etag: str
    body: bytes


class ObjectStore(Protocol):
    """One bucket. Every method raises `MissingError` where there is no such object, else a `StoreError`."""

    def peek(self, key: str) -> Peek:
        """The start of an object, with its size and ETag."""

    def fetch(self, peek: Peek) -> BinaryIO:
        """The whole of the object that `peek` began, as a seekable file; `ChangedError` if it was written since."""

    def head(self, key: str) -> Head:
        """ETag and metadata of an object."""

    def listing(self, prefix: str, after: str) -> Sequence[tuple[str, str]]:
        """Key and ETag of the next objects below `prefix`, at most a page of them, as they stand now.

        In the order of their keys, by UTF-8's bytes and so as `str` has it, from the first that follows `after`, which
        need not exist; empty: none does.
        """

    def read(self, key: str, unless: str = "") -> Blob | None:
        """A small object whole; None where its ETag is still `unless`."""

    def put(self, key: str, body: BinaryIO | bytes, replaces: str | None, metadata: Mapping[str, str]) -> None:
        """Write the whole object or nothing, if the key still holds the ETag `replaces` (None: holds nothing).

        Raises `ChangedError` where it holds something else, or another writer is at it.
        """


class Queue(Protocol):
    """The queue around the function; every method raises `StoreError` where SQS fails."""

    def send(self, body: str) -> None:
        """Add a fresh message."""

    def acknowledge(self, receipt: str) -> None:
        """Delete a message that was received."""

    def delay(self, receipt: str, seconds: int) -> None:
        """Hide a message that was received for `seconds` more."""


class Classifier(Protocol):
    """A model ready to read images."""

    @property
    def version(self) -> str:
        """Identifies all that decides a prediction."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What each class is called, in the order of the probabilities."""

    @property
    def review_below(self) -> float:
        """A prediction of a lower probability than this is for a person to look at."""

    @property
    def not_a_digit_below(self) -> float:
        """Of those, one of a lower probability than this is rather of no digit; 0 where that is not known."""

    @property
    def look_again_below(self) -> float:
        """A picture is read again, in other ways, where the first gives less; 0 for a model that knows digits alone."""

    def probabilities(self, images: Images) -> Probabilities:
        """Class probabilities, (N, classes), each row summing to 1, of `images`, (N, 28, 28), white ink on black."""
