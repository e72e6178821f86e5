"""`python -m infra.local send`: one event handed to the function, beside a stack that is up."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.running import Running, listen
from tests.doubles import bar, encoded, zipped
from tests.stacks import ROOT, awaited, drop, started

EVENTS = ROOT / "infra" / "events"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack whose own workers write no CSV, with the drop that the samples name."""
    with started(tmp_path_factory.mktemp("send"), "tests.stubs:notes_events", window=0.1) as up:
        drop(up, "incoming/monday.zip", zipped({"7.png": encoded(bar(7, 12)), "none.png": b"none"}))
        yield up


def send(event: Path, port: int) -> subprocess.CompletedProcess[str]:
    """The command as a user types it."""
    command = [sys.executable, "-m", "infra.local", "send", str(event), "--port", str(port)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603  # a fixed command


@pytest.mark.parametrize(("name", "reply"), [("eventbridge", "{}"), ("s3-in-sns-in-sqs", '{"batchItemFailures": []}')])
def test_a_sample_that_is_sent_brings_the_csv(stack: Running, name: str, reply: str) -> None:
    """The real handler reads what the event names, and its reply is shown."""
    key = "predictions/monday.zip.csv"
    stack.place.s3().delete_object(Bucket=stack.stack.bucket, Key=key)
    done = send(EVENTS / f"{name}.json", stack.place.port)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"{name}.json: the function replied {reply}"
    assert [line.partition(",")[0] for line in awaited(stack, key).decode().splitlines()[1:]] == ["7.png", "none.png"]


def test_an_event_that_nobody_knows_is_an_error_of_one_line(stack: Running, tmp_path: Path) -> None:
    """It says what is wrong with it, without a traceback, and the command fails."""
    event = tmp_path / "odd.json"
    event.write_text(json.dumps({"hello": "world"}))
    done = send(event, stack.place.port)
    assert done.returncode == 1
    assert done.stderr == 'error: no envelope that this function knows: {"hello": "world"}\n'


@pytest.mark.parametrize(("body", "said"), [(None, "cannot be read"), ("{", "is not JSON")])
def test_a_file_that_is_no_event_is_named(tmp_path: Path, body: str | None, said: str) -> None:
    """With where samples are."""
    event = tmp_path / "odd.json"
    if body is not None:
        event.write_text(body)
    done = send(event, 1)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {event} {said}")
    assert done.stderr.endswith("samples are in infra/events\n")


def test_where_no_stack_is_up_the_command_says_how_to_start_one() -> None:
    """Nothing is invoked, and nothing is asked at AWS."""
    with listen(0) as free:
        port = free.getsockname()[1]
    done = send(EVENTS / "s3.json", port)
    assert done.returncode == 1
    assert "no stack is up at" in done.stderr
    assert "make up in another terminal" in done.stderr
