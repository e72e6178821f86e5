"""The drops of an envelope to CSVs: in what order, what fails with what, and what waits for another invocation.

Loose images come first, peeked at in parallel and committed folder by folder; then the batches, one at a time.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from handler.drops import Reader
from handler.envelopes import Drop
from handler.errors import DigitdropError, StoreError
from handler.events import Envelope, Message, fresh_body
from handler.invocation import Invocation
from handler.members import is_ignored
from handler.outcomes import Failed, Postponed, Telemetry, Tell, ignore, named, silence
from handler.ports import Classifier, ObjectStore, Queue
from handler.reading import HERE_ALONE, Elsewhere
from handler.settings import INCOMING, Settings
from handler.triage import set_aside, triage

_LOG: Final = logging.getLogger("digitdrop")
_RESERVED_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Tools:
    """What a delivery works with."""

    settings: Settings
    store: ObjectStore
    queue: Queue | None
    current_model: Callable[[], Classifier]
    telemetry: Telemetry = silence
    clock: Callable[[], float] = time.perf_counter
    """What the stages of a drop are timed by."""
    elsewhere: Elsewhere = HERE_ALONE
    """What decodes and normalises beside this process."""


def deliver(
    envelope: Envelope, tools: Tools, seconds_left: Callable[[], float], tell: Tell = ignore
) -> dict[Message, Exception]:
    """Write the CSVs of all drops, and tell what became of each; gives the messages that failed, with their reasons.

    A drop that fails takes down the messages that brought it and nothing else.
    """
    messages = [_ours(message, tools.settings) for message in envelope.messages]
    failed: dict[Message, Exception] = {message: message.error for message in messages if message.error is not None}
    if envelope.queued:  # without a queue they rise, and the runtime logs them
        for message, reason in failed.items():
            about = {"message_id": message.identifier, "receives": message.receives}
            _LOG.error("not understood: %s", reason, extra=about)
    held = [message for message in messages if message.drops]
    if not held:
        return failed
    try:
        classifier = tools.current_model()
    except DigitdropError as error:
        _LOG.error("no model, so nothing is read: %s", error)
        _tell_all(Failed, held, tell)
        return failed | dict.fromkeys(held, error)
    if tools.queue and envelope.queued:
        parts = triage([message for message in messages if message.drops or message.error is None])
        stuck = set_aside(parts.later, tools.queue, tools.settings.fetch_threads)
        for fault in stuck.values():
            _LOG.error("not sent afresh: %s", fault)
        _tell_all(Failed, stuck, tell)
        _tell_all(Postponed, [message for message in parts.later if message not in stuck], tell)
        failed |= stuck
        held = list(parts.now)
    drops = {drop: None for message in held for drop in message.drops}
    failures = _deliver_drops(list(drops), tools, classifier, seconds_left, tell) if drops else {}
    for message in held:
        failure = next((failures[drop] for drop in message.drops if drop in failures), None)
        if failure is not None:
            failed[message] = failure
    return failed


def _deliver_drops(
    drops: list[Drop], tools: Tools, classifier: Classifier, seconds_left: Callable[[], float], tell: Tell
) -> dict[Drop, Exception]:
    store, settings = tools.store, tools.settings
    reserve = min(settings.reserve_seconds, seconds_left() * _RESERVED_SHARE)
    invocation = Invocation(
        Reader(settings, store, classifier, lambda: seconds_left() > reserve, tell, tools.clock, tools.elsewhere)
    )
    drops = sorted(drops, key=lambda drop: -drop.postponed)
    if drops[0].postponed:
        first = drops.pop(0)  # what waited longest has all the time of this invocation
        with invocation.attempt(first):
            invocation.read([first])
            invocation.write_batches()
            invocation.write_folders()
    invocation.read(drops)
    invocation.write_folders()
    invocation.write_batches()
    for drop in invocation.later:
        with invocation.attempt(drop):
            _send_again(tools.queue, drop)
            tell(Postponed(drop.key, drop.since))
    return invocation.failures


def _send_again(queue: Queue | None, drop: Drop) -> None:
    if queue is None:
        raise StoreError(f"there was no time for {drop.key!r}, and QUEUE_URL names no queue to send it to")
    queue.send(fresh_body(drop))


def _tell_all(kind: type[Failed | Postponed], messages: Iterable[Message], tell: Tell) -> None:
    for drop in {drop: None for message in messages for drop in message.drops}:
        tell(kind(drop.key, drop.since))


def _ours(message: Message, settings: Settings) -> Message:
    """The message without what is not for this function; drops of another bucket, which nobody else reads, are told."""

    def is_ours(drop: Drop) -> bool:
        return (
            drop.bucket == settings.digitdrop_bucket
            and drop.key.startswith(INCOMING)
            and not is_ignored(drop.key.removeprefix(INCOMING))
        )

    foreign = [drop.key for drop in message.drops if drop.bucket != settings.digitdrop_bucket]
    if foreign:
        _LOG.warning("of another bucket than this function's, not read", extra=named(foreign))
    return replace(message, drops=tuple(filter(is_ours, message.drops)))
