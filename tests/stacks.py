"""The local stack as tests start it, and what they do to it."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from infra import running as stack_module
from infra.emulator import emulator
from infra.place import Place
from infra.processes import LocalError
from infra.running import HERE, Plan, Running, running
from infra.stack import Stack, scaled
from tests.processes import PATIENCE
from tests.releases import make_release

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).parents[1]


def emulator_or_skip() -> str:
    """The Runtime Interface Emulator's program; the test skips, and says why, where it cannot run or cannot be had.

    On CI it can: there a test that needs it fails.
    """
    try:
        return str(emulator(print))
    except LocalError as error:
        if os.environ.get("CI") and platform.system() == "Linux":
            raise
        pytest.skip(str(error))


@contextmanager
def started(  # noqa: PLR0913  # what tests choose
    folder: Path,
    handler: str,
    *,
    speed: float = 1,
    runtime: str = HERE,
    port: int = 0,
    output: IO[bytes] | None = None,
    **times: float,
) -> Iterator[Running]:
    """The stack with a release of its own, kept in `folder`; `times` replace those of the template.

    Its port is one that is free, unless `port` names one.
    """

    def adjusted(stack: Stack, factor: float) -> Stack:
        return replace(scaled(stack, factor), **times)  # type: ignore[arg-type]  # names of times alone

    model = make_release(folder / "models", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(stack_module, "scaled", adjusted)
        plan = Plan(port=port, speed=speed, handler=handler, runtime=runtime, model=model, output=output)
        with running(plan, print) as stack:
            yield stack


@cache
def s3_of(place: Place) -> "S3Client":
    """A client of the stack's S3, made once: that takes longer than most of what is asked of it."""
    return place.s3()


@cache
def sqs_of(place: Place) -> "SQSClient":
    """A client of the stack's SQS, made once likewise."""
    return place.sqs()


def drop(stack: Running, key: str, body: bytes = b"x") -> None:
    """Upload an object."""
    s3_of(stack.place).put_object(Bucket=stack.stack.bucket, Key=key, Body=body)


def note(stack: Running, key: str) -> str:
    """What a function noted, waited for while the stack is looked after."""
    return awaited(stack, f"notes/{key}").decode()


def awaited(stack: Running, key: str) -> bytes:
    """An object that will be there, or one whose key begins like that, waited for while the stack is looked after."""
    s3 = s3_of(stack.place)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        stack.tend()
        listed = s3.list_objects_v2(Bucket=stack.stack.bucket, Prefix=key).get("Contents", [])
        if listed:
            return s3.get_object(Bucket=stack.stack.bucket, Key=listed[0]["Key"])["Body"].read()
        time.sleep(0.05)
    pytest.fail(f"no {key} within {PATIENCE} s")


def is_idle(stack: Running) -> bool:
    """Whether the queue holds nothing any more, neither waiting nor being worked on."""
    stack.tend()
    url = stack.place.queue_url(stack.stack.queue)
    for _ in range(2):  # the two are counted one after the other: what becomes visible in between is in neither
        counts = sqs_of(stack.place).get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        if not counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0":
            return False
    return True


def dead_letters(stack: Running) -> list[str]:
    """The bodies in the dead-letter queue, which they are taken out of."""
    sqs, url = sqs_of(stack.place), stack.place.queue_url(stack.stack.dead_letters)
    found: list[str] = []
    while True:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return found
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
