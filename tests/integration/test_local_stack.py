"""The local stack as it runs: real processes, a real socket, a function that stands in for the handler or is it."""

import io
import json
import os
import signal
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from infra.processes import LocalError
from infra.roundtrip import Drop, deliver
from infra.running import Running, listen
from tests.processes import PATIENCE, runs, wait_for
from tests.stacks import drop, is_idle, note, started

Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts the stack on a free port with a release of the test's own; times may be replaced after scaling."""
    return partial(started, tmp_path)


def test_a_drop_becomes_a_csv_through_every_real_part(start: Start, tmp_path: Path) -> None:
    """A zip and a picture put into the bucket come back as CSVs that the real handler wrote."""
    picture = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)).save(picture, "PNG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        for index in range(3):
            members.writestr(f"{index}.png", picture.getvalue())
    drops = [
        Drop("zip", {"a/monday.zip": archive.getvalue()}, "a/monday.zip.csv", 3, tmp_path / "zip.csv"),
        Drop("loose", {"a/7 +ü.png": picture.getvalue()}, "a/predictions.csv", 1, tmp_path / "loose.csv"),
    ]
    with start("handler.app:lambda_handler", window=0.5) as stack:
        batch, loose = deliver(stack, drops, PATIENCE)
    assert [row["image"] for row in batch.rows] == ["0.png", "1.png", "2.png"]
    assert [row["image"] for row in loose.rows] == ["7 +ü.png"]
    assert (tmp_path / "loose.csv").read_text().startswith("image,frame,digit,")


def test_the_function_sees_what_lambda_would_show_it(start: Start) -> None:
    """Events have the shape of Lambda's SQS source, and the context the time that is left."""
    with start("tests.stubs:notes_events", window=1) as stack:
        drop(stack, "elsewhere/7.png")
        drop(stack, "incoming/7.png")
        said = json.loads(note(stack, "event"))
        record = said["record"]
        assert json.loads(record["body"])["Records"][0]["s3"]["object"]["key"] == "incoming%2F7.png"
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"] == stack.place.queue_arn(stack.stack.queue)
        assert record["attributes"]["ApproximateReceiveCount"] == "1"
        assert 0 < said["left"] <= stack.stack.timeout * 1000
        wait_for(lambda: is_idle(stack), "messages that went well are deleted")


def test_a_message_that_always_fails_ends_in_the_dead_letter_queue(start: Start) -> None:
    """After as many receives as the template allows, and no more, a poison message is in the dead-letter queue."""
    with start("tests.stubs:always_fails", speed=900, timeout=60) as stack:
        drop(stack, "incoming/poison.png")
        sqs, url = stack.place.sqs(), stack.place.queue_url(stack.stack.dead_letters)

        def dead() -> str:
            return str(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, VisibilityTimeout=0).get("Messages", ""))

        wait_for(lambda: "poison.png" in dead(), "the message is in the dead-letter queue")
        listed = stack.place.s3().list_objects_v2(Bucket=stack.stack.bucket, Prefix="notes/")["Contents"]
        assert len(listed) == stack.stack.max_receives == 5


def test_a_worker_killed_in_mid_batch_loses_nothing(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """After kill -9 of the process that works on it, a message comes back and another process finishes it."""
    with start("tests.stubs:hangs_at_first", speed=900, timeout=60) as stack:
        drop(stack, "incoming/7.png")
        victim = int(note(stack, "begun"))
        assert victim in [worker.process.pid for worker in stack.workers]
        os.kill(victim, signal.SIGKILL)
        assert int(note(stack, "done")) != victim
        assert all(worker.process.poll() is None for worker in stack.workers)
    said = capfd.readouterr().out
    assert "was killed by signal 9; it is started again" in said
    assert "runs again, pid" in said


def test_an_invocation_that_takes_too_long_ends_its_process(start: Start) -> None:
    """Past its timeout a function's process is gone, as in Lambda, and the message is tried again."""
    with start("tests.stubs:hangs_at_first", speed=900, timeout=1) as stack:
        drop(stack, "incoming/7.png")
        slow = int(note(stack, "begun"))
        assert int(note(stack, "done")) != slow
        assert not runs(slow)


def test_a_taken_port_is_named() -> None:
    """Where the port is taken, one line says so and offers another."""
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=rf"^port {port} is taken .*: make up PORT={port + 1}$"):
            listen(port)
        with pytest.raises(LocalError, match=rf": make invoke PORT={port + 1}$"):
            listen(port, command="make invoke")


def test_nobody_else_can_connect() -> None:
    """The stack listens on the loopback address alone."""
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_dead_server_ends_the_stack(start: Start) -> None:
    """Where the server dies, with all objects in it, the stack says so and does not go on."""
    with start("tests.stubs:always_fails") as stack:
        os.kill(stack.server.process.pid, signal.SIGKILL)
        stack.server.process.wait()
        with pytest.raises(LocalError, match="was killed by signal 9, and its objects are gone"):
            stack.tend()
