"""The local stack as a value: what `template.yaml` says, and the same at another speed; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Stack:
    """What the template says of bucket, queues and function. Times are in seconds."""

    bucket: str
    versioned: bool
    event: str
    """Kind of S3 events that are sent to the queue."""
    filters: tuple[tuple[str, str], ...]
    """`prefix` or `suffix`, and what it must be."""
    queue: str
    dead_letters: str
    visibility: int
    """At least 1."""
    max_receives: int
    function: str
    timeout: float
    memory_mb: int
    environment: Mapping[str, str]
    batch_size: int
    window: float
    max_concurrency: int
    reports_failures: bool
    """Whether a reply of the function names the messages that failed."""

    @property
    def prefix(self) -> str:
        """What the keys of drops begin with."""
        return dict(self.filters).get("prefix", "")


def scaled(stack: Stack, speed: float) -> Stack:
    """The same stack with its times divided by `speed`, those in the function's environment (`…_SECONDS`) too.

    SQS takes whole seconds only, so visibility stays at 1 or more.
    """
    environment = {
        name: f"{float(value) / speed:g}" if name.endswith("_SECONDS") else value
        for name, value in stack.environment.items()
    }
    return replace(
        stack,
        visibility=max(1, round(stack.visibility / speed)),
        window=stack.window / speed,
        timeout=stack.timeout / speed,
        environment=environment,
    )
