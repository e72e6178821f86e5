"""A rate that was counted, and how far the one that it is a sample of may be from it."""

import math
from dataclasses import dataclass
from typing import Final

Z: Final = 1.959963984540054
"""Of a normal distribution, 95 % lies within so many deviations of the mean."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the rate that this is a sample of."""
        return wilson(self.count, self.of)


def wilson(count: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a rate of which `count` of `of` were seen; 0 to 1 where nothing was.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927: unlike the textbook interval
    it stays within 0 and 1, and says something of 0 and of all.
    """
    if not of:
        return 0.0, 1.0
    share, slack = count / of, Z * Z / of
    middle = share + slack / 2
    reach = Z * math.sqrt(share * (1 - share) / of + slack / (4 * of))
    low, high = (middle - reach) / (1 + slack), (middle + reach) / (1 + slack)
    return (0.0 if count == 0 else low), (1.0 if count == of else high)
