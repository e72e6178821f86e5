"""A message that kills the process, and one that always fails, become dead letters alone; their neighbours get done."""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler import app
from handler.delivery import Tools
from handler.errors import StoreError
from handler.events import Message, fresh_body, unwrap
from handler.ports import Peek
from handler.settings import Settings
from handler.triage import TOGETHER, set_aside, triage
from tests.doubles import BUCKET, MemoryQueue, MemoryStore, RowClassifier, Stored, Time, bar, encoded, s3_event
from tests.interleaving import Killed

MOST_RECEIVES = 5
PICTURE = encoded(bar(4, 20))


def messages(*receives: int, drops: int = 1) -> list[Message]:
    """Messages that were received so often, as the handler sees them; message n is called `n`."""
    keys = [f"incoming/{number}.png" for number in range(drops)]
    return [
        unwrap({"Records": [sqs_record(str(number), json.dumps(s3_event(*keys)), count)]}).messages[0]
        for number, count in enumerate(receives)
    ]


def sqs_record(identifier: str, body: str, receives: int) -> dict[str, Any]:
    """A record as Lambda makes it of a message."""
    return {
        "messageId": identifier,
        "receiptHandle": f"{identifier} {receives}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "eventSource": "aws:sqs",
    }


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


@dataclass
class Sqs:
    """`ports.Queue` and the queue behind it, with receives and a dead-letter queue, without any time."""

    visible: deque[tuple[str, str]] = field(default_factory=deque)
    """(identifier, body)"""
    held: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By receipt."""
    receives: Counter[str] = field(default_factory=Counter)
    dead: list[str] = field(default_factory=list)

    def send(self, body: str) -> None:
        """Visible at once."""
        self.visible.append((str(len(self.receives)), body))
        self.receives[str(len(self.receives))] = 0

    def acknowledge(self, receipt: str) -> None:
        """As SQS, without complaint where it is gone."""
        self.held.pop(receipt, None)

    def delay(self, receipt: str, seconds: int) -> None:
        """There is no time."""

    def receive(self, count: int) -> list[dict[str, Any]]:
        """Up to `count` messages; those that were received too often become dead letters instead."""
        records: list[dict[str, Any]] = []
        while self.visible and len(records) < count:
            identifier, body = self.visible.popleft()
            self.receives[identifier] += 1
            if self.receives[identifier] > MOST_RECEIVES:
                self.dead.append(body)
                continue
            record = sqs_record(identifier, body, self.receives[identifier])
            self.held[record["receiptHandle"]] = identifier, body
            records.append(record)
        return records

    def give_back(self, records: list[dict[str, Any]]) -> None:
        """What an invocation still held is visible again."""
        for record in records:
            if message := self.held.pop(record["receiptHandle"], None):
                self.visible.append(message)


class DeadlyStore(MemoryStore):
    """A store where to look at some objects kills, and where others can never be read."""

    def peek(self, key: str) -> Peek:
        """As the key says."""
        if "killer" in key:
            raise Killed
        if "poison" in key:
            raise StoreError(key)
        return super().peek(key)


def keys_of(body: str) -> set[str]:
    """The keys that a message brings."""
    return {drop.key for message in unwrap(json.loads(body)).messages for drop in message.drops}


@given(
    healthy=st.integers(0, 60),
    killers=st.integers(0, 4),
    poison=st.integers(0, 4),
    batch_size=st.sampled_from([1, 3, 10, 100]),
    most_held=st.integers(1, 4),
    shared=st.booleans(),
    random=st.randoms(use_true_random=False),
)
@settings(max_examples=120, deadline=None)
def test_the_dead_letters_are_exactly_the_killers_and_the_poison(  # noqa: PLR0913  # what the queue is made of
    healthy: int, killers: int, poison: int, batch_size: int, most_held: int, *, shared: bool, random: Random
) -> None:
    """Whoever shares batches with whom, at any concurrency, with duplicates: all the healthy are done, no other is."""
    groups = {"healthy": healthy, "killer": killers, "poison": poison}
    keys = [f"incoming/{kind}-{number}.png" for kind, count in groups.items() for number in range(count)]
    sqs, store = Sqs(), DeadlyStore()
    store.objects |= {key: Stored(PICTURE) for key in keys}
    copies = keys + random.sample(keys, len(keys) // 5)
    bad = [key for key in copies if "healthy" not in key]
    random.shuffle(copies)
    while copies:
        count = random.randint(1, 3) if shared else 1
        sqs.send(json.dumps(s3_event(*copies[:count])))
        del copies[:count]
    settings_ = Settings(BUCKET, queue_url="there is one", fetch_threads=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "wire", lambda: Tools(settings_, store, sqs, RowClassifier))
        invocations = run(sqs, batch_size, most_held, random)
    assert {key for body in sqs.dead for key in keys_of(body)} == set(bad)
    assert len(sqs.dead) <= len(bad)
    rows = store.text("predictions/predictions.csv").splitlines()[1:] if healthy else []
    assert sorted(row.partition(",")[0] for row in rows) == sorted(f"healthy-{number}.png" for number in range(healthy))
    assert invocations < 300 + 40 * len(keys)


def run(sqs: Sqs, batch_size: int, most_held: int, random: Random) -> int:
    """Invoke until the queue is empty, some batches being held while others are handled; gives how often."""
    batches: list[list[dict[str, Any]]] = []
    invocations = 0
    while sqs.visible or batches:
        if len(batches) < most_held and sqs.visible:
            if batch := sqs.receive(batch_size):
                batches.append(batch)
            if random.random() < 0.5:
                continue
        if not batches:
            continue
        batch = batches.pop(random.randrange(len(batches)))
        invocations += 1
        try:
            answer = app.lambda_handler({"Records": batch}, Time())
        except Killed:
            sqs.give_back(batch)
            continue
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in batch:
            if record["messageId"] not in failed:
                sqs.acknowledge(record["receiptHandle"])
        sqs.give_back(batch)
        if random.random() < 0.3:
            random.shuffle(sqs.visible)
    return invocations
