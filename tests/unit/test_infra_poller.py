"""Gathering messages, the event made of them, and what a reply means, by the rules of Lambda's SQS source."""

from collections.abc import Sequence
from typing import Any

import pytest

from infra.poller import IDLE_SECONDS, Message, event, failed, gather, tens


class Queue:
    """A queue whose messages come at set times, on a clock that only waiting moves."""

    def __init__(self, arrivals: Sequence[float]) -> None:
        self.arrivals = sorted(arrivals)
        self.now = 0.0
        self.asked: list[int] = []

    def receive(self, count: int, seconds: int) -> list[Message]:
        """As SQS does: at once what is there, or else the first that comes in time."""
        self.asked.append(count)
        if seconds and self.arrivals and self.now < self.arrivals[0]:
            self.now = min(self.arrivals[0], self.now + seconds)
        elif seconds and not self.arrivals:
            self.now += seconds
        found = [arrival for arrival in self.arrivals if arrival <= self.now][:count]
        self.arrivals = self.arrivals[len(found) :]
        return [{"MessageId": str(arrival)} for arrival in found]

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def gather(self, size: int, window: float) -> int:
        """How many messages make a batch now."""
        return len(gather(self.receive, size, window, lambda: self.now, self.sleep))


def test_an_empty_queue_gives_no_batch() -> None:
    """Where nothing comes, there is nothing to invoke with, and the wait was short."""
    queue = Queue([])
    assert queue.gather(100, 5) == 0
    assert queue.now == IDLE_SECONDS


def test_a_batch_takes_what_comes_within_the_window() -> None:
    """The window begins with the first message; one that comes after its end waits for the next batch."""
    queue = Queue([0.5, 1, 3.2, 5.4, 5.6])
    assert queue.gather(100, 5) == 4
    assert 5.5 <= queue.now < 5.7
    assert queue.gather(100, 5) == 1


def test_a_full_batch_does_not_wait() -> None:
    """A batch is complete at its size, and no call asks for more than ten messages or than are wanted."""
    queue = Queue([0.0] * 250)
    assert queue.gather(25, 5) == 25
    assert queue.now == 0
    assert queue.asked == [10, 10, 5]


def test_without_a_window_one_receive_makes_a_batch() -> None:
    """With a window of 0 nothing is waited for."""
    queue = Queue([0.0] * 30)
    assert queue.gather(10, 0) == 10
    assert queue.asked == [10]


@pytest.mark.parametrize("window", [0.01, 0.3, 1, 2.5])
def test_a_window_ends_on_time(window: float) -> None:
    """A window of less than a second, or of a fraction more, is kept to a tenth of a second."""
    queue = Queue([0.0])
    assert queue.gather(100, window) == 1
    assert window <= queue.now <= window + 0.1


def test_an_event_has_lambdas_shape() -> None:
    """Each message is a record with the names that Lambda uses."""
    message = {"MessageId": "m", "ReceiptHandle": "r", "Body": "b", "MD5OfBody": "5", "Attributes": {"SenderId": "s"}}
    assert event([message], "an-arn", "a-region") == {
        "Records": [
            {
                "messageId": "m",
                "receiptHandle": "r",
                "body": "b",
                "attributes": {"SenderId": "s"},
                "messageAttributes": {},
                "md5OfBody": "5",
                "eventSource": "aws:sqs",
                "eventSourceARN": "an-arn",
                "awsRegion": "a-region",
            }
        ]
    }


def report(*identifiers: object) -> dict[str, Any]:
    """A reply that names messages."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (None, ""),
        ({}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        (report("a"), "a"),
        (report("a", "c"), "ac"),
        (report("a", "a"), "a"),
        (report("x"), "abc"),
        (report("a", "x"), "abc"),
        (report(""), "abc"),
        (report(None), "abc"),
        ({"batchItemFailures": [{"identifier": "a"}]}, "abc"),
        ({"batchItemFailures": ["a"]}, "abc"),
        ({"batchItemFailures": "a"}, "abc"),
        (report(["a"]), "abc"),
        ("fine", "abc"),
        ([], "abc"),
    ],
)
def test_a_reply_says_which_messages_failed(reply: object, expected: str) -> None:
    """Nothing reported is success; a malformed report, or one of a message that was not sent, fails the batch."""
    assert failed(reply, ["a", "b", "c"], reports_failures=True) == set(expected)


@pytest.mark.parametrize("reply", [None, "fine", report("a"), report("x")])
def test_a_reply_means_nothing_unless_the_mapping_says_so(reply: object) -> None:
    """Without ReportBatchItemFailures whatever is returned means success."""
    assert failed(reply, ["a"], reports_failures=False) == set()


def test_messages_are_deleted_by_tens() -> None:
    """SQS takes ten at a time, and none is left out."""
    messages = [{"MessageId": str(number)} for number in range(23)]
    assert [len(group) for group in tens(messages)] == [10, 10, 3]
    assert [message for group in tens(messages) for message in group] == messages
    assert tens([]) == []
