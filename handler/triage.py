"""Which messages of an invocation are handled and which wait, so that one that kills the process takes none with it.

When a process dies, all messages that it held come back with one receive more: after enough deaths the healthy ones
would be dead letters, like the one that killed it. So what comes again is suspect: the more often it came, the fewer
are handled together, at last one alone. All others are sent afresh and deleted before any work begins: nothing that
happens in this invocation can touch them any more, and the fresh ones remember how suspect they are.

The most suspect one is never sent afresh, so that its receives go on to count, and it ends.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handler.ahead import ahead
from handler.errors import StoreError
from handler.events import Message, fresh_body
from handler.ports import Queue

_LOG: Final = logging.getLogger("digitdrop")
TOGETHER: Final = 10
"""Messages handled together that came once before; those that came more often are handled alone."""


@dataclass(frozen=True, slots=True)
class Triage:
    """The messages of an invocation, in two parts."""

    now: tuple[Message, ...]
    later: tuple[Message, ...]


def triage(messages: Sequence[Message]) -> Triage:
    """What to handle now, and what to send afresh before that; pure.

    A suspect message of several drops is never handled: sent afresh, each of its drops has a message of its own.
    One without any, with which nothing is to be done, is set aside too, or it would die with the suspects it came with.
    """
    worst = max(map(suspicion, messages), default=0)
    if not worst:
        return Triage(tuple(messages), ())
    suspects = [message for message in messages if suspicion(message) == worst and len(message.drops) == 1]
    suspects.sort(key=lambda message: -message.receives)  # those that are nearest to being dead letters come first
    now = suspects[: TOGETHER if worst == 1 else 1]
    chosen = {message.identifier for message in now}
    return Triage(tuple(now), tuple(message for message in messages if message.identifier not in chosen))


def suspicion(message: Message) -> int:
    """How often a message, or one that it was sent afresh from, was received before and not done with."""
    return max((drop.suspicion for drop in message.drops), default=0)


def set_aside(messages: Sequence[Message], queue: Queue, threads: int) -> dict[Message, StoreError]:
    """Send the drops of messages afresh, then delete these as they came; gives those that could not be, with reasons.

    A process that dies in between leaves a drop in two messages, never in none.
    """

    def put_back(message: Message) -> None:
        for drop in dict.fromkeys(message.drops):
            queue.send(fresh_body(drop))
        if message.error:
            return  # it stays, for what could not be understood in it
        try:
            queue.acknowledge(message.receipt)
        except StoreError:  # the reply acknowledges it too
            _LOG.exception("could not delete message %s", message.identifier)

    failed = {}
    for message, result in ahead(put_back, messages, threads):
        try:
            result()
        except StoreError as error:
            failed[message] = error
    return failed
