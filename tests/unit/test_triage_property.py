"""Queues of the healthy, of killers and of poison, seen through to their ends without any time."""

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
from handler.events import unwrap
from handler.ports import Peek
from handler.settings import Settings
from tests.doubles import BUCKET, MemoryStore, RowClassifier, Stored, Time, bar, encoded, s3_event, sqs_record
from tests.interleaving import Killed

MOST_RECEIVES = 5
PICTURE = encoded(bar(4, 20))


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
    nothing=st.integers(0, 4),
    batch_size=st.sampled_from([1, 3, 10, 100]),
    most_held=st.integers(1, 4),
    shared=st.booleans(),
    random=st.randoms(use_true_random=False),
)
@settings(max_examples=120, deadline=None)
def test_the_dead_letters_are_exactly_the_killers_and_the_poison(  # noqa: PLR0913  # what the queue is made of
    *,
    healthy: int,
    killers: int,
    poison: int,
    nothing: int,
    batch_size: int,
    most_held: int,
    shared: bool,
    random: Random,
) -> None:
    """Whoever shares batches with whom, at any concurrency, with duplicates: all the healthy are done, no other is."""
    groups = {"healthy": healthy, "killer": killers, "poison": poison}
    keys = [f"incoming/{kind}-{number}.png" for kind, count in groups.items() for number in range(count)]
    sqs, store = Sqs(), DeadlyStore()
    store.objects |= {key: Stored(PICTURE) for key in keys}
    copies = keys + random.sample(keys, len(keys) // 5)
    bad = [key for key in copies if "healthy" not in key]
    random.shuffle(copies)
    envelopes = [json.dumps({"Event": "s3:TestEvent"}), json.dumps(s3_event("incoming/.DS_Store"))] * nothing
    while copies:
        count = random.randint(1, 3) if shared else 1
        sqs.send(json.dumps(s3_event(*copies[:count])))
        del copies[:count]
        if envelopes:
            sqs.send(envelopes.pop())
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
