"""Time and memory against what grows, as tables and sentences; pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.ratios import figure
from bench.results import Line, Table

EVEN: Final = 0.10
"""Costs that differ by no more than this share count as the same."""


@dataclass(frozen=True, slots=True)
class Point:
    """The runs at one place of a curve."""

    x: int
    seconds: Sequence[float]
    units: float
    """What the time is shared by: images, or rows."""
    megabytes: Sequence[float] = ()

    @property
    def cost(self) -> float:
        """Seconds a unit, the median."""
        return statistics.median(self.seconds) / self.units


@dataclass(frozen=True, slots=True)
class Curve:
    """Time against one thing that grows."""

    name: str
    grows: str
    """What x counts."""
    unit: str
    """What the time is shared by."""
    points: Sequence[Point]
    why: str
    """Why it stops being linear where it does."""

    def table(self) -> Table:
        """Its points, and between which of them it is linear."""
        lines: list[Line] = [(self.grows, "seconds", "least–most", f"µs/{self.unit}", "against the last", "peak MB")]
        for point in self.points:
            cells = (
                figure(statistics.median(point.seconds)),
                f"{figure(min(point.seconds))}–{figure(max(point.seconds))}",
                figure(point.cost * 1e6),
                f"{point.cost / self.points[-1].cost:.2f} ×",
                f"{statistics.median(point.megabytes):.0f}" if point.megabytes else "",
            )
            lines.append((f"{point.x:,}", *cells))
        if not any(point.megabytes for point in self.points):
            lines = [line[:-1] for line in lines]
        return Table(f"Growth: {self.name}", lines, [f"{linear(self)} {self.why}"])

    def as_json(self) -> dict[str, Any]:
        """All runs."""
        return {
            "grows": self.grows,
            "points": [
                {"x": point.x, "seconds": list(point.seconds), "megabytes": list(point.megabytes), "units": point.units}
                for point in self.points
            ],
        }


def linear(curve: Curve) -> str:
    """A sentence on where the time of a unit stays the same."""
    best = max(_stretches([point.cost for point in curve.points]), key=lambda ends: ends[1] - ends[0])
    low, high = (curve.points[end].x for end in best)
    if low == high:
        return f"Linear nowhere: the time of one {curve.unit} differs by more than {EVEN:.0%} from point to point."
    if (low, high) == (curve.points[0].x, curve.points[-1].x):
        return f"Linear throughout: the time of one {curve.unit} stays within {EVEN:.0%}."
    return f"Linear from {low:,} to {high:,}, within {EVEN:.0%} of the time of one {curve.unit}; not beyond."


def _stretches(costs: Sequence[float]) -> list[tuple[int, int]]:
    """From each place on, the last place up to which all costs are even."""
    found = []
    for start in range(len(costs)):
        end = start
        while end + 1 < len(costs) and max(costs[start : end + 2]) <= (1 + EVEN) * min(costs[start : end + 2]):
            end += 1
        found.append((start, end))
    return found


def points(runs: Mapping[str, Sequence[Mapping[str, Any]]], units: Mapping[int, float]) -> list[Point]:
    """The points of runs that are named after their x, which `units` holds in order."""
    return [
        Point(
            x,
            [run["seconds"] for run in runs[str(x)]],
            unit,
            [run["megabytes"] for run in runs[str(x)] if "megabytes" in run],
        )
        for x, unit in units.items()
    ]
