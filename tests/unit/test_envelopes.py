"""Topics, EventBridge, plain names, and envelopes in envelopes."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.envelopes import Drop
from handler.errors import EventError
from handler.events import Message, fresh_body, reply, unwrap
from tests.doubles import BUCKET, s3_event, sqs_event
from tests.envelopes import Event, bridged, direct, published, sns_event

TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-01T00:00:00Z", "Bucket": BUCKET}
INNERMOST: dict[str, Callable[[str], Event]] = {"s3": s3_event, "eventbridge": bridged, "direct": direct}
AROUND: dict[str, Callable[[object], Event]] = {"sns": sns_event, "sqs": sqs_event, "published": published}
ODD = "incoming/a+b%20c ü.png"
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
WORDS = ["Records", "EventSource", "Sns", "Message", "Type", "TopicArn", "source", "detail-type", "detail", "bucket"]
NEARLY: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["aws:sns", "aws.s3", "Notification", "Object Created", "{}", "", "a", '{"bucket": 1}'])
    | st.none()
    | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*WORDS, "name", "object", "key", "Event"]), inner, max_size=6)
    ),
    max_leaves=25,
)


def only_drop(event: object) -> Drop:
    """The one drop of an event of one message."""
    (message,) = unwrap(event).messages
    assert message.error is None
    (drop,) = message.drops
    return drop


@pytest.mark.parametrize("kind", INNERMOST)
@pytest.mark.parametrize(
    "around", [chain for depth in range(4) for chain in product(AROUND, repeat=depth)], ids="-".join
)
def test_every_envelope_in_every_other_brings_the_drop(kind: str, around: tuple[str, ...]) -> None:
    """Up to three around each; the outermost alone decides what reply is due."""
    event = INNERMOST[kind](ODD)
    for name in around:
        event = AROUND[name](event)
    envelope = unwrap(event)
    is_queued = bool(around) and around[-1] == "sqs"

    assert only_drop(event) == Drop(BUCKET, ODD)
    assert envelope.queued is is_queued
    assert reply(envelope, envelope.messages) == (
        {"batchItemFailures": [{"itemIdentifier": "message-0"}]} if is_queued else {}
    )


@given(KEYS, KEYS)
def test_keys_are_plain_but_in_notifications(bucket: str, key: str) -> None:
    """EventBridge and people write a key as it is: a plus is a plus, and %20 three characters."""
    assert only_drop(bridged(key, bucket=bucket)) == Drop(bucket, key)
    assert only_drop(direct(key, bucket=bucket)) == Drop(bucket, key)


def test_the_same_text_is_another_key_in_another_envelope() -> None:
    """What a notification encodes, EventBridge does not."""
    encoded: Any = s3_event("x")
    encoded["Records"][0]["s3"]["object"]["key"] = "incoming/a+b%20c"

    assert only_drop(encoded).key == "incoming/a b c"
    assert only_drop(sns_event(encoded)).key == "incoming/a b c"
    assert only_drop(bridged("incoming/a+b%20c")).key == "incoming/a+b%20c"
    assert only_drop(sqs_event(bridged("incoming/a+b%20c"))).key == "incoming/a+b%20c"


def test_a_drop_from_eventbridge_that_has_to_wait_keeps_its_key() -> None:
    """It is sent afresh as a notification, whose key is encoded."""
    assert only_drop(sqs_event(fresh_body(only_drop(bridged(ODD))))) == Drop(BUCKET, ODD)


def test_all_records_of_a_topic_are_one_message_of_all_their_drops() -> None:
    """A topic takes no partial reply: they succeed or fail together, in order."""
    envelope = unwrap(sns_event(s3_event("a", "b"), TEST_EVENT, bridged("c")))

    assert envelope.messages == (Message((Drop(BUCKET, "a"), Drop(BUCKET, "b"), Drop(BUCKET, "c"))),)


@pytest.mark.parametrize("wrap", [sns_event, published, lambda event: sqs_event(published(event))])
def test_the_test_event_is_acknowledged_through_a_topic(wrap: Callable[[object], Event]) -> None:
    """S3 sends it there too."""
    (message,) = unwrap(wrap(TEST_EVENT)).messages

    assert (message.drops, message.error) == ((), None)


@pytest.mark.parametrize("happened", ["Object Deleted", "Object Restore Completed", "Object Tags Added", "anything"])
def test_what_creates_no_object_is_acknowledged(happened: str) -> None:
    """EventBridge brings deletions and more; they are no drops and no errors."""
    event = bridged("incoming/a.png", happened=happened)
    deleted = s3_event("incoming/a.png", name="ObjectRemoved:Delete")

    for around in (lambda inner: inner, sns_event, published, sqs_event):
        for inner in (event, deleted):
            (message,) = unwrap(around(inner)).messages
            assert (message.drops, message.error) == ((), None)


UNKNOWN: list[object] = [
    bridged(None),
    bridged(""),
    bridged(5),
    bridged("\ud800"),
    bridged("k", bucket=None),
    {**bridged("k"), "detail": None},
    {**bridged("k"), "source": "aws.ec2"},
    {**bridged("k"), "source": None},
    direct(""),
    direct(None),
    direct(["k"]),
    direct("\ud800"),
    direct("k", bucket=""),
    direct("k", bucket={"name": BUCKET}),
    {"bucket": BUCKET},
    {"key": "k"},
    sns_event("text"),
    sns_event("{}"),
    sns_event("null"),
    {"Records": [{"EventSource": "aws:sns"}]},
    {"Records": [{"EventSource": "aws:sns", "Sns": "text"}]},
    {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": None}}]},
    {"Records": [{"EventSource": "aws:dynamodb"}]},
    published("text"),
    published(["k"]),
    {"Type": "Notification", "TopicArn": "t"},
    {"Type": "Notification", "Message": "{}"},
    {"Type": "SubscriptionConfirmation", "TopicArn": "t", "Message": "{}"},
    {"detail-type": "Object Created", "detail": {}},
]


@pytest.mark.parametrize("event", UNKNOWN)
def test_an_envelope_that_nobody_knows_raises_and_in_a_queue_fails_its_message(event: object) -> None:
    """However deep it is, it is never dropped silently; its neighbours go on."""
    for around in (lambda inner: inner, sns_event, published):
        with pytest.raises(EventError):
            unwrap(around(event))
        envelope = unwrap(sqs_event(bridged("a"), around(event), direct("c")))
        assert [message.drops for message in envelope.messages] == [(Drop(BUCKET, "a"),), (), (Drop(BUCKET, "c"),)]
        failed = [message for message in envelope.messages if message.error]
        assert reply(envelope, failed) == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}


def test_one_bad_record_fails_the_whole_message_that_it_is_in() -> None:
    """A message is kept or deleted as one: what is good in it comes again with what is not."""
    envelope = unwrap(sqs_event(sns_event(s3_event("a"), "garbage"), s3_event("b")))

    assert [message.error is None for message in envelope.messages] == [False, True]
    assert [message.drops for message in envelope.messages] == [(Drop(BUCKET, "a"),), (Drop(BUCKET, "b"),)]


def test_what_is_good_beside_a_bad_record_is_tried_before_the_event_fails() -> None:
    """Without a queue all records are tried, whatever they come from, and the first failure stands."""
    mixed = {"Records": [*s3_event("a")["Records"], *sqs_event("{}")["Records"], *sns_event("x")["Records"]]}  # type: ignore[misc]  # lists of records
    for event in (sns_event(s3_event("a"), "garbage"), mixed):
        (message,) = unwrap(event).messages
        assert message.drops == (Drop(BUCKET, "a"),)
        assert isinstance(message.error, EventError)


@pytest.mark.parametrize("wrap", [sns_event, published, sqs_event])
def test_envelopes_nested_without_end_are_refused(wrap: Callable[[object], Event]) -> None:
    """No event recurses deeper than any known chain."""
    event: Event = s3_event("a")
    for _ in range(12):
        event = wrap(event)

    (message,) = unwrap(sqs_event(event)).messages
    assert isinstance(message.error, EventError)
    assert len(str(message.error)) < 400


@given(NEARLY)
@settings(deadline=None, max_examples=500)
def test_any_json_is_an_envelope_or_an_event_error(event: object) -> None:
    """No event raises anything else, by itself, in a topic, or in a queue."""
    for around in (lambda inner: inner, sns_event, published):
        try:
            messages = unwrap(around(event)).messages
        except EventError:
            continue
        assert len(messages) == 1 or isinstance(event, dict)
    assert len(unwrap(sqs_event(bridged(event))).messages) == 1
