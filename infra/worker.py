"""One container of the function: receive, invoke, delete what went well. `python -m infra.worker JOB`, JOB as JSON.

The function runs in this process, as in Lambda; an invocation that outlasts its time ends the process.
"""

import faulthandler
import importlib
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infra.context import begin
from infra.place import Place
from infra.poller import Message, event, failed, gather, tens

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Handler = Callable[[dict[str, Any], Any], Any]


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

    def to_json(self) -> str:
        """The job as an argument of a command line."""
        return json.dumps(asdict(self))


def main(arguments: list[str]) -> None:
    """Work until the process is ended."""
    job = Job(**json.loads(arguments[0]))
    logging.basicConfig(stream=sys.stdout, format=f"{job.name}: %(levelname)s %(message)s", level=logging.WARNING)
    module, _, function = job.handler.partition(":")
    handler: Handler = getattr(importlib.import_module(module), function)
    sqs = Place(job.port).sqs()
    while True:
        work(job, sqs, handler)


def work(job: Job, sqs: "SQSClient", handler: Handler) -> None:
    """One round: a batch of messages, if any came, through the handler."""
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
    remaining = invoke(job, handler, messages)
    done = [message for message in messages if message["MessageId"] not in remaining]
    for group in tens(done):
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(index), "ReceiptHandle": item["ReceiptHandle"]} for index, item in enumerate(group)],
        )
    seconds = time.monotonic() - begun
    _say(f"{job.name}: {len(messages)} received, {len(remaining)} failed, {seconds:.2f} s")


def invoke(job: Job, handler: Handler, messages: list[Message]) -> set[str]:
    """Call the handler with messages; gives the identifiers of those that failed.

    Where it takes longer than it may, the process prints where it is and ends with status 1.
    """
    place = Place(job.port)
    identifiers = [message["MessageId"] for message in messages]
    context = begin(job.function, job.memory_mb, job.timeout, place)
    faulthandler.dump_traceback_later(job.timeout, exit=True)  # also where a C function never lets go of Python's lock
    try:
        reply = handler(event(messages, place.queue_arn(job.queue), place.region), context)
        json.dumps(reply)  # Lambda's runtime does; a reply that is no JSON is an error of the function
    except Exception:
        logging.getLogger("worker").exception("the function raised: all %d messages failed", len(messages))
        return set(identifiers)
    finally:
        faulthandler.cancel_dump_traceback_later()
    return failed(reply, identifiers, reports_failures=job.reports_failures)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the log of a worker is its output


if __name__ == "__main__":
    main(sys.argv[1:])
