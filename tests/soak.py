"""Random kills for as long as wanted, then a count: `python -m tests.soak --minutes 60 [--runtime rie] [--speed 60]`.

The local stack is given zips, loose images, overwrites, repeated events, poison, and killers (objects whose handling
ends the process), while its processes are killed at random. Then the killing ends, and once the queue is empty each
drop must have exactly the rows of what it holds last, and the dead letters must be exactly the poison and the killers.
Ends with status 1 where they are not. Run by hand; its log is in the folder that it names.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from infra.running import EMULATED, HERE, Running
from tests.doubles import bar, s3_event, zipped
from tests.processes import descendants
from tests.soak_count import Expected, differences, in_frames, repeated
from tests.stacks import dead_letters, drop, is_idle, sqs_of, started

PICTURE: Final = in_frames(bar(4, 20), 1)
DRAIN_SECONDS: Final = 1800
MOST_KILLERS_AT_ONCE: Final = 3
"""Each takes five visibility timeouts to its end."""


@dataclass
class Soak:
    """What was done so far, and what must come of it."""

    stack: Running
    random: Random
    expected: Expected = field(default_factory=Expected)
    done: Counter[str] = field(default_factory=Counter)

    def act(self) -> None:
        """Do one thing that users or AWS do."""
        actions = [self.put_zip] * 6 + [self.put_image] * 12 + [self.repeat] * 6
        actions += [self.put_poison, self.put_nothing]
        self.random.choice(actions)()

    def put_zip(self) -> None:
        """A batch, new or overwritten, whose images no earlier one had."""
        key = f"incoming/zips/{self.random.randrange(60)}.zip"
        names = [f"{self.done['zip']}-{number}.png" for number in range(self.random.randint(1, 80))]
        self.expected.batches[key] = names
        drop(self.stack, key, zipped(dict.fromkeys(names, PICTURE)))
        self.done["zip"] += 1

    def put_image(self) -> None:
        """A picture, new or overwritten, with another number of frames than before."""
        key = f"incoming/loose-{self.random.randrange(4)}/{self.random.randrange(100):02}.tif"
        frames = (self.expected.images.get(key, 0) + self.random.randint(1, 4)) % 6 or 6
        self.expected.images[key] = frames
        drop(self.stack, key, in_frames(bar(4, 20), frames))
        self.done["image"] += 1

    def repeat(self) -> None:
        """An event again, late; sometimes several records in one message."""
        keys = [*self.expected.batches, *self.expected.images]
        if keys:
            chosen = self.random.sample(keys, min(len(keys), self.random.choice([1, 1, 1, 3])))
            self.send(json.dumps(s3_event(*chosen, bucket=self.stack.stack.bucket)))
            self.done["repeated event"] += 1

    def put_poison(self) -> None:
        """A message that nobody understands."""
        number = len(self.expected.poison)
        body = json.dumps({"hello": number}) if number % 2 else f"no JSON {number}"
        self.expected.poison.append(body)
        self.send(body)

    def put_nothing(self) -> None:
        """What is to be acknowledged, and nothing else."""
        bodies = [{"Event": "s3:TestEvent"}, s3_event("incoming/loose-0/.DS_Store", bucket=self.stack.stack.bucket)]
        self.send(json.dumps(self.random.choice(bodies)))
        self.done["nothing"] += 1

    def put_killer(self) -> None:
        """An object whose handling ends the process."""
        key = f"incoming/killers/killer-{len(self.expected.killers)}.png"
        self.expected.killers.append(key)
        drop(self.stack, key)

    def send(self, body: str) -> None:
        """Put a message into the queue of drops."""
        url = self.stack.place.queue_url(self.stack.stack.queue)
        sqs_of(self.stack.place).send_message(QueueUrl=url, MessageBody=body)

    def kill(self) -> None:
        """End one process of the workers, whichever, by `kill -9`."""
        workers = {worker.process.pid for worker in self.stack.workers if worker.process.poll() is None}
        pids = [(pid, "worker") for pid in workers]
        pids += [(pid, "emulator or client") for worker in workers for pid in descendants(worker)]
        if pids:
            pid, kind = self.random.choice(pids)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.done[f"killed {kind}"] += 1


def main(arguments: list[str]) -> int:
    """Run it; 0 where nothing is missing, stale, twice or wrongly dead."""
    flags = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="digitdrop-soak-"))
    _say(f"Log of the workers: {folder / 'workers.log'}")
    with (
        (folder / "workers.log").open("wb") as log,
        started(folder, "tests.stubs:dies_of_killers", speed=flags.speed, runtime=flags.runtime, output=log) as stack,
    ):
        soak = Soak(stack, Random(flags.seed))  # noqa: S311  # a tape, no secret
        _disturb(soak, flags.minutes * 60, flags.kill_seconds)
        _say(f"No more kills: {dict(soak.done)}, {len(soak.expected.killers)} killers")
        seconds = _drain(stack)
        _say(f"The queue was empty after {seconds:.0f} s more")
        letters = dead_letters(stack)
        found = differences(stack, soak.expected, letters)
    _say(soak.expected.summary())
    again = repeated(letters, soak.expected)
    _say(f"found: {len(letters)} dead letters; killers that are more than one of them: {again}")
    for line in found:
        _say(f"WRONG: {line}")
    _say(f"{len(found)} differences")
    return bool(found)


def _disturb(soak: Soak, seconds: float, kill_seconds: float) -> None:
    end = time.monotonic() + seconds
    visibility = soak.stack.stack.visibility
    next_kill = next_killer = time.monotonic()
    while (now := time.monotonic()) < end:
        soak.stack.tend()
        if now >= next_kill:
            soak.kill()
            next_kill = now + soak.random.expovariate(1 / kill_seconds)
        if now >= next_killer:
            soak.put_killer()
            next_killer = now + visibility * 5 / MOST_KILLERS_AT_ONCE
        soak.act()
        time.sleep(soak.random.uniform(0, 0.5))


def _drain(stack: Running) -> float:
    begun = time.monotonic()
    while not is_idle(stack):
        if time.monotonic() - begun > DRAIN_SECONDS:
            _say(f"The queue is not empty after {DRAIN_SECONDS} s")
            break
        time.sleep(0.2)
    return time.monotonic() - begun


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of kills (%(default)s)")
    parser.add_argument("--runtime", choices=(HERE, EMULATED), default=HERE)
    parser.add_argument("--speed", type=float, default=60, help="divides every time of the template (%(default)s)")
    parser.add_argument("--kill-seconds", type=float, default=4, help="between two kills, on average (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the command line is made of these lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
