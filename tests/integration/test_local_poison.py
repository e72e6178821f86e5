"""What the local stack makes of a queue of poison, duplicates and drops that kill the function, at high speed."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from handler.events import unwrap
from infra import processes
from infra.running import EMULATED, HERE
from tests.doubles import bar, encoded, s3_event
from tests.processes import wait_for
from tests.stacks import awaited, dead_letters, drop, emulator_or_skip, is_idle, sqs_of, started

PICTURE = encoded(bar(4, 20))
HEALTHY = [f"incoming/d/{number:02}.png" for number in range(40)]
KILLERS = ["incoming/d/killer-1.png", "incoming/e/killer-2.png"]
NOTHING = [json.dumps({"Event": "s3:TestEvent"}), json.dumps(s3_event("incoming/d/", bucket="another"))]
POISON = [json.dumps({"hello": "world"}), "no JSON at all"]


@pytest.mark.parametrize("runtime", [HERE, EMULATED])
def test_the_dead_letters_are_exactly_the_poison_and_the_killers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    """Everything healthy has its row, once, though it shared batches with what kills the process; nothing else dies."""
    if runtime == EMULATED:
        emulator_or_skip()
    times: dict[str, Any] = {"timeout": 60, "window": 0.3, "visibility": 90}  # as on AWS, longer than any invocation
    monkeypatch.setattr(processes, "_PAUSES", (0.0,))  # workers die all the time, and are wanted again at once
    with started(tmp_path, "tests.stubs:dies_of_killers_and_lets_go", speed=900, runtime=runtime, **times) as stack:
        keys = HEALTHY + KILLERS
        random.Random(7).shuffle(keys)  # noqa: S311  # a tape, no secret
        for key in keys:
            drop(stack, key, PICTURE)
        sqs, url = sqs_of(stack.place), stack.place.queue_url(stack.stack.queue)
        drop(stack, "incoming/d/.DS_Store")
        for body in [
            *POISON,
            *NOTHING,
            *(json.dumps(s3_event(key, bucket=stack.stack.bucket)) for key in HEALTHY[::4]),
        ]:
            sqs.send_message(QueueUrl=url, MessageBody=body)
        wait_for(lambda: is_idle(stack), "the queue is empty", 240)
        rows = awaited(stack, "predictions/d/predictions.csv").decode().splitlines()[1:]
        assert [row.partition(",")[0] for row in rows] == [key.rpartition("/")[2] for key in HEALTHY]
        dead = dead_letters(stack)
    assert sorted(body for body in dead if body in POISON) == sorted(POISON)
    assert sorted(key for body in dead if body not in POISON for key in keys_of(body)) == KILLERS


def keys_of(body: str) -> list[str]:
    """The keys that a message brings."""
    return [found.key for message in unwrap(json.loads(body)).messages for found in message.drops]
