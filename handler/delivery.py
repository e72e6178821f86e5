"""The drops of an envelope to CSVs: in what order, what fails with what, and what waits for another invocation.

Loose images come first, peeked at in parallel and committed folder by folder; then the batches, one at a time.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from handler.ahead import ahead
from handler.commit import Reading, commit_folder
from handler.drops import Reader, is_batch, read_loose, write_batch
from handler.envelopes import Drop
from handler.errors import ChangedError, DigitdropError, MissingError, PostponedError, StoreError
from handler.events import Envelope, Message, fresh_body
from handler.members import is_ignored
from handler.ports import Classifier, ObjectStore, Peek, Queue
from handler.predictions import folder_of
from handler.settings import INCOMING, Settings
from handler.triage import set_aside, triage

_LOG: Final = logging.getLogger("digitdrop")
_RESTARTS: Final = 5
"""Times that an object which is overwritten while it is read is begun anew."""
_RESERVED_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Tools:
    """What a delivery works with."""

    settings: Settings
    store: ObjectStore
    queue: Queue | None
    current_model: Callable[[], Classifier]


def deliver(envelope: Envelope, tools: Tools, seconds_left: Callable[[], float]) -> dict[Message, Exception]:
    """Write the CSVs of all drops; gives the messages that failed, each with its reason.

    A drop that fails takes down the messages that brought it and nothing else.
    """
    failed: dict[Message, Exception] = {
        message: message.error for message in envelope.messages if message.error is not None
    }
    held = [message for message in envelope.messages if any(_is_ours(drop, tools.settings) for drop in message.drops)]
    if not held:
        return failed
    try:
        classifier = tools.current_model()
    except DigitdropError as error:
        _LOG.error("no model, so nothing is read: %s", error)
        return failed | dict.fromkeys(held, error)
    if tools.queue and envelope.queued:
        parts = triage(held)
        failed |= set_aside(parts.later, tools.queue, tools.settings.fetch_threads)
        held = list(parts.now)
    drops = {drop: None for message in held for drop in message.drops if _is_ours(drop, tools.settings)}
    failures = _deliver_drops(list(drops), tools, classifier, seconds_left) if drops else {}
    for message in held:
        reason = next((failures[drop] for drop in message.drops if drop in failures), None)
        if reason is not None:
            failed[message] = reason
    return failed


@dataclass(slots=True)
class _Delivery:
    """The drops of one invocation, and what became of them so far."""

    reader: Reader
    begun: int = 0
    folders: dict[str, dict[Drop, Reading]] = field(default_factory=dict)
    """Loose images that were read, by the CSV that they go into."""
    batches: list[Drop] = field(default_factory=list)
    later: list[Drop] = field(default_factory=list)
    failures: dict[Drop, Exception] = field(default_factory=dict)

    @contextmanager
    def attempt(self, *drops: Drop) -> Iterator[None]:
        """Note what happens to drops; no fault of one passes on to others."""
        try:
            yield
        except MissingError as error:
            _LOG.info("gone, nothing to do: %s", error)
        except PostponedError:
            self.later.extend(drops)
        except DigitdropError as error:
            _LOG.error("failed: %s", error)
            self.failures |= dict.fromkeys(drops, error)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not cost the neighbours their rows
            _LOG.exception("failed: %s", ", ".join(ascii(drop.key) for drop in drops))
            self.failures |= dict.fromkeys(drops, error)

    def begin(self) -> bool:
        """Count a drop as begun and tell whether it is the first; `PostponedError` where there is no time for more.

        The first is always begun and always ends in rows, so that every invocation gets something done; one that is
        overwritten meanwhile and begun anew is no longer the first.
        """
        if self.begun and not self.reader.in_time():
            raise PostponedError("no time is left to begin another drop")
        self.begun += 1
        return self.begun == 1

    def read(self, drop: Drop, peeked: Callable[[], Peek]) -> None:
        """Read a loose image, or leave a batch for later; an object that is overwritten meanwhile is begun anew."""
        for peek in _peeks(peeked, self.reader.store, drop.key):
            if is_batch(peek):
                self.batches.append(drop)
                return
            try:
                reading = read_loose(self.reader, peek, final=self.begin())
            except ChangedError:
                continue
            if reading:
                self.folders.setdefault(folder_of(drop.key)[0], {})[drop] = reading
            return

    def write_folders(self) -> None:
        """Write the CSVs of the loose images that were read so far; those overwritten around it are read again."""
        while self.folders:
            csv_key, readings = self.folders.popitem()
            with self.attempt(*readings):
                reader, store = self.reader, self.reader.store
                overwritten = commit_folder(store, csv_key, list(readings.values()), reader.settings, reader.in_time)
                for drop in (drop for drop, reading in readings.items() if reading in overwritten):
                    with self.attempt(drop):
                        self.read(drop, partial(store.peek, drop.key))

    def write_batches(self) -> None:
        """Write the CSVs of the batches that were met so far."""
        while self.batches:
            drop = self.batches.pop(0)
            with self.attempt(drop):
                self.write(drop)

    def write(self, drop: Drop) -> None:
        """Write a batch's CSV; an object that is overwritten meanwhile is begun anew."""
        for peek in _peeks(partial(self.reader.store.peek, drop.key), self.reader.store, drop.key):
            try:
                write_batch(self.reader, peek, final=self.begin())
            except ChangedError:
                continue
            return


def _deliver_drops(
    drops: list[Drop], tools: Tools, classifier: Classifier, seconds_left: Callable[[], float]
) -> dict[Drop, Exception]:
    store, settings = tools.store, tools.settings
    reserve = min(settings.reserve_seconds, seconds_left() * _RESERVED_SHARE)
    delivery = _Delivery(Reader(settings, store, classifier, lambda: seconds_left() > reserve))
    drops = sorted(drops, key=lambda drop: -drop.postponed)
    if drops[0].postponed:
        first = drops.pop(0)  # what waited longest has all the time of this invocation
        with delivery.attempt(first):
            delivery.read(first, partial(store.peek, first.key))
            delivery.write_batches()
            delivery.write_folders()
    for drop, peeked in ahead(lambda drop: store.peek(drop.key), drops, settings.fetch_threads):
        with delivery.attempt(drop):
            delivery.read(drop, peeked)
    delivery.write_folders()
    delivery.write_batches()
    for drop in delivery.later:
        with delivery.attempt(drop):
            _send_again(tools.queue, drop)
    return delivery.failures


def _peeks(first: Callable[[], Peek], store: ObjectStore, key: str) -> Iterator[Peek]:
    """An object's start, as often as it is overwritten while it is read, within reason."""
    yield first()
    for _ in range(_RESTARTS):
        yield store.peek(key)
    raise StoreError(f"reading {key!r}: it was overwritten {_RESTARTS + 1} times meanwhile")


def _send_again(queue: Queue | None, drop: Drop) -> None:
    if queue is None:
        raise StoreError(f"there was no time for {drop.key!r}, and QUEUE_URL names no queue to send it to")
    queue.send(fresh_body(drop))


def _is_ours(drop: Drop, settings: Settings) -> bool:
    return (
        drop.bucket == settings.digitdrop_bucket
        and drop.key.startswith(INCOMING)
        and not is_ignored(drop.key.removeprefix(INCOMING))
    )
