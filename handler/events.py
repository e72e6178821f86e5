"""An event to the messages in it, and the reply that its sender understands.

A queue's messages each hold an envelope of their own. An envelope that nobody knows raises `EventError`; inside a
queue's message it is kept with that message, so that its neighbours go on.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote_plus

from handler.envelopes import Drop, find_drops, parsed, records_of, shown, source_of
from handler.errors import EventError

_DIGITS: Final = 20
"""Of a time in milliseconds, at most."""


@dataclass(frozen=True, slots=True)
class Message:
    """What succeeds or fails as one: a message of a queue, or a whole event that came without a queue."""

    drops: tuple[Drop, ...] = ()
    identifier: str = ""
    receipt: str = ""
    receives: int = 1
    """How often it was received, this time included."""
    error: EventError | None = None
    """Why its body could not be understood."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event, unwrapped."""

    messages: tuple[Message, ...]
    queued: bool
    """Whether it came from a queue, which takes a partial reply."""


def unwrap(event: object) -> Envelope:
    """The messages of an event and the drops in each, in order.

    Raises `EventError` for an envelope that nobody knows, unless a queue's message holds it. Where some of several
    records name a drop, the others make an error of the message.
    """
    if isinstance(event, dict) and {source_of(record) for record in records_of(event)} == {"aws:sqs"}:
        return Envelope(tuple(_message(record) for record in event["Records"]), queued=True)
    errors: list[EventError] = []
    drops = tuple(find_drops(event, errors))
    if errors and not drops:
        raise errors[0]
    return Envelope((Message(drops, error=errors[0] if errors else None),), queued=False)


def reply(envelope: Envelope, failed: Collection[Message]) -> dict[str, Any]:
    """What to return so that the queue keeps exactly the failed messages; without a queue, nothing."""
    if not envelope.queued:
        return {}
    return {"batchItemFailures": [{"itemIdentifier": message.identifier} for message in failed]}


def fresh_body(drop: Drop) -> str:
    """The body of a new message that brings the drop again: an S3 notification that also tells of its past."""
    record = {
        "postponed": drop.postponed + 1,
        "suspicion": drop.suspicion,
        "since": drop.since,
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": drop.bucket}, "object": {"key": quote_plus(drop.key)}},
    }
    return json.dumps({"Records": [record]})


def _message(record: dict[str, Any]) -> Message:
    try:
        identifier, receipt = record["messageId"], record["receiptHandle"]
        receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        body = record["body"]
        if not (isinstance(identifier, str) and isinstance(receipt, str)):
            raise TypeError("messageId and receiptHandle are text")
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise EventError(f"an SQS record lacks what every one has ({error!r}): {shown(record)}") from error
    sent = _sent(record)
    try:
        errors: list[EventError] = []
        found = find_drops(parsed(body), errors, 1)
        drops = tuple(
            replace(drop, suspicion=drop.suspicion + max(receives - 1, 0), since=drop.since or sent) for drop in found
        )
        return Message(drops, identifier, receipt, receives, errors[0] if errors else None)
    except EventError as error:
        return Message((), identifier, receipt, receives, error)


def _sent(record: dict[str, Any]) -> int:
    """When SQS took the message, in milliseconds since 1970; 0 where it does not say so."""
    sent = record.get("attributes", {}).get("SentTimestamp")
    return int(sent) if isinstance(sent, str) and sent.isdecimal() and len(sent) <= _DIGITS else 0
