"""The Lambda function: the only place where settings, S3, SQS, model, telemetry and delivery are wired together."""

import logging
import os
from functools import cache
from typing import Any, Final, Protocol

from handler.collector import paused

with paused():
    from handler import heap
    from handler.crew import Crew
    from handler.delivery import Tools, deliver
    from handler.errors import StoreError
    from handler.events import Message, reply, unwrap
    from handler.model import Registry
    from handler.settings import Settings, read_settings
    from handler.store import S3Store, SqsQueue
    from handler.telemetry import make_telemetry

_LOG: Final = logging.getLogger("digitdrop")


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    @property
    def aws_request_id(self) -> str:
        """Names the invocation in the log."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is ended."""


def lambda_handler(event: object, context: Context) -> dict[str, Any]:
    """Write the CSVs of the drops in an event; answers a queue with the messages that failed.

    Raises the first failure where no queue is around to take a partial reply.
    """
    tools = wire()
    with tools.telemetry(context.aws_request_id) as tell:
        envelope = unwrap(event)
        failed = deliver(envelope, tools, lambda: context.get_remaining_time_in_millis() / 1000, tell)
        if failed and not envelope.queued:
            raise next(iter(failed.values()))
        for message in failed:
            _back_off(message, tools)
        return reply(envelope, failed)


@cache
@paused()
def wire() -> Tools:
    """What deliveries work with, made once per container from its environment."""
    heap.keep()
    settings = read_settings(os.environ)
    telemetry = make_telemetry(settings.log_level, os.environ)
    store = S3Store(settings.digitdrop_bucket, threads=settings.fetch_threads)
    queue = SqsQueue(settings.queue_url, threads=settings.fetch_threads) if settings.queue_url else None
    crew = Crew(settings.workers)
    return Tools(settings, store, queue, Registry(store).current, telemetry, elsewhere=crew)


def back_off_seconds(receives: int, settings: Settings) -> int:
    """How long a message that failed is hidden: base × 4ⁿ, n the receives before this one, up to the limit."""
    waits: float = settings.retry_base_seconds * 4.0 ** min(receives - 1, 20)
    return round(min(waits, settings.retry_limit_seconds))


def _back_off(message: Message, tools: Tools) -> None:
    if tools.queue is None:
        return
    try:
        tools.queue.delay(message.receipt, back_off_seconds(message.receives, tools.settings))
    except StoreError:  # it comes back when the queue's own visibility timeout ends
        _LOG.exception("could not delay message %s", message.identifier)
