"""Any envelope to the drops in it, and the reply that its sender understands.

Envelopes are unwrapped recursively: a queue's messages each hold an envelope of their own. An envelope that nobody
knows raises `EventError`; inside a queue's message it is kept with that message, so that its neighbours go on.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
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
    """How often it had to wait for another invocation."""
    suspicion: int = field(default=0, compare=False)
    """How often it was received before and not done with: each time its process may have died of it."""


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
    if isinstance(event, dict) and {_source(record) for record in _records(event)} == {"aws:sqs"}:
        return Envelope(tuple(_message(record) for record in event["Records"]), queued=True)
    return Envelope((Message(tuple(_drops(event, 0))),), queued=False)


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
        found = _drops(_parsed(body), 1)
        drops = tuple(replace(drop, suspicion=drop.suspicion + max(receives - 1, 0)) for drop in found)
        return Message(drops, identifier, receipt, receives)
    except EventError as error:
        return Message((), identifier, receipt, receives, error)


def _drops(event: object, depth: int) -> Iterator[Drop]:
    if not isinstance(event, dict) or depth > _DEEPEST:
        raise EventError(f"no envelope that this function knows: {_shown(event)}")
    records = _records(event)
    if records:
        for record in records:
            yield from _record_drops(record, depth)
    elif event.get("Type") == "Notification" and "TopicArn" in event:  # SNS, as it writes to a queue
        yield from _drops(_parsed(event.get("Message")), depth + 1)
    elif event.get("source") == "aws.s3" and "detail-type" in event:  # EventBridge
        if event["detail-type"] == "Object Created":
            yield _drop(event.get("detail"), ("bucket", "name"), ("object", "key"))
    elif "bucket" in event and "key" in event:
        yield _drop(event, ("bucket",), ("key",))
    elif event.get("Event") != "s3:TestEvent":
        raise EventError(f"no envelope that this function knows: {_shown(event)}")


def _record_drops(record: dict[str, Any], depth: int) -> Iterator[Drop]:
    source = _source(record)
    if source == "aws:s3":
        yield from _s3_drop(record)
    elif source == "aws:sqs":
        yield from _drops(_parsed(record.get("body")), depth + 1)
    elif source == "aws:sns":
        message = record.get("Sns")
        yield from _drops(_parsed(message.get("Message") if isinstance(message, dict) else None), depth + 1)
    else:
        raise EventError(f"no envelope that this function knows: {_shown(record)}")


def _s3_drop(record: dict[str, Any]) -> Iterator[Drop]:
    name = record.get("eventName")
    if not isinstance(name, str):
        raise EventError(f"an S3 record does not say what happened: {_shown(record)}")
    if name.removeprefix("s3:").startswith("ObjectCreated:"):
        drop = _drop(record.get("s3"), ("bucket", "name"), ("object", "key"))
        try:
            key = unquote_plus(drop.key, errors="strict")
        except UnicodeError as error:
            raise EventError(f"an S3 record's key is not UTF-8: {_shown(record)}") from error
        yield Drop(drop.bucket, key, _count(record, "postponed"), _count(record, "suspicion"))


def _count(record: dict[str, Any], name: str) -> int:
    """A number that `fresh_body` wrote; 0 in S3's own records."""
    value = record.get(name)
    return max(value, 0) if isinstance(value, int) else 0


def _drop(event: object, to_bucket: tuple[str, ...], to_key: tuple[str, ...]) -> Drop:
    """Bucket and key, each at the end of its path of names; they must be text that S3 can hold."""
    found = []
    for path in (to_bucket, to_key):
        value = event
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if not (isinstance(value, str) and value and _is_utf8(value)):
            raise EventError(f"an event does not name a bucket and a key: {_shown(event)}")
        found.append(value)
    bucket, key = found
    return Drop(bucket, key)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can hold and S3 cannot
        return False
    return True


def _records(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of an event; none where it is no list of records."""
    records = event.get("Records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return []
    return records


def _source(record: dict[str, Any]) -> str:
    """SNS alone writes the name with a capital."""
    return str(record.get("eventSource") or record.get("EventSource"))


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
