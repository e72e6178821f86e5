"""The handler in Lambda's own runtime: the real Runtime Interface Client under the real Runtime Interface Emulator."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler.events import unwrap
from infra.container import Container, FunctionError, lambda_environment
from infra.processes import LocalError
from infra.running import EMULATED, Running
from tests.doubles import bar, encoded, zipped
from tests.processes import runs, wait_for
from tests.stacks import ROOT, awaited, dead_letters, drop, emulator_or_skip, is_idle, note, started

EVENTS = sorted((ROOT / "infra" / "events").glob("*.json"))
PICTURE = encoded(bar(4, 20))
LOGGING = {
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_LEVEL": "ERROR",
    "LOG_LEVEL": "INFO",
    "POWERTOOLS_METRICS_DISABLED": "false",
}
BATCH = zipped({f"{number}.png": PICTURE for number in range(40)})


@pytest.fixture(scope="module", autouse=True)
def program() -> str:
    """The emulator."""
    return emulator_or_skip()


@pytest.fixture(scope="module")
def idle_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack whose own workers acknowledge whatever comes, so that CSVs are those of the test's container alone."""
    with started(tmp_path_factory.mktemp("rie"), "tests.stubs:notes_events", window=0.1) as stack:
        yield stack


def make_container(stack: Running, program: str, handler: str, timeout: int, **more: str) -> Container:
    """The function as one of the stack's workers would run it."""
    base = stack.place.environment(os.environ) | dict(stack.stack.environment)
    environment = lambda_environment(base, stack.stack.function, stack.stack.memory_mb, timeout)
    return Container(program, handler, environment | {"PYTHONPATH": str(ROOT)} | more, timeout)


@pytest.fixture(scope="module")
def container(idle_stack: Running, program: str) -> Iterator[Container]:
    """The real handler."""
    made = make_container(idle_stack, program, "handler.app.lambda_handler", 60)
    yield made
    made.end()


def csv(stack: Running, key: str) -> list[str]:
    """The images that have rows in a CSV, in its order."""
    header, *rows = awaited(stack, key).decode().splitlines()
    assert header.startswith("image,frame,digit,")
    return [row.partition(",")[0] for row in rows]


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_each_sample_event_gives_the_csv_of_its_drop(idle_stack: Running, container: Container, path: Path) -> None:
    """Every envelope in infra/events, as it stands, brings a CSV, and gets the reply that its sender understands."""
    event = json.loads(path.read_text("utf-8"))
    envelope = unwrap(event)
    drops = [found for message in envelope.messages for found in message.drops]
    assert drops
    s3 = idle_stack.place.s3()
    for found in drops:
        assert found.bucket == idle_stack.stack.bucket
        drop(idle_stack, found.key, zipped({f"{path.stem}.png": PICTURE, "2.png": PICTURE}))
        s3.delete_object(Bucket=found.bucket, Key=f"predictions/{found.key.removeprefix('incoming/')}.csv")
    assert container.invoke(event) == ({"batchItemFailures": []} if envelope.queued else {})
    for found in drops:
        key = f"predictions/{found.key.removeprefix('incoming/')}.csv"
        assert csv(idle_stack, key) == [f"{path.stem}.png", "2.png"]


def test_an_error_of_the_function_is_told_with_its_name(container: Container) -> None:
    """An envelope that nobody knows raises in the function, and the invocation has failed; the next one has not."""
    with pytest.raises(FunctionError, match="EventError: no envelope that this function knows"):
        container.invoke({"hello": "world"})
    assert container.invoke({"Event": "s3:TestEvent"}) == {}


def test_each_thing_that_happens_is_one_line_of_the_log(
    idle_stack: Running, program: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The runtime's own handler prints no line again, and Lambda's level, set higher than ours, hides none.

    A drop is one line and its metrics another; a failure names its keys and its request.
    """
    container = make_container(idle_stack, program, "handler.app.lambda_handler", 60, **LOGGING)
    drop(idle_stack, "incoming/log/1.png", PICTURE)
    drop(idle_stack, "incoming/log/b/2.png", PICTURE)
    drop(idle_stack, "predictions/log/b/predictions.csv", b"foreign")
    printed = ""

    def has_raised() -> bool:
        nonlocal printed
        printed += capfd.readouterr().out
        return '"errorType"' in printed

    try:
        container.invoke({"bucket": idle_stack.stack.bucket, "key": "incoming/log/1.png"})
        with pytest.raises(FunctionError, match="PredictionsError"):
            container.invoke({"bucket": idle_stack.stack.bucket, "key": "incoming/log/b/2.png"})
        wait_for(has_raised, "the log tells what was raised")  # the answer may be here before it
    finally:
        container.end()
    printed += capfd.readouterr().out
    written, metrics, failed, failures, raised = (
        json.loads(line) for line in printed.splitlines() if line.startswith("{")
    )
    first, second = re.findall("START RequestId: ([0-9a-f-]+) ", printed)
    assert (written["message"], written["key"], written["rows"]) == ("drop", "incoming/log/1.png", 1)
    assert (metrics["Drops"], metrics["Images"], failures["DropsFailed"]) == ([1], [1], [1])
    assert (failed["level"], failed["keys"]) == ("ERROR", ["incoming/log/b/2.png"])
    assert [line["function_request_id"] for line in (written, failed)] == [first, second]
    assert (raised["errorType"], raised["requestId"]) == ("PredictionsError", second)


def test_dead_clients_and_emulators_are_replaced(idle_stack: Running, program: str) -> None:
    """After either was killed the invocation that finds out fails, and the next is answered by a new process."""
    container = make_container(idle_stack, program, "tests.stubs.tells_its_process", 60)
    try:
        client, parent = container.invoke({})
        os.kill(client, signal.SIGKILL)
        with pytest.raises(FunctionError, match=r"Runtime.ExitError.*signal: killed"):
            container.invoke({})
        second, same = container.invoke({})
        assert (second != client, same) == (True, parent)
        os.kill(parent, signal.SIGKILL)
        wait_for(lambda: not runs(parent), "the emulator ends")
        third, other = container.invoke({})
        assert third != second
        assert other != parent
        wait_for(lambda: not runs(second), "the client of a dead emulator ends too")
    finally:
        container.end()
    wait_for(lambda: not runs(third) and not runs(other), "nothing is left")


def test_what_outlasts_its_time_has_failed(idle_stack: Running, program: str) -> None:
    """Past its timeout the function is gone, the invocation has failed, and the next one is answered."""
    container = make_container(idle_stack, program, "tests.stubs.tells_its_process", 5)
    try:
        before, _ = container.invoke({})
        with pytest.raises(FunctionError, match=r"Task timed out after 5\.00 seconds"):
            container.invoke({"sleep": 60})
        assert container.invoke({})[0] != before
        assert not runs(before)
    finally:
        container.end()


@pytest.mark.parametrize("victim", ["client", "emulator", "worker", "nobody"])
def test_redelivery_finishes_what_a_kill_or_a_timeout_broke_off(tmp_path: Path, victim: str) -> None:
    """After a kill -9 in mid-batch, or the function's timeout alone, every row is there once, and no letter is dead."""
    times: dict[str, Any] = {"window": 0.5, "visibility": 10, "timeout": 60}
    if victim == "nobody":
        times |= {"visibility": 14, "timeout": 10}  # the start of the function counts too, and takes seconds
    handler = "tests.stubs:hangs_before_its_first_write"
    with started(tmp_path, handler, speed=100, runtime=EMULATED, **times) as stack:
        for number in range(10):
            drop(stack, f"incoming/loose/{number}.png", PICTURE)
        drop(stack, "incoming/monday.zip", BATCH)
        client, parent = map(int, note(stack, "begun").split())
        workers = [worker.process.pid for worker in stack.workers]
        victims = {"client": [client], "emulator": [parent], "worker": workers, "nobody": []}[victim]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        awaited(stack, "predictions/monday.zip.csv")
        wait_for(lambda: is_idle(stack), "all messages are done with")
        assert csv(stack, "predictions/monday.zip.csv") == [f"{number}.png" for number in range(40)]
        assert csv(stack, "predictions/loose/predictions.csv") == [f"{number}.png" for number in range(10)]
        assert dead_letters(stack) == []
        assert not runs(client)
        children = stack.workers
    assert not any(runs(child.process.pid) for child in children)
    wait_for(lambda: not is_left(stack), "no emulator and no client is left")


def test_a_fast_stack_leaves_the_function_time_to_start(tmp_path: Path) -> None:
    """Lambda does not count the start as part of an invocation and the emulator does, so its time has a lower limit."""
    with started(tmp_path, "tests.stubs:notes_events", speed=60, runtime=EMULATED) as stack:
        assert (stack.stack.timeout, stack.stack.visibility) == (10, 30)


def test_a_stack_too_fast_for_the_emulator_is_refused(tmp_path: Path) -> None:
    """Where messages would come back while they are still worked on, one line says so."""
    with (
        pytest.raises(LocalError, match=r"a speed of 200 hides messages for 9 s, and .* take 10 s: choose a lower one"),
        started(tmp_path, "tests.stubs:notes_events", speed=200, runtime=EMULATED),
    ):
        pytest.fail("it has started")


def is_left(stack: Running) -> bool:
    """Whether any process still has the stack's endpoint in its environment."""
    needle = f"AWS_ENDPOINT_URL={stack.place.endpoint}\0".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if needle in path.read_bytes():
                return True
        except OSError:
            continue
    return False
