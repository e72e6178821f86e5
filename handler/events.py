"""Any envelope to the drops in it, and the reply that its sender understands.

Envelopes are unwrapped recursively: a queue's messages each hold an envelope of their own. An envelope that nobody
knows raises `EventError`; inside a queue's message it is kept with that message, so that its neighbours go on.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus

from handler.errors import EventError

_SHOWN: Final = 200
_DEEPEST: Final = 8
"""Envelopes in envelopes; the deepest known chain is EventBridge or S3 in SNS in SQS."""


@dataclass(frozen=True, slots=True)
class Drop:
    """An object that somebody uploaded; what it holds is read when it is handled, not taken from the event."""

    bucket: str
    key: str
    postponed: int = field(default=0, compare=False)
    """How often it had to wait for an invocation with more time."""


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

    Raises `EventError` for an envelope that nobody knows, unless a queue's message holds it.
    """
    if isinstance(event, dict) and _sources(event) == {"aws:sqs"}:
        return Envelope(tuple(_message(record) for record in event["Records"]), queued=True)
    errors: list[EventError] = []
    drops = tuple(_drops(event, 0, errors))
    return Envelope((Message(drops, error=errors[0] if errors else None),), queued=False)


def reply(envelope: Envelope, failed: Collection[Message]) -> dict[str, Any]:
    """What to return so that the queue keeps exactly the failed messages; without a queue, nothing."""
    if not envelope.queued:
        return {}
    return {"batchItemFailures": [{"itemIdentifier": message.identifier} for message in failed]}


def fresh_body(drop: Drop) -> str:
    """The body of a new message that brings the drop again: an S3 notification of its name, and that it had to wait."""
    record = {
        "postponed": drop.postponed + 1,
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
        raise EventError(f"an SQS record lacks what every one has ({error!r}): {_shown(record)}") from error
    try:
        errors: list[EventError] = []
        drops = tuple(_drops(_parsed(body), 1, errors))
        return Message(drops, identifier, receipt, receives, errors[0] if errors else None)
    except EventError as error:
        return Message((), identifier, receipt, receives, error)


def _drops(event: object, depth: int, errors: list[EventError]) -> Iterator[Drop]:
    """The drops of an event; of several records those that name none are put into `errors`, and the others count."""
    if not isinstance(event, dict) or depth > _DEEPEST:
        raise EventError(f"no envelope that this function knows: {_shown(event)}")
    if event.get("Event") == "s3:TestEvent":
        return
    sources = _sources(event)
    if sources == {"aws:s3"}:
        for record in event["Records"]:
            try:
                yield from _s3_drop(record)
            except EventError as error:
                errors.append(error)
    elif sources == {"aws:sqs"}:
        for record in event["Records"]:
            yield from _drops(_parsed(record.get("body")), depth + 1, errors)
    else:
        raise EventError(f"no envelope that this function knows: {_shown(event)}")


def _s3_drop(record: dict[str, Any]) -> Iterator[Drop]:
    try:
        if not record["eventName"].removeprefix("s3:").startswith("ObjectCreated:"):
            return
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"], errors="strict")
        key.encode()
        bucket.encode()
    except (KeyError, TypeError, AttributeError, UnicodeError) as error:
        raise EventError(f"an S3 record does not name a bucket and a key ({error!r}): {_shown(record)}") from error
    if not bucket or not key:
        raise EventError(f"an S3 record names an empty bucket or key: {_shown(record)}")
    postponed = record.get("postponed")
    yield Drop(bucket, key, postponed if isinstance(postponed, int) else 0)


def _sources(event: dict[str, Any]) -> set[str]:
    """The event sources of an event's records; empty where it is no list of records."""
    records = event.get("Records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return set()
    return {str(record.get("eventSource")) for record in records}


def _parsed(body: object) -> object:
    if not isinstance(body, str):
        raise EventError(f"a message's body is not text: {_shown(body)}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventError(f"a message's body is not JSON: {_shown(body)}") from error


def _shown(value: object) -> str:
    try:
        text = value if isinstance(value, str) else json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
