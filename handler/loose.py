"""Loose images of many drops to their rows, read together: the model takes them by the group, as it does a batch's."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from handler.classify import classify
from handler.commit import Reading
from handler.drops import Reader, is_batch, loose_pictures
from handler.envelopes import Drop
from handler.errors import ChangedError, StoreError
from handler.members import Picture, is_folder_marker, until
from handler.ports import ObjectStore, Peek
from handler.predictions import folder_of
from handler.rows import Row, image_cell
from handler.stopwatch import FETCH, WRITE, Stopwatch

RESTARTS: Final = 5
"""Times that an object which is overwritten while it is read is begun anew."""
Peeked = Iterable[tuple[Drop, Callable[[], Peek]]]
"""Drops, each with a call that gives its start."""


@dataclass(slots=True)
class Together:
    """What came of drops that were read together."""

    watch: Stopwatch
    images: dict[Drop, Reading] = field(default_factory=dict)
    """Loose images, with their rows."""
    batches: list[Drop] = field(default_factory=list)
    """They are written one at a time."""


def read_together(
    reader: Reader,
    peeked: Peeked,
    attempt: Callable[[Drop], AbstractContextManager[None]],
    begin: Callable[[], bool],
) -> Together:
    """The rows of all loose images among drops; `begin` tells of each whether it is the invocation's first.

    What happens while a drop is fetched is that drop's, within its `attempt`. What rises from here is of all of them.
    """
    found = Together(Stopwatch(reader.clock))
    owners: deque[list[Row]] = deque()
    whole: dict[Drop, tuple[str, list[Row]]] = {}

    def pictures() -> Iterator[Picture]:
        for drop, call in peeked:
            with attempt(drop):
                for peek in peeks(call, reader.store, drop.key, found.watch):
                    if is_batch(peek):
                        found.batches.append(drop)
                        break
                    rows: list[Row] = []
                    try:
                        for picture in _pictures(reader, peek, found.watch, begin):
                            owners.append(rows)
                            yield picture
                    except ChangedError:
                        continue
                    whole[drop] = peek.etag, rows
                    break

    with found.watch.on(WRITE):
        for row in classify(pictures(), reader.classifier, reader.settings, found.watch, reader.elsewhere):
            owners.popleft().append(row)
    shares = {stage: seconds / len(whole) for stage, seconds in found.watch.seconds.items()} if whole else {}
    for drop, (etag, rows) in whole.items():
        if rows:  # a folder marker has none
            image = image_cell(folder_of(drop.key)[1])
            found.images[drop] = Reading(drop.key, etag, image, tuple(rows), shares)
    return found


def _pictures(reader: Reader, peek: Peek, watch: Stopwatch, begin: Callable[[], bool]) -> Iterator[Picture]:
    final = begin()
    if not is_folder_marker(peek.key, peek.size):
        name = folder_of(peek.key)[1]
        yield from until(loose_pictures(reader, peek, name, watch), reader.in_time, name, final=final)


def peeks(first: Callable[[], Peek], store: ObjectStore, key: str, watch: Stopwatch) -> Iterator[Peek]:
    """An object's start, as often as it is overwritten while it is read, within reason."""
    call = first
    for _ in range(RESTARTS + 1):
        with watch.on(FETCH):
            peek = call()
        yield peek
        call = partial(store.peek, key)
    raise StoreError(f"reading {key!r}: it was overwritten {RESTARTS + 1} times meanwhile")
