"""What one event says was uploaded, whatever it is wrapped in.

An S3 notification, SNS, SQS, EventBridge, or a bucket and a key by name; each of the first four may hold another.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_plus

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
    since: int = field(default=0, compare=False)
    """When its first message was sent, in milliseconds since 1970; 0 where no queue says so."""


def find_drops(event: object, errors: list[EventError], depth: int = 0) -> Iterator[Drop]:
    """The drops of an event, in order; of several records those that name none are put into `errors`.

    Raises `EventError` for an envelope that nobody knows.
    """
    if not isinstance(event, dict) or depth > _DEEPEST:
        raise EventError(f"no envelope that this function knows: {shown(event)}")
    records = records_of(event)
    if records:
        for record in records:
            try:
                yield from _record_drops(record, errors, depth)
            except EventError as error:
                errors.append(error)
    elif event.get("Type") == "Notification" and "TopicArn" in event:  # SNS, as it writes to a queue
        yield from find_drops(parsed(event.get("Message")), errors, depth + 1)
    elif event.get("source") == "aws.s3" and "detail-type" in event:  # EventBridge
        if event["detail-type"] == "Object Created":
            yield _drop(event.get("detail"), ("bucket", "name"), ("object", "key"))
    elif "bucket" in event and "key" in event:
        yield _drop(event, ("bucket",), ("key",))
    elif event.get("Event") != "s3:TestEvent":
        raise EventError(f"no envelope that this function knows: {shown(event)}")


def _record_drops(record: dict[str, Any], errors: list[EventError], depth: int) -> Iterator[Drop]:
    source = source_of(record)
    if source == "aws:s3":
        yield from _s3_drop(record)
    elif source == "aws:sqs":
        yield from find_drops(parsed(record.get("body")), errors, depth + 1)
    elif source == "aws:sns":
        message = record.get("Sns")
        yield from find_drops(parsed(message.get("Message") if isinstance(message, dict) else None), errors, depth + 1)
    else:
        raise EventError(f"no envelope that this function knows: {shown(record)}")


def _s3_drop(record: dict[str, Any]) -> Iterator[Drop]:
    name = record.get("eventName")
    if not isinstance(name, str):
        raise EventError(f"an S3 record does not say what happened: {shown(record)}")
    if name.removeprefix("s3:").startswith("ObjectCreated:"):
        drop = _drop(record.get("s3"), ("bucket", "name"), ("object", "key"))
        try:
            key = unquote_plus(drop.key, errors="strict")
        except UnicodeError as error:
            raise EventError(f"an S3 record's key is not UTF-8: {shown(record)}") from error
        yield Drop(drop.bucket, key, *(_count(record, name) for name in ("postponed", "suspicion", "since")))


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
            raise EventError(f"an event does not name a bucket and a key: {shown(event)}")
        found.append(value)
    bucket, key = found
    return Drop(bucket, key)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can hold and S3 cannot
        return False
    return True


def records_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of an event; none where it is no list of records."""
    records = event.get("Records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return []
    return records


def source_of(record: dict[str, Any]) -> str:
    """What a record says it came from, such as `aws:s3`; SNS alone writes the name of that with a capital."""
    return str(record.get("eventSource") or record.get("EventSource"))


def parsed(body: object) -> object:
    """What the text of a message holds; raises `EventError` where it is not JSON."""
    if not isinstance(body, str):
        raise EventError(f"a message's body is not text: {shown(body)}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventError(f"a message's body is not JSON: {shown(body)}") from error


def shown(value: object) -> str:
    """A value as an error may show it: as JSON, and not too long."""
    try:
        text = value if isinstance(value, str) else json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
