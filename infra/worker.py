"""One container of the function: receive, invoke, delete what went well. `python -m infra.worker JOB`, JOB as JSON.

The function runs in this process, where an invocation that outlasts its time ends the process, or under Lambda's own
Runtime Interface Client and Emulator, which then are this process' children.
"""

import faulthandler
import importlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infra.container import Container, FunctionError, lambda_environment
from infra.context import begin
from infra.place import Place
from infra.poller import Message, event, failed, gather, tens

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Invoke = Callable[[Any], Any]
"""An event to the function's reply; raises where the function fails."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know."""

    name: str
    handler: str
    """`module:function`"""
    port: int
    queue: str
    batch_size: int
    window: float
    reports_failures: bool
    function: str
    timeout: float
    memory_mb: int
    emulator: str = ""
    """Path of the Runtime Interface Emulator; empty: the function runs in the worker's process."""

    def to_json(self) -> str:
        """The job as an argument of a command line."""
        return json.dumps(asdict(self))


def main(arguments: list[str]) -> None:
    """Work until the process is ended."""
    job = Job(**json.loads(arguments[0]))
    logging.basicConfig(stream=sys.stdout, format=f"{job.name}: %(levelname)s %(message)s", level=logging.WARNING)
    invoke = invoker(job)
    sqs = Place(job.port).sqs()
    while True:
        work(job, sqs, invoke)


def work(job: Job, sqs: "SQSClient", invoke: Invoke) -> None:
    """One round: a batch of messages, if any came, through the function."""
    place = Place(job.port)
    url = place.queue_url(job.queue)

    def receive(count: int, seconds: int) -> list[Message]:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=count, WaitTimeSeconds=seconds, MessageSystemAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    messages = gather(receive, job.batch_size, job.window, time.monotonic, time.sleep)
    if not messages:
        return
    begun = time.monotonic()
    remaining = remaining_of(job, invoke, messages)
    done = [message for message in messages if message["MessageId"] not in remaining]
    for group in tens(done):
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(index), "ReceiptHandle": item["ReceiptHandle"]} for index, item in enumerate(group)],
        )
    seconds = time.monotonic() - begun
    _say(f"{job.name}: {len(messages)} received, {len(remaining)} failed, {seconds:.2f} s")


def remaining_of(job: Job, invoke: Invoke, messages: list[Message]) -> set[str]:
    """Invoke the function with messages; gives the identifiers of those that failed."""
    place = Place(job.port)
    identifiers = [message["MessageId"] for message in messages]
    log = logging.getLogger("worker")
    try:
        reply = invoke(event(messages, place.queue_arn(job.queue), place.region))
    except FunctionError as error:
        log.error("the function failed, and all %d messages with it: %s", len(messages), error)  # noqa: TRY400  # it has logged its own traceback
        return set(identifiers)
    except Exception:
        log.exception("the function raised: all %d messages failed", len(messages))
        return set(identifiers)
    return failed(reply, identifiers, reports_failures=job.reports_failures)


def invoker(job: Job) -> Invoke:
    """The function in the runtime that the job names."""
    return _emulated(job) if job.emulator else _here(job)


def _here(job: Job) -> Invoke:
    """The function in this process; where it takes too long, the process prints where it is and ends with status 1."""
    module, _, name = job.handler.partition(":")
    handler = getattr(importlib.import_module(module), name)

    def invoke(event_: Any) -> Any:  # noqa: ANN401  # a function may reply anything
        context = begin(job.function, job.memory_mb, job.timeout, Place(job.port))
        faulthandler.dump_traceback_later(job.timeout, exit=True)  # also where a C function keeps Python's lock
        try:
            reply = handler(event_, context)
            json.dumps(reply)  # Lambda's runtime does; a reply that is no JSON is an error of the function
            return reply
        finally:
            faulthandler.cancel_dump_traceback_later()

    return invoke


def _emulated(job: Job) -> Invoke:
    """The function under Lambda's own runtime, whose times are whole seconds."""
    timeout = round(job.timeout)
    environment = lambda_environment(os.environ, job.function, job.memory_mb, timeout)
    return Container(job.emulator, job.handler.replace(":", "."), environment, timeout).invoke


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the log of a worker is its output


if __name__ == "__main__":
    main(sys.argv[1:])
