"""The drops of one invocation, and what becomes of each: none suffers from its neighbours.

Loose images are gathered by the CSV that they go into, which is written once for all of them; batches one at a time.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Final

from handler.ahead import ahead
from handler.commit import Reading, commit_folder
from handler.drops import Reader, write_batch
from handler.envelopes import Drop
from handler.errors import ChangedError, DigitdropError, MissingError, PostponedError
from handler.loose import Peeked, peeks, read_together
from handler.outcomes import Failed, Skipped, Written, named
from handler.predictions import counts_of, folder_of
from handler.standing import GONE
from handler.stopwatch import WRITE, Stopwatch

_LOG: Final = logging.getLogger("digitdrop")
_GROUPS: Final = 4
"""Of the model's size, that are read at a time: the rows of so many wait to be written."""


@dataclass(slots=True)
class Invocation:
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
        about = named([drop.key for drop in drops])
        try:
            yield
        except MissingError as error:
            _LOG.info("gone, nothing to do: %s", error, extra=about)
        except PostponedError as error:
            _LOG.info("postponed: %s", error, extra=about)
            self.later.extend(drops)
        except DigitdropError as error:
            _LOG.error("failed: %s", error, extra=about)
            self._fail(drops, error)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not cost the neighbours their rows
            _LOG.exception("failed, by a fault of the handler", extra=about)
            self._fail(drops, error)

    def begin(self) -> bool:
        """Count a drop as begun and tell whether it is the first; `PostponedError` where there is no time for more.

        The first is always begun and always ends in rows, so that every invocation gets something done; one that is
        overwritten meanwhile and begun anew is no longer the first.
        """
        if self.begun and not self.reader.in_time():
            raise PostponedError("no time is left to begin another drop")
        self.begun += 1
        return self.begun == 1

    def read(self, drops: Sequence[Drop]) -> None:
        """Read loose images, many together, and leave batches for later.

        Where reading many fails, by a fault of ours or of the model, each is read by itself, and fails by itself.
        """
        most = _GROUPS * self.reader.settings.group_size
        peeked, rest = self._peeked(drops), drops
        while some := rest[:most]:
            begun, rest = self.begun, rest[most:]
            try:
                self._read(islice(peeked, len(some)))
            except Exception:
                if len(some) > 1:
                    _LOG.exception("reading together failed, now one by one", extra=named([drop.key for drop in some]))
                    self.begun = begun
                for drop in some:
                    if drop not in self.failures and drop not in self.later:
                        with self.attempt(drop):
                            if len(some) == 1:
                                raise
                            self._read(self._peeked([drop]))
                peeked = self._peeked(rest)  # what was raised may have ended the other

    def _peeked(self, drops: Sequence[Drop]) -> Peeked:
        store, threads = self.reader.store, self.reader.settings.fetch_threads
        return ahead(lambda drop: store.peek(drop.key), drops, min(threads, len(drops)))

    def _read(self, peeked: Peeked) -> None:
        found = read_together(self.reader, peeked, self.attempt, self.begin)
        self.batches.extend(found.batches)
        for drop, reading in found.images.items():
            self.folders.setdefault(folder_of(drop.key)[0], {})[drop] = reading

    def write_folders(self) -> None:
        """Write the CSVs of the loose images that were read so far; those overwritten around it are read again."""
        while self.folders:
            csv_key, readings = self.folders.popitem()
            with self.attempt(*readings):
                overwritten = self._commit(csv_key, readings)
                self.read([drop for drop, reading in readings.items() if reading in overwritten])

    def write_batches(self) -> None:
        """Write the CSVs of the batches that were met so far."""
        while self.batches:
            drop = self.batches.pop(0)
            with self.attempt(drop):
                self.write(drop)

    def write(self, drop: Drop) -> None:
        """Write a batch's CSV; an object that is overwritten meanwhile is begun anew."""
        watch = Stopwatch(self.reader.clock)
        for peek in peeks(partial(self.reader.store.peek, drop.key), self.reader.store, drop.key, watch):
            try:
                outcome = write_batch(self.reader, peek, watch, final=self.begin())
            except ChangedError:
                continue
            if outcome:
                self.reader.tell(replace(outcome, since=drop.since))
            return

    def _commit(self, csv_key: str, read: Mapping[Drop, Reading]) -> list[Reading]:
        """Write a folder's CSV and tell what stands in it; gives what has to be read again.

        The time that this takes is shared equally among all whose rows were to be written.
        """
        reader, watch, readings = self.reader, Stopwatch(self.reader.clock), list(read.values())
        with watch.on(WRITE):
            standing, again = commit_folder(reader.store, csv_key, readings, reader.settings, reader.in_time)
        share, standing_keys = watch.seconds[WRITE] / len(readings), {reading.key for reading in standing}
        for drop, reading in read.items():
            if reading.key in standing_keys:
                seconds = {**reading.seconds, WRITE: reading.seconds[WRITE] + share}
                counts = counts_of(reading.rows)
                reader.tell(Written(reading.key, reader.classifier.version, counts, seconds, drop.since))
            elif reading not in again:
                reader.tell(Skipped(reading.key, GONE, drop.since))
        return again

    def _fail(self, drops: Collection[Drop], error: Exception) -> None:
        self.failures |= dict.fromkeys(drops, error)
        for drop in drops:
            self.reader.tell(Failed(drop.key, drop.since))
