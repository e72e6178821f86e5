"""One drop to what is written of it: the rows of a loose image, or the CSV of a batch."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from handler.batches import read_batch
from handler.classify import classify
from handler.commit import BatchCsv, commit_batch
from handler.contents import sniff
from handler.errors import OUT_OF_TIME, UnreadableError
from handler.members import Named, Picture, read_picture, until
from handler.outcomes import Outcome, Skipped, Tell, Written, ignore
from handler.ports import Classifier, ObjectStore, Peek
from handler.predictions import batch_csv_of, folder_of, write_csv
from handler.reading import HERE_ALONE, Elsewhere
from handler.rows import Row
from handler.settings import Settings
from handler.standing import STANDS, look, stands
from handler.stopwatch import FETCH, WRITE, Stopwatch
from handler.store import spool


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading a drop takes."""

    settings: Settings
    store: ObjectStore
    classifier: Classifier
    in_time: Callable[[], bool]
    tell: Tell = ignore
    clock: Callable[[], float] = time.perf_counter
    elsewhere: Elsewhere = HERE_ALONE

    def rows(self, pictures: Iterator[Picture], name: str, watch: Stopwatch, *, final: bool) -> Iterator[Row]:
        """The rows of a drop's pictures, as far as the time goes; see `until`."""
        pictures = until(pictures, self.in_time, name, final=final)
        return classify(pictures, self.classifier, self.settings, watch, self.elsewhere)


def is_batch(peek: Peek) -> bool:
    """Whether an object is a batch that can have a CSV of its own."""
    return bool(sniff(peek.start, peek.key) and batch_csv_of(peek.key))


def write_batch(reader: Reader, peek: Peek, watch: Stopwatch, *, final: bool) -> Outcome | None:
    """Read a batch and write its CSV, unless it stands there already; gives what became of it, None: it is none.

    Raises `ChangedError` if it was overwritten meanwhile, `PostponedError` if it is not `final` and time ran out.
    """
    if not is_batch(peek):
        return None  # it was overwritten since it was sorted: the event of that brings it
    key = peek.key
    csv_key, name = batch_csv_of(key), folder_of(key)[1]
    made_from = {
        "source-etag": peek.etag.strip('"'),
        "model": reader.classifier.version,
        "settings": reader.settings.digest(),
    }
    with watch.on(WRITE):
        found = look(reader.store, csv_key)
    if found and stands(found, made_from):
        return Skipped(key, STANDS)
    with watch.on(WRITE), spool() as body:
        rows = reader.rows(_batch_pictures(reader, peek, name, watch), name, watch, final=final)
        counts = write_csv(rows, body, probabilities=reader.settings.probabilities)
        metadata = counts.metadata() | made_from
        if counts.cut:  # not what these settings give: the same object is read again when it is dropped again
            metadata["settings"] = OUT_OF_TIME
        csv = BatchCsv(csv_key, body, (key, peek.etag), metadata)
        reason = commit_batch(reader.store, csv, reader.in_time)
    return Skipped(key, reason) if reason else Written(key, reader.classifier.version, counts, watch.seconds)


def loose_pictures(reader: Reader, peek: Peek, name: str, watch: Stopwatch) -> Iterator[Picture]:
    """The pictures of a loose image; raises `ChangedError` if it was overwritten meanwhile."""
    kind = sniff(peek.start, peek.key)
    limit = min(reader.settings.max_object_bytes, reader.settings.max_member_bytes)
    if kind:
        yield Named(name, error=UnreadableError("rename", f"no CSV can be named after this {kind}: rename it"))
    elif peek.size > limit:
        yield Named(name, error=_too_large(peek, limit))
    else:
        with watch.on(FETCH), reader.store.fetch(peek) as file:
            data = file.read()
        yield from read_picture(data, name, reader.settings)


def _batch_pictures(reader: Reader, peek: Peek, name: str, watch: Stopwatch) -> Iterator[Picture]:
    limit = reader.settings.max_object_bytes
    if peek.size > limit:
        yield Named(name, error=_too_large(peek, limit))
        return
    with watch.on(FETCH):
        fetched = reader.store.fetch(peek)
    with fetched as file:
        yield from read_batch(file, sniff(peek.start, peek.key), name, reader.settings)


def _too_large(peek: Peek, limit: int) -> UnreadableError:
    return UnreadableError("too-large", f"{peek.size} bytes, and at most {limit} are read: split it or scale it down")
