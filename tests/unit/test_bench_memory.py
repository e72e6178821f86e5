"""Memory against the number of images."""

from typing import Any

import pytest

from bench import ratios
from bench.memory import faults, section
from bench.plan import Plan

PLAN = Plan({}, counts=(1_000, 10_000, 100_000))


def run(images: int, seconds: float, megabytes: float) -> list[dict[str, Any]]:
    """Two rounds of a drop."""
    return [{"seconds": seconds, "megabytes": megabytes, "rows": images, "expected": images}] * 2


RUNS = {
    "1000": run(1_000, 1.0, 100),
    "10000": run(10_000, 10.0, 120),
    "100000": run(100_000, 150.0, 126),
    "60,000 as IDX": run(60_000, 30.0, 110),
}


def test_the_largest_zip_is_compared_with_that_of_10000() -> None:
    """In memory, and in the time of an image."""
    found, curve = section(PLAN, RUNS)
    assert found.measured == pytest.approx({ratios.MEGABYTES: 120, ratios.MEMORY_GROWTH: 1.05, ratios.TIME_GROWTH: 1.5})
    assert found.faults == []
    assert [point.x for point in curve.points] == [1_000, 10_000, 100_000]
    assert [line[0] for line in found.tables[0].lines[1:]] == ["1,000", "10,000", "100,000", "60,000 as IDX"]


def test_too_much_memory_is_a_fault_and_too_much_time_is_none() -> None:
    """A busy machine takes longer, but no more memory."""
    assert faults({ratios.MEGABYTES: 250, ratios.MEMORY_GROWTH: 1.1, ratios.TIME_GROWTH: 9}) == []
    assert len(faults({ratios.MEGABYTES: 251, ratios.MEMORY_GROWTH: 1.11})) == 2
    found, _ = section(PLAN, RUNS | {"100000": run(100_000, 150.0, 240)})
    assert found.faults == ["the largest zip takes 2.00 × the memory, and at most 1.1 × are right"]
