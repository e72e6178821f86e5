"""The Lambda function: the only place where settings, S3, SQS, model and delivery are wired together."""

import logging
import os
from functools import cache
from typing import Any, Final, Protocol

from handler.delivery import Tools, deliver
from handler.errors import StoreError
from handler.events import Message, reply, unwrap
from handler.model import Registry
from handler.settings import Settings, read_settings
from handler.store import S3Store, SqsQueue

_LOG: Final = logging.getLogger("digitdrop")


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is ended."""


def lambda_handler(event: object, context: Context) -> dict[str, Any]:
    """Write the CSVs of the drops in an event; answers a queue with the messages that failed.

    Raises the first failure where no queue is around to take a partial reply.
    """
    tools = wire()
    envelope = unwrap(event)
    failed = deliver(envelope, tools, lambda: context.get_remaining_time_in_millis() / 1000)
    if failed and not envelope.queued:
        raise next(iter(failed.values()))
    for message in failed:
        _back_off(message, tools)
    return reply(envelope, failed)


@cache
def wire() -> Tools:
    """What deliveries work with, made once per container from its environment."""
    settings = read_settings(os.environ)
    _LOG.setLevel(settings.log_level)
    store = S3Store(settings.digitdrop_bucket, threads=settings.fetch_threads)
    queue = SqsQueue(settings.queue_url, threads=settings.fetch_threads) if settings.queue_url else None
    return Tools(settings, store, queue, Registry(store).current)


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
