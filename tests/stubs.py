"""Functions that the local stack's tests put in the handler's place; run in workers, so they tell by objects."""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError

from handler import app
from handler.ports import Peek
from handler.store import S3Store

BUCKET = "digitdrop-local"
_DYING = Lock()


def note(key: str, body: str) -> None:
    """Leave a word where the test can read it."""
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"notes/{key}", Body=body.encode())


def _drops(event: dict[str, Any]) -> list[tuple[str, int]]:
    """Keys in an event, each with how often its message was received; S3's test event has none."""
    return [
        (entry["s3"]["object"]["key"].replace("%2F", "/"), int(record["attributes"]["ApproximateReceiveCount"]))
        for record in event["Records"]
        for entry in json.loads(record["body"]).get("Records", [])
    ]


def notes_events(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  # Lambda's context
    """Note the first record that names a drop, and what the context says; S3's test event may come before it."""
    for record in event["Records"]:
        if _drops({"Records": [record]}):
            said = {"record": record, "left": context.get_remaining_time_in_millis(), "name": os.getpid()}
            note("event", json.dumps(said))
            break
    return {"batchItemFailures": []}


def always_fails(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Note each receive of a drop, and report it as failed; all else is fine."""
    for _, receives in _drops(event):
        note(f"receive-{receives}", "")
    poison = [record["messageId"] for record in event["Records"] if _drops({"Records": [record]})]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in poison]}


def hangs_at_first(event: dict[str, Any], _context: object) -> None:
    """Note its process, and hang, at the first receive; note that it is done at the second."""
    for _, receives in _drops(event):
        if receives == 1:
            note("begun", str(os.getpid()))
            time.sleep(600)
        note("done", str(os.getpid()))


def hangs_before_its_first_write(event: dict[str, Any], context: Any) -> object:  # noqa: ANN401  # Lambda's context
    """The real handler, which notes its process and its parent, and hangs, when it is about to write the first CSV."""
    put = S3Store.put

    def hang(store: S3Store, *arguments: Any) -> None:  # noqa: ANN401  # those of the real one
        if is_first("begun", f"{os.getpid()} {os.getppid()}"):
            time.sleep(600)
        put(store, *arguments)

    with patch.object(S3Store, "put", hang):
        return app.lambda_handler(event, context)


def dies_of_killers(event: dict[str, Any], context: Any) -> object:  # noqa: ANN401  # likewise
    """The real handler, in a process that is gone as soon as it looks at an object called killer."""
    return _dying(event, context, lambda: None)


def dies_of_killers_and_lets_go(event: dict[str, Any], context: Any) -> object:  # noqa: ANN401  # likewise
    """The same, but what the dead process held is visible at once, as if its visibility timeout had passed.

    That timeout can then be long: nothing but a death brings a message back, however slow the machine is.
    """
    return _dying(event, context, lambda: release(event))


def _dying(event: dict[str, Any], context: Any, last: Callable[[], None]) -> object:  # noqa: ANN401  # likewise
    peek = S3Store.peek

    def look(store: S3Store, key: str) -> Peek:
        if "killer" in key:
            _DYING.acquire()  # for good: only one thread lets go, since others may hold the messages by then
            last()
            os._exit(1)
        return peek(store, key)

    with patch.object(S3Store, "peek", look):
        return app.lambda_handler(event, context)


def release(event: dict[str, Any]) -> None:
    """Make what an invocation still holds visible again."""
    sqs = boto3.client("sqs")
    for record in event["Records"]:
        with suppress(ClientError):  # it is deleted
            sqs.change_message_visibility(
                QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
            )


def tells_its_process(event: dict[str, Any], _context: object) -> list[int]:
    """Its own process and its parent's, after as many seconds as the event says."""
    time.sleep(event.get("sleep", 0))
    return [os.getpid(), os.getppid()]


def is_first(key: str, body: str) -> bool:
    """Note something, unless it was noted before; tells which."""
    try:
        boto3.client("s3").put_object(Bucket=BUCKET, Key=f"notes/{key}", Body=body.encode(), IfNoneMatch="*")
    except ClientError:
        return False
    return True
