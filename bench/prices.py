"""What AWS Lambda asks for work that was measured; pure.

List prices of x86 in us-east-1, from AWS's page of Lambda's prices as of November 2026: $0.0000166667 for each
gigabyte-second of the first tier, $0.20 for a million requests. The free tier, S3 and SQS are left out.
"""

from dataclasses import dataclass
from typing import Final

DOLLARS_A_GB_SECOND: Final = 0.0000166667
DOLLARS_A_REQUEST: Final = 0.20 / 1_000_000
MEGABYTES_A_CPU: Final = 1769
"""Lambda's share of the processors follows from the memory; with this much it is a whole one (Lambda's user guide)."""
SIZES: Final = (512, 1024, 1769, 3538)
"""Megabytes of memory that are compared."""
_MILLION: Final = 1_000_000


def cpus(megabytes: int) -> float:
    """The processors that a function of this memory has, as a share of one."""
    return megabytes / MEGABYTES_A_CPU


@dataclass(frozen=True, slots=True)
class Work:
    """Images read by invocations of a function."""

    megabytes: int
    seconds: float
    """Billed, for one invocation."""
    images: int
    """Read by it."""

    @property
    def gigabyte_seconds(self) -> float:
        """For a million images; Lambda's gigabyte is 1,024 megabytes."""
        return self.megabytes / 1024 * self.seconds * _MILLION / self.images

    @property
    def dollars(self) -> float:
        """For a million images."""
        return self.gigabyte_seconds * DOLLARS_A_GB_SECOND + DOLLARS_A_REQUEST * _MILLION / self.images


def slowed(seconds: float, share: float, measured: float = 1.0) -> float:
    """What takes `seconds` with `measured` processors, with a `share` of one: computed, as if nothing but it counted.

    It holds for work that keeps the processors busy; more of them than were measured are taken to help nothing.
    """
    return seconds * max(1.0, measured / share)
