"""Envelopes to drops, and the replies that their senders understand."""

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.envelopes import Drop
from handler.errors import EventError
from handler.events import Envelope, Message, fresh_body, reply, unwrap
from tests.doubles import BUCKET, s3_event, sqs_event

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(
    [
        *("Records", "eventSource", "eventName", "s3", "bucket", "name", "object", "key", "body", "messageId", "Event"),
        *("receiptHandle", "attributes", "ApproximateReceiveCount", "SentTimestamp", "since"),
    ]
)
VALUES = st.sampled_from(
    ["aws:s3", "aws:sqs", "ObjectCreated:Put", "s3:TestEvent", "%ff", "a", "", "\ud800", "{}", "9" * 5000]
)
NEARLY: st.SearchStrategy[Any] = st.recursive(
    VALUES | st.none() | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-01T00:00:00Z", "Bucket": BUCKET}


def drops(event: object) -> list[list[Drop]]:
    """The drops of each message."""
    return [list(message.drops) for message in unwrap(event).messages]


def raw_s3_event(key: str) -> dict[str, Any]:
    """An S3 notification with a key as it stands, not encoded."""
    event: dict[str, Any] = s3_event("k")
    event["Records"][0]["s3"]["object"]["key"] = key
    return event


def timed(body: object, sent: object) -> dict[str, Any]:
    """An event of a message that was sent then."""
    event: dict[str, Any] = sqs_event(body)
    event["Records"][0]["attributes"]["SentTimestamp"] = sent
    return event


def test_a_plain_notification_is_one_message_without_a_queue() -> None:
    """All records of an event that came directly succeed or fail together."""
    envelope = unwrap(s3_event("incoming/a.png", "incoming/b.zip"))

    assert not envelope.queued
    assert envelope.messages == (Message((Drop(BUCKET, "incoming/a.png"), Drop(BUCKET, "incoming/b.zip"))),)


def test_each_message_of_a_queue_has_its_own_drops() -> None:
    """Order, identifiers, receipts and counts are those of the queue's records."""
    envelope = unwrap(sqs_event(s3_event("incoming/a.png", "incoming/b.png"), s3_event("incoming/c.zip"), receives=3))

    assert envelope.queued
    assert envelope.messages == (
        Message((Drop(BUCKET, "incoming/a.png"), Drop(BUCKET, "incoming/b.png")), "message-0", "receipt-0", 3),
        Message((Drop(BUCKET, "incoming/c.zip"),), "message-1", "receipt-1", 3),
    )


def test_a_queue_in_a_queue_is_unwrapped() -> None:
    """Envelopes are unwrapped recursively."""
    assert drops(sqs_event(sqs_event(s3_event("incoming/a.png")))) == [[Drop(BUCKET, "incoming/a.png")]]


def test_envelopes_nested_without_end_are_refused() -> None:
    """No event recurses deeper than any known chain."""
    event: dict[str, object] = s3_event("incoming/a.png")
    for _ in range(12):
        event = sqs_event(event)

    (message,) = unwrap(event).messages
    assert isinstance(message.error, EventError)


@pytest.mark.parametrize("event", [TEST_EVENT, sqs_event(TEST_EVENT)])
def test_the_test_event_is_acknowledged(event: object) -> None:
    """S3 sends one when a notification is set up; it brings nothing and is no error."""
    envelope = unwrap(event)

    assert [(message.drops, message.error) for message in envelope.messages] == [((), None)]


@pytest.mark.parametrize(
    "name", ["ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectTagging:Put", "s3:ObjectRestore:Post"]
)
def test_events_other_than_creation_are_acknowledged(name: str) -> None:
    """What creates no object brings no drop, and its neighbours still do."""
    event: dict[str, Any] = s3_event("incoming/a.png", name=name)
    event["Records"] += s3_event("incoming/b.png")["Records"]

    assert drops(event) == [[Drop(BUCKET, "incoming/b.png")]]


@pytest.mark.parametrize(
    "name", ["ObjectCreated:Put", "s3:ObjectCreated:Put", "ObjectCreated:CompleteMultipartUpload", "ObjectCreated:Copy"]
)
def test_every_kind_of_creation_is_a_drop(name: str) -> None:
    """However an object was made, it is there."""
    assert drops(s3_event("incoming/a.png", name=name)) == [[Drop(BUCKET, "incoming/a.png")]]


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("incoming/a+b.png", "incoming/a b.png"),
        ("incoming/a%20b.png", "incoming/a b.png"),
        ("incoming/1%2B1.png", "incoming/1+1.png"),
        ("incoming%2Fa%2Fb.png", "incoming/a/b.png"),
        ("incoming/%C3%A4%E2%82%AC.png", "incoming/ä€.png"),
        ("incoming/100%2525.png", "incoming/100%25.png"),
        ("incoming/50%.png", "incoming/50%.png"),
        ("incoming/ä.png", "incoming/ä.png"),
        ("incoming/%0A.png", "incoming/\n.png"),
    ],
)
def test_keys_of_notifications_are_form_encoded(encoded: str, key: str) -> None:
    """A plus is a space, %2B a plus, and %2F the slash that moto writes."""
    assert drops(raw_s3_event(encoded)) == [[Drop(BUCKET, key)]]


@given(KEYS)
def test_any_key_comes_out_of_any_encoding(key: str) -> None:
    """Whatever a key holds, and however much of it is encoded, the drop names it exactly."""
    for encoded in (quote_plus(key), quote_plus(key, safe="/"), quote(key, safe="")):
        assert drops(raw_s3_event(encoded)) == [[Drop(BUCKET, key)]]


@given(KEYS, KEYS)
def test_a_fresh_body_brings_the_same_drop(bucket: str, key: str) -> None:
    """What is sent to the queue anew is understood as what it was made from."""
    assert drops(sqs_event(fresh_body(Drop(bucket, key)))) == [[Drop(bucket, key)]]


def test_a_fresh_message_remembers_when_the_first_was_sent() -> None:
    """However often a drop is sent afresh, the time that it waits runs from its first message."""
    (message,) = unwrap(timed(s3_event("incoming/a.png"), "1772439331045")).messages
    for sent in ("1772439391045", "1772439999999"):
        assert message.drops[0].since == 1_772_439_331_045
        (message,) = unwrap(timed(json.loads(fresh_body(message.drops[0])), sent)).messages


@pytest.mark.parametrize("sent", [None, "soon", "-5", "9" * 5000, 1_772_439_331_045, ["1"]])
def test_a_message_that_does_not_say_when_it_was_sent_is_none_the_worse(sent: object) -> None:
    """The time is for metrics alone."""
    (message,) = unwrap(timed(s3_event("incoming/a.png"), sent)).messages
    assert [(drop.key, drop.since) for drop in message.drops] == [("incoming/a.png", 0)]


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "text",
        5,
        {},
        {"Records": None},
        {"Records": []},
        {"Records": {}},
        {"Records": [None]},
        {"Records": [{}]},
        {"Records": [{"eventSource": "aws:kinesis"}]},
        {"Records": [*sqs_event("{}")["Records"], {}]},  # type: ignore[misc]  # a list of records
        {"source": "aws.s3", "detail": {}},
        {"Event": "another"},
    ],
)
def test_an_envelope_that_nobody_knows_raises(event: object) -> None:
    """It is never dropped silently: without a queue it raises, inside one its message keeps the error."""
    with pytest.raises(EventError):
        unwrap(event)
    (good, bad) = unwrap(sqs_event(s3_event("incoming/a.png"), event if event != "text" else '"text"')).messages
    assert good == Message((Drop(BUCKET, "incoming/a.png"),), "message-0", "receipt-0")
    assert isinstance(bad.error, EventError)
    assert (bad.identifier, bad.receipt, bad.drops) == ("message-1", "receipt-1", ())


@pytest.mark.parametrize("body", ["", "text", "{", "[" * 100_000, '{"Records": [', "\ud800"])
def test_a_body_that_is_not_json_is_kept_with_its_message(body: str) -> None:
    """One message of garbage does not take down the others, and the error does not repeat it at length."""
    (bad,) = unwrap(sqs_event(body)).messages

    assert isinstance(bad.error, EventError)
    assert len(str(bad.error)) < 400


@pytest.mark.parametrize(
    "changes",
    [
        {"s3": None},
        {"s3": {}},
        {"s3": {"bucket": {"name": "b"}, "object": {}}},
        {"s3": {"bucket": {"name": "b"}, "object": {"key": None}}},
        {"s3": {"bucket": {"name": "b"}, "object": {"key": ""}}},
        {"s3": {"bucket": {"name": ""}, "object": {"key": "k"}}},
        {"s3": {"bucket": {"name": 5}, "object": {"key": "k"}}},
        {"s3": {"bucket": {"name": "b"}, "object": {"key": ["k"]}}},
        {"s3": {"bucket": {"name": "b"}, "object": {"key": "%ff.png"}}},
        {"s3": {"bucket": {"name": "b"}, "object": {"key": "\ud800"}}},
        {"s3": {"bucket": {"name": "\ud800"}, "object": {"key": "k"}}},
        {"eventName": None},
        {"eventName": 5},
    ],
)
def test_a_record_that_names_no_object_is_an_error_beside_the_others(changes: dict[str, object]) -> None:
    """A damaged record is no reason to drop it silently, nor to leave its neighbours undone."""
    event: dict[str, Any] = s3_event("incoming/a.png", "incoming/b.png")
    event["Records"][0] |= changes

    (message,) = unwrap(event).messages
    assert isinstance(message.error, EventError)
    assert [drop.key for drop in message.drops] == ["incoming/b.png"]
    assert isinstance(unwrap(sqs_event(event)).messages[0].error, EventError)


@pytest.mark.parametrize(
    "changes",
    [
        {"body": None},
        {"body": {"Records": []}},
        {"messageId": None},
        {"messageId": 5},
        {"receiptHandle": ["r"]},
        {"attributes": None},
        {"attributes": {"ApproximateReceiveCount": "many"}},
        {"attributes": {"ApproximateReceiveCount": float("inf")}},
        {"attributes": {"ApproximateReceiveCount": None}},
    ],
)
def test_a_queues_record_that_is_damaged_is_an_event_error(changes: dict[str, object]) -> None:
    """A record without what every one has cannot be replied to: the event raises; a bad body stays with its message."""
    event: dict[str, Any] = sqs_event(s3_event("incoming/a.png"))
    event["Records"][0] |= changes
    if "body" in changes:
        assert isinstance(unwrap(event).messages[0].error, EventError)
        return
    with pytest.raises(EventError):
        unwrap(event)


def test_a_message_without_a_count_was_received_once() -> None:
    """Queues that do not count are taken at their word."""
    event: dict[str, Any] = sqs_event(s3_event("incoming/a.png"))
    del event["Records"][0]["attributes"]

    assert unwrap(event).messages[0].receives == 1


def test_the_reply_names_exactly_what_failed() -> None:
    """A queue keeps the failed messages and deletes the others."""
    envelope = unwrap(sqs_event(s3_event("a"), "garbage", s3_event("c")))
    first, second, _ = envelope.messages

    assert reply(envelope, []) == {"batchItemFailures": []}
    assert reply(envelope, [second, first]) == {
        "batchItemFailures": [{"itemIdentifier": "message-1"}, {"itemIdentifier": "message-0"}]
    }
    json.dumps(reply(envelope, envelope.messages))


def test_without_a_queue_the_reply_is_empty() -> None:
    """S3 takes no reply."""
    assert reply(unwrap(s3_event("a")), []) == {}
    assert reply(Envelope((), queued=False), []) == {}


@given(JSON | NEARLY)
@settings(deadline=None, max_examples=500)
def test_any_json_is_an_envelope_or_an_event_error(event: object) -> None:
    """No event raises anything else, neither by itself nor inside a queue, and every message can be a key."""
    try:
        messages = unwrap(event).messages
    except EventError:
        messages = ()
    assert len(set(messages)) <= len(messages)
    (message,) = unwrap(sqs_event(json.dumps(event))).messages
    assert message.error is None or isinstance(message.error, EventError)


@given(st.text(max_size=60))
def test_any_text_in_a_body_is_kept_with_its_message(body: str) -> None:
    """Whatever stands in a queue, its message has drops or an error."""
    (message,) = unwrap(sqs_event(body)).messages

    assert message.drops == ()
