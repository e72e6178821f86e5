"""Containers as Lambda runs them: root file system read-only, memory bounded, kept warm, and killed."""

import json
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from handler.cores import cores
from handler.store import S3Store
from infra.container import FunctionError
from infra.engine import Environment, docker
from infra.poller import event
from infra.running import Running
from tests.doubles import bar, encoded, zipped
from tests.processes import PATIENCE, wait_for
from tests.releases import make_release
from tests.stacks import awaited, drop, sqs_of
from train.publish import upload

from .conftest import Boxes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.container

PICTURES = [encoded(bar(high, 24 - high)) for high in range(1, 21)]
BUSY = 60_000
"""Images of a batch that takes many seconds."""
AT_WORK = 0.5
"""Seconds of CPU after which a container is in the midst of it."""
MANY = 100_000


def batch(count: int) -> bytes:
    """A zip of that many images, numbered."""
    return zipped({f"{number:06}.png": PICTURES[number % len(PICTURES)] for number in range(count)}, method=0)


def rows(stack: Running, key: str) -> list[list[str]]:
    """The rows of a CSV, by plain commas."""
    return [line.split(",") for line in awaited(stack, key).decode().splitlines()[1:]]


def cpu_seconds(box: Environment) -> float:
    """What the container's processes have used of the CPU (fields 14 and 15 of /proc/PID/stat, proc(5))."""
    lines = docker("exec", box.name, "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; true").splitlines()
    used = [line.rpartition(")")[2].split()[11:13] for line in lines]
    return sum(int(ticks) for pair in used for ticks in pair) / os.sysconf("SC_CLK_TCK")


def direct(stack: Running, key: str) -> dict[str, str]:
    """An event that names a drop."""
    return {"bucket": stack.stack.bucket, "key": key}


def test_only_tmp_can_be_written_and_nobody_is_root(boxes: Boxes, stack: Running) -> None:
    """As on Lambda; what is too large for memory is spooled to /tmp, and the CSV comes all the same."""
    drop(stack, "incoming/large.zip", zipped({"pad.bin": bytes(12 << 20), "1.png": PICTURES[0]}, method=0))
    with boxes.start() as box:
        assert box.invoke(direct(stack, "incoming/large.zip")) == {}
        for place, status in (("/var/task", "1"), ("/tmp", "0")):  # noqa: S108  # Lambda's
            script = f"touch {place}/file 2>/dev/null; echo $?"
            assert docker("exec", box.name, "sh", "-c", script) == status
        assert docker("exec", box.name, "id", "-u") != "0"
    assert [row[0] for row in rows(stack, "predictions/large.zip.csv")] == ["pad.bin", "1.png"]


def test_a_warm_container_takes_up_a_new_model(boxes: Boxes, stack: Running, tmp_path: "Path") -> None:
    """Published between two invocations of one container, the second model reads the second drop, without a restart."""
    second = make_release(tmp_path, 2)
    with boxes.start() as box:
        begun = box.state()["StartedAt"]
        drop(stack, "incoming/first.zip", zipped({"1.png": PICTURES[0]}))
        assert box.invoke(direct(stack, "incoming/first.zip")) == {}
        before = upload(second, S3Store(stack.stack.bucket, stack.place.s3()))
        drop(stack, "incoming/second.zip", zipped({"1.png": PICTURES[0]}))
        assert box.invoke(direct(stack, "incoming/second.zip")) == {}
        assert box.state()["StartedAt"] == begun
    assert before != second.name
    assert rows(stack, "predictions/first.zip.csv")[0][-1] == before
    assert rows(stack, "predictions/second.zip.csv")[0][-1] == second.name


def test_a_container_killed_in_mid_batch_loses_nothing(boxes: Boxes, stack: Running) -> None:
    """The queue brings the drop again, and another container writes the whole CSV, of which there was nothing."""
    sqs, url = sqs_of(stack.place), stack.place.queue_url(stack.stack.queue)
    drop(stack, "incoming/busy.zip", batch(BUSY))

    def received() -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = sqs.receive_message(
                QueueUrl=url, VisibilityTimeout=8, WaitTimeSeconds=1, MessageSystemAttributeNames=["All"]
            )
            for message in answer.get("Messages", []):
                if "busy.zip" in message["Body"]:
                    return dict(message)
        pytest.fail(f"the drop is not received within {PATIENCE} s")

    def as_event(message: dict[str, Any]) -> dict[str, Any]:
        return event([message], stack.place.queue_arn(stack.stack.queue), stack.place.region)

    first = received()
    failures: list[Exception] = []
    with boxes.start() as box:
        box.invoke({"Event": "s3:TestEvent"})  # warm: what follows is reading

        def invoke() -> None:
            try:
                box.invoke(as_event(first))
            except FunctionError as error:
                failures.append(error)

        before = cpu_seconds(box)
        thread = threading.Thread(target=invoke)
        thread.start()
        wait_for(lambda: cpu_seconds(box) >= before + AT_WORK, "the container's being at work")
        assert thread.is_alive()
        box.kill()
        thread.join()
    assert len(failures) == 1
    listed = stack.place.s3().list_objects_v2(Bucket=stack.stack.bucket, Prefix="predictions/")
    assert listed["KeyCount"] == 0

    again = received()
    assert again["MessageId"] == first["MessageId"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    with boxes.start() as box:
        assert box.invoke(as_event(again)) == {"batchItemFailures": []}
    assert [row[0] for row in rows(stack, "predictions/busy.zip.csv")] == [f"{number:06}.png" for number in range(BUSY)]


def test_a_hundred_thousand_images_fit_into_512_mb(
    boxes: Boxes, stack: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """A batch of 100,000 images gives 100,000 rows in the smallest memory that the template allows."""
    drop(stack, "incoming/many.zip", batch(MANY))
    with boxes.start(memory_mb=512) as box:
        begun = time.monotonic()
        assert box.invoke(direct(stack, "incoming/many.zip")) == {}
        seconds = time.monotonic() - begun
        peak = box.peak_bytes()
        assert not box.state()["OOMKilled"]
    with capsys.disabled():
        print(f"\n{MANY:,} images in 512 MB: {seconds:.0f} s, {peak / 2**20:.0f} MB at most")  # noqa: T201  # asked for
    found = rows(stack, "predictions/many.zip.csv")
    assert [row[0] for row in found] == [f"{number:06}.png" for number in range(MANY)]
    assert {row[4] for row in found} <= {"ok", "review"}


@pytest.mark.skipif(cores() < 2, reason="this machine has one processor")
def test_a_function_of_two_processors_reads_in_two_processes(boxes: Boxes, stack: Running) -> None:
    """With the memory that two come with, another process reads beside the first, and stays for the next batch."""
    with boxes.start(memory_mb=3538) as box:
        for name in ("first", "second"):
            drop(stack, f"incoming/{name}.zip", batch(20_000))
            assert box.invoke(direct(stack, f"incoming/{name}.zip")) == {}
            script = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true"
            assert docker("exec", box.name, "sh", "-c", script).count("-m handler.worker") == 1
            assert "has ended" not in box.log()
    first, second = (rows(stack, f"predictions/{name}.zip.csv") for name in ("first", "second"))
    assert [row[0] for row in first] == [f"{number:06}.png" for number in range(20_000)]
    assert first == second


def test_a_drop_is_logged_and_measured(boxes: Boxes, stack: Running) -> None:
    """The container prints one line of JSON for a drop, with its key, and one of metrics in CloudWatch's format."""
    drop(stack, "incoming/logged.zip", zipped({"1.png": PICTURES[0]}))
    with boxes.start() as box:
        box.invoke(direct(stack, "incoming/logged.zip"))
        lines = [json.loads(line) for line in box.log().splitlines() if line.startswith("{")]
    told = [line for line in lines if line.get("key") == "incoming/logged.zip"]
    assert [(line["message"], line["rows"]) for line in told] == [("drop", 1)]
    (measured,) = [line for line in lines if "_aws" in line]
    (metrics,) = measured["_aws"]["CloudWatchMetrics"]
    assert (metrics["Namespace"], metrics["Dimensions"]) == ("digitdrop", [["service"]])
    assert (measured["service"], measured["Drops"], measured["Images"]) == ("digitdrop", [1.0], [1.0])
