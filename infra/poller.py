"""What Lambda's SQS event source does: gather messages to an event, and tell from the reply what is done; pure.

Sources: AWS Lambda's guide, "Using Lambda with Amazon SQS" (batching) and "Handling errors for an SQS event source"
(what a reply means). The limit of 6 MB per invocation is left out: a notification has about 1 KB.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

Message = Mapping[str, Any]
"""A message as `ReceiveMessage` gives it."""

RECEIVE_LIMIT: Final = 10
"""Messages that one call of SQS gives or takes at most."""
IDLE_SECONDS: Final = 1
"""How long a receive waits for a first message. Short, since moto gives messages even to receivers that have died."""
PAUSE_SECONDS: Final = 0.1
"""Between receives while less than a second, the least that SQS can wait, is left of the window."""

Receive = Callable[[int, int], Sequence[Message]]
"""(messages at most, seconds to wait for one) -> messages."""


def gather(
    receive: Receive, size: int, window: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> list[Message]:
    """Up to `size` messages: the first that come, and those that follow within `window` seconds of them.

    Empty where none came within `IDLE_SECONDS`.
    """
    messages = list(receive(min(size, RECEIVE_LIMIT), IDLE_SECONDS))
    end = clock() + window
    while messages and len(messages) < size and (left := end - clock()) > 0:
        more = receive(min(size - len(messages), RECEIVE_LIMIT), min(int(left), 1))
        messages += more
        if not more and left < 1:
            sleep(min(left, PAUSE_SECONDS))
    return messages


def event(messages: Iterable[Message], queue_arn: str, region: str) -> dict[str, Any]:
    """The event that Lambda makes of messages."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": dict(message.get("Attributes", {})),
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": region,
            }
            for message in messages
        ]
    }


def failed(reply: Any, identifiers: Sequence[str], *, reports_failures: bool) -> set[str]:  # noqa: ANN401  # a function may reply anything
    """Which of the messages a reply reports as failed; all where it is malformed or names a message that was not sent.

    Without `reports_failures` any reply means that all went well.
    """
    every = set(identifiers)
    if not reports_failures or reply is None:
        return set()
    if not isinstance(reply, Mapping):
        return every
    entries = reply.get("batchItemFailures")
    if entries is None:
        return set()
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        return every
    named = [entry.get("itemIdentifier") for entry in entries]
    return set(named) if all(isinstance(name, str) and name in every for name in named) else every


def tens(items: Sequence[Message]) -> list[Sequence[Message]]:
    """The items in groups that one call of SQS takes."""
    return [items[start : start + RECEIVE_LIMIT] for start in range(0, len(items), RECEIVE_LIMIT)]
