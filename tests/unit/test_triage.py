"""What is handled now and what waits, by how often it came before, and how what waits is sent afresh."""

import json

import pytest

from handler.delivery import Tools, deliver
from handler.errors import StoreError
from handler.events import Message, fresh_body, unwrap
from handler.settings import Settings
from handler.triage import TOGETHER, set_aside, triage
from tests.doubles import BUCKET, MemoryQueue, MemoryStore, RowClassifier, s3_event, sqs_record


def messages(*receives: int, drops: int = 1) -> list[Message]:
    """Messages that were received so often, as the handler sees them; message n is called `n`."""
    keys = [f"incoming/{number}.png" for number in range(drops)]
    return [
        unwrap({"Records": [sqs_record(str(number), json.dumps(s3_event(*keys)), count)]}).messages[0]
        for number, count in enumerate(receives)
    ]


def names(found: tuple[Message, ...]) -> list[str]:
    """What messages are called."""
    return [message.identifier for message in found]


def test_messages_that_come_for_the_first_time_are_handled_together() -> None:
    """Nothing waits while nothing is suspect."""
    assert names(triage(messages(*[1] * 100)).now) == [str(number) for number in range(100)]
    assert triage(messages(*[1] * 100)).later == ()
    assert triage([]).now == ()


def test_messages_that_came_before_are_handled_in_small_groups() -> None:
    """At a second receive ten are handled; the rest, and all that come for the first time, wait."""
    parts = triage(messages(1, *[2] * 12))
    assert names(parts.now) == [str(number) for number in range(1, 1 + TOGETHER)]
    assert names(parts.later) == ["0", "11", "12"]


def test_the_most_suspect_message_is_handled_alone() -> None:
    """From a third receive on a message shares its process with nothing."""
    parts = triage(messages(1, 2, 3, 4, 3))
    assert names(parts.now) == ["3"]
    assert names(parts.later) == ["0", "1", "2", "4"]


def test_a_fresh_message_remembers_its_past() -> None:
    """What was sent afresh is as suspect as it was, though its receives begin anew; the nearest to its end is first."""
    (old,) = messages(4)
    fresh = unwrap({"Records": [sqs_record("fresh", fresh_body(old.drops[0]), 1)]}).messages[0]
    again = unwrap({"Records": [sqs_record("again", fresh_body(old.drops[0]), 2)]}).messages[0]
    assert (fresh.receives, fresh.drops[0].suspicion, again.drops[0].suspicion) == (1, 3, 4)
    assert names(triage([*messages(3), fresh, old]).now) == ["0"]
    assert triage([*messages(3), fresh, old]).now[0] is old


def test_a_suspect_message_of_several_drops_is_taken_apart() -> None:
    """Drops that share a message cannot be told apart, so each gets a message of its own; duplicates get one."""
    parts = triage(messages(2, drops=3))
    assert names(parts.now) == []
    queue = MemoryQueue()
    assert set_aside(parts.later, queue, 1) == {}
    assert [unwrap(json.loads(body)).messages[0].drops[0].key for body in queue.sent] == [
        "incoming/0.png",
        "incoming/1.png",
        "incoming/2.png",
    ]
    assert queue.acknowledged == ["0 2"]


@pytest.mark.parametrize(("call", "failed"), [("send", ["0"]), ("acknowledge", [])])
def test_what_cannot_be_set_aside_is_not_lost(call: str, failed: list[str]) -> None:
    """A message that cannot be sent afresh is kept and fails; one that cannot be deleted is acknowledged later."""

    def break_down(name: str) -> None:
        if name == call:
            raise StoreError(name)

    queue = MemoryQueue(break_down)
    assert names(tuple(set_aside(messages(1), queue, 4))) == failed
    assert queue.acknowledged == []


def test_a_message_that_is_partly_malformed_is_not_deleted() -> None:
    """Its drops are sent afresh, and it stays, to end as a dead letter for what could not be understood in it."""
    records = [*s3_event("incoming/0.png", "incoming/1.png")["Records"], {"hello": "world"}]  # type: ignore[misc]  # it is a list
    (broken,) = unwrap({"Records": [sqs_record("broken", json.dumps({"Records": records}), 2)]}).messages
    assert broken.error
    parts = triage([broken])
    assert parts.now == ()
    queue = MemoryQueue()
    assert set_aside(parts.later, queue, 1) == {}
    assert [unwrap(json.loads(body)).messages[0].drops[0].key for body in queue.sent] == [
        "incoming/0.png",
        "incoming/1.png",
    ]
    assert queue.acknowledged == []


def test_a_message_that_is_partly_malformed_still_fails_after_its_drops_were_set_aside() -> None:
    """The reply names it, so that nobody deletes it either."""
    records = [*s3_event("incoming/0.png", "incoming/1.png")["Records"], {"hello": "world"}]  # type: ignore[misc]  # likewise
    envelope = unwrap({"Records": [sqs_record("broken", json.dumps({"Records": records}), 2)]})
    queue = MemoryQueue()
    tools = Tools(Settings(BUCKET, queue_url="there is one", fetch_threads=1), MemoryStore(), queue, RowClassifier)
    failed = deliver(envelope, tools, lambda: 300)
    assert [message.identifier for message in failed] == ["broken"]
    assert (len(queue.sent), queue.acknowledged) == (2, [])


def test_a_message_that_brings_nothing_does_not_die_with_a_suspect() -> None:
    """It is deleted before the suspect is handled, and nothing is sent in its place, nor does it come round again."""
    nothing = [json.dumps(body) for body in ({"Event": "s3:TestEvent"}, s3_event("incoming/.DS_Store", "models/x"))]
    records = [sqs_record(str(number), body, 2) for number, body in enumerate(nothing)]
    envelope = unwrap({"Records": [*records, sqs_record("suspect", json.dumps(s3_event("incoming/0.png")), 2)]})
    deleted: list[str] = []
    queue = MemoryQueue()
    store = MemoryStore(lambda _call: deleted.extend(queue.acknowledged))
    tools = Tools(Settings(BUCKET, queue_url="there is one", fetch_threads=1), store, queue, RowClassifier)
    assert deliver(envelope, tools, lambda: 300) == {}
    assert deleted == ["0 2", "1 2"]
    assert queue.sent == []
