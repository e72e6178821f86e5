"""A bucket that many write to, its queue, and handlers at work on it, in any order that a tape of numbers says."""

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st

from handler import app, commit
from handler.delivery import Tools
from handler.ports import ObjectStore
from handler.settings import Settings
from tests.doubles import BUCKET, MemoryQueue, RowClassifier, Time, bar, encoded, s3_event, sqs_event, zipped
from tests.interleaving import Run, Runs

PICTURES = {f"bar {high}": encoded(bar(high, 20 - high)) for high in (2, 5, 8, 14)} | {
    "broken": encoded(bar(3, 9))[:60],
    "two pages": encoded(bar(4, 8), "GIF", save_all=True, append_images=[]),
}
ZIPS = {
    "one": zipped({"1.png": PICTURES["bar 2"]}),
    "two": zipped({"1.png": PICTURES["bar 5"], "b/2.png": PICTURES["broken"]}),
    "three": zipped(dict.fromkeys(("x", "y", "z"), PICTURES["bar 8"])),
    "torn": zipped({"1.png": PICTURES["bar 2"]})[:-9],
}
KEYS = {
    "incoming/1.png": PICTURES,
    "incoming/a/1.png": PICTURES,
    "incoming/a/2.png": PICTURES,
    "incoming/a/=3 +ü.png": PICTURES,
    "incoming/a/b.zip": ZIPS,
    "incoming/c.zip": ZIPS,
}
WRITES = st.sampled_from([(key, body) for key, bodies in KEYS.items() for body in bodies.values()])
OVERWRITES = st.sampled_from(
    [("incoming/a/1.png", PICTURES[name]) for name in ("bar 2", "bar 5", "bar 8")]
    + [("incoming/c.zip", ZIPS[name]) for name in ("one", "three")]
)
"""Of two objects alone, so that few examples make many collisions."""
MOST_KILLS = 6
MOST_STEPS = 5_000


@dataclass(frozen=True)
class UntilWritten:
    """Time that runs out when the invocation writes its first CSV: what comes after it has to wait."""

    run: Run
    aws_request_id: str = "a-request"

    def get_remaining_time_in_millis(self) -> int:
        """Much, then nothing."""
        return 0 if self.run.wrote else 300_000


@dataclass
class World:
    """A bucket, its queue, and the handlers at work; `tape` decides what happens next."""

    put: Callable[[str, bytes], object]
    queue: MemoryQueue
    runs: Runs
    tape: Iterator[int]
    waiting: deque[str] = field(default_factory=deque)
    """Bodies of messages that are to be received."""
    held: dict[int, tuple[Run, list[str]]] = field(default_factory=dict)
    kills: int = 0

    def write(self, key: str, body: bytes) -> None:
        """Upload: the object stands, then its event is on its way."""
        self.put(key, body)
        self.waiting.append(json.dumps(s3_event(key)))

    def receive(self) -> None:
        """Begin an invocation with some of the messages, in any order, with much or little time."""
        count = 1 + next(self.tape) % min(len(self.waiting), 4)
        self.waiting.rotate(next(self.tape) % len(self.waiting))
        bodies = [self.waiting.popleft() for _ in range(count)]
        if next(self.tape) % 4 == 0:
            self.waiting.append(bodies[0])  # delivered twice
        hurried = next(self.tape) % 4 == 0
        event = sqs_event(*bodies)
        run = self.runs.start(lambda: app.lambda_handler(event, UntilWritten(run) if hurried else Time()))
        self.held[len(self.runs.active)] = run, bodies

    def advance(self) -> None:
        """Let one of the handlers make its next call, or kill it before that."""
        number = list(self.held)[next(self.tape) % len(self.held)]
        run, bodies = self.held[number]
        if next(self.tape) % 16 == 0 and self.kills < MOST_KILLS:
            self.kills += 1
            run.kill()
            self.waiting.extend(bodies)
            del self.held[number]
            return
        run.step()
        if run.done:
            assert run.failure is None, run.failure
            assert run.answer == {"batchItemFailures": []}
            del self.held[number]
            self.waiting.extend(self.queue.sent)
            self.queue.sent.clear()

    def settle(self, writes: deque[tuple[str, bytes]]) -> None:
        """Make the writes while handlers are at work, and go on until every message is done with."""
        for _ in range(MOST_STEPS):
            choice = next(self.tape) % 8
            if writes and (choice == 0 or not (self.waiting or self.held)):
                self.write(*writes.popleft())
            elif self.waiting and len(self.held) < 3 and (choice < 3 or not self.held):
                self.receive()
            elif self.held:
                self.advance()
            elif not writes:
                return
        pytest.fail("the queue is never empty")


def wire(store: ObjectStore, queue: MemoryQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wire the handler to make one request at a time, so that a test can stand between any two."""
    tools = Tools(Settings(BUCKET, fetch_threads=1), store, queue, RowClassifier)
    monkeypatch.setattr(app, "wire", lambda: tools)
    monkeypatch.setattr(commit, "_PAUSE", 0.0)


def endless(tape: list[int]) -> Iterator[int]:
    """A tape that goes on without kills when it ends, so that all comes to rest."""
    return itertools.chain(tape, itertools.cycle(range(1, 256)))


def deliver_cleanly(writes: list[tuple[str, bytes]], put: Callable[[str, bytes], object]) -> None:
    """Upload the objects as they are at last, and deliver each once, in one invocation."""
    final = dict(writes)
    for key, body in final.items():
        put(key, body)
    assert app.lambda_handler(sqs_event(s3_event(*final)), Time()) == {"batchItemFailures": []}
