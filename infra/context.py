"""The context object that Lambda hands to a function, as far as it means anything on this machine."""

import time
import uuid
from dataclasses import dataclass, field

from infra.place import Place


@dataclass(frozen=True, slots=True)
class Context:
    """One invocation; names and types are those of Lambda's runtime for Python."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    ends: float
    """On the clock of `time.monotonic`."""
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def log_group_name(self) -> str:
        """Where it would log to on AWS, by default."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is ended."""
        return max(0, round((self.ends - time.monotonic()) * 1000))


def begin(function: str, memory_mb: int, timeout: float, place: Place) -> Context:
    """The context of an invocation that begins now and may take `timeout` seconds."""
    arn = f"arn:aws:lambda:{place.region}:{place.account}:function:{function}"
    return Context(function, arn, str(memory_mb), time.monotonic() + timeout)
