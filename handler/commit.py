"""Writing CSVs so that after any order, repetition or overlap of events each shows its sources as they are now.

Every commit goes in one order: read the CSV's ETag; check that each source is still the one that was read, and drop
what is not, since a newer event brings it; write if the CSV still has that ETag; else start again. A writer that
came in between changed the ETag, so what was checked before it is checked anew.

S3's ETag is a hash of the content: a CSV that was written over and back again, or found to stand already by a handler
that came in between, passes for unchanged. So the sources are checked once more after the write, and the caller reads
anew what was overwritten meanwhile; if it dies before, its message comes back.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from handler.errors import OUT_OF_TIME, ChangedError, MissingError, PostponedError, StoreError
from handler.ports import ObjectStore
from handler.predictions import has_probabilities, merge, read_csv, write_csv
from handler.rows import Row
from handler.settings import Settings
from handler.standing import GONE, STANDS, etags, is_current, is_overwritten, look, stands
from handler.store import spool

ATTEMPTS: Final = 30
_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of a loose image, and the object that they were read from."""

    key: str
    etag: str
    image: str
    """Its cell in the CSV."""
    rows: tuple[Row, ...]
    seconds: Mapping[str, float] = field(compare=False)
    """What its reading took, by stage."""


@dataclass(frozen=True, slots=True)
class BatchCsv:
    """A batch's CSV, ready to be written."""

    key: str
    body: BinaryIO
    source: tuple[str, str]
    """Key and ETag of the object that it was made from."""
    metadata: Mapping[str, str]


def commit_batch(store: ObjectStore, csv: BatchCsv, in_time: Callable[[], bool]) -> str:
    """Write a batch's CSV, unless it stands already or its source has changed: gives why it was not written, or "".

    Raises `ChangedError` where the source was overwritten around the write, so that it has to be read again,
    `PostponedError` where others write first until no time is left.
    """
    for _ in _attempts(csv.key, in_time):
        found = look(store, csv.key)
        if found and stands(found, csv.metadata) and csv.metadata["settings"] != OUT_OF_TIME:
            return STANDS
        if not is_current(store, *csv.source):
            return GONE
        try:
            csv.body.seek(0)
            store.put(csv.key, csv.body, found.etag if found else None, csv.metadata)
        except ChangedError:
            continue
        if is_overwritten(store, *csv.source):
            raise ChangedError(f"{csv.source[0]!r} was overwritten around the writing of its CSV")
        return ""
    raise AssertionError  # _attempts raises before it ends


def commit_folder(
    store: ObjectStore, csv_key: str, readings: Sequence[Reading], settings: Settings, in_time: Callable[[], bool]
) -> tuple[list[Reading], list[Reading]]:
    """Put the rows of loose images into their folder's CSV in place of their earlier ones.

    Gives those that stand there now, and those whose images were overwritten around the write, so that they have to
    be read again; of the others nothing was written. Raises `PostponedError` as `commit_batch` does.
    """
    for _ in _attempts(csv_key, in_time):
        try:
            peek = store.peek(csv_key)
            old: BinaryIO | None = store.fetch(peek)
        except MissingError:
            old = None
        except ChangedError:
            continue
        now = etags(store, [reading.key for reading in readings], settings.fetch_threads)
        live = [reading for reading in readings if now.get(reading.key) == reading.etag]
        if not live:
            return [], []
        with spool() as body:
            more = settings.probabilities or (old is not None and has_probabilities(old, csv_key))
            rows = merge(
                read_csv(old, csv_key) if old else (),
                (row for reading in live for row in reading.rows),
                {reading.image for reading in live},
            )
            counts = write_csv(rows, body, probabilities=more)
            body.seek(0)
            try:
                store.put(csv_key, body, peek.etag if old else None, counts.metadata())
            except ChangedError:
                continue
        now = etags(store, [reading.key for reading in live], settings.fetch_threads)
        overwritten = [reading for reading in live if now.get(reading.key, reading.etag) != reading.etag]
        again = {reading.key for reading in overwritten}
        return [reading for reading in live if reading.key not in again], overwritten
    raise AssertionError  # _attempts raises before it ends


def _attempts(key: str, in_time: Callable[[], bool]) -> Iterator[int]:
    """Numbers of attempts, with a growing random pause between them; `StoreError` when they are used up.

    The first is always made: time was kept for it.
    """
    for number in range(ATTEMPTS):
        if number:
            if not in_time():
                raise PostponedError(f"writing {key!r}: other writers came first until time was out")
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _PAUSE * 1.5**number)))  # noqa: S311  # jitter, no secret
        yield number
    raise StoreError(f"writing {key!r}: other writers came first {ATTEMPTS} times")
