"""What became of drops, as values for whoever tells people of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

from handler.predictions import Counts

_NAMED: Final = 20
"""Keys in a line at most: each may have 1,024 bytes, and CloudWatch cuts a line at 256 KB."""


@dataclass(frozen=True, slots=True)
class Written:
    """The rows of a drop stand in a CSV."""

    key: str
    model: str
    counts: Counts
    seconds: Mapping[str, float]
    """By stage; loose images have equal shares of what was done for several of them together."""
    since: int = 0
    """When the drop's first message was sent, in milliseconds since 1970; 0 where no queue says so."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """There was nothing to write of a drop."""

    key: str
    reason: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A drop that comes back with its message; why is in the log."""

    key: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Postponed:
    """A drop that was sent to the queue afresh, and waits for another invocation."""

    key: str
    since: int = 0


def named(keys: Sequence[str]) -> dict[str, object]:
    """Fields of a log line about drops: not all the keys of a large folder, and how many there are."""
    return {"keys": keys[:_NAMED], "count": len(keys)}


Outcome = Written | Skipped | Failed | Postponed
Tell = Callable[[Outcome], None]
"""Takes an outcome, and never raises."""
Telemetry = Callable[[str], AbstractContextManager[Tell]]
"""The request id of an invocation to what takes its outcomes for as long as it lasts."""


def ignore(_outcome: Outcome) -> None:
    """Tell nobody."""


@contextmanager
def silence(_request: str) -> Iterator[Tell]:
    """Tell nobody of a whole invocation."""
    yield ignore
