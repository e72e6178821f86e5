"""Time against what grows."""

from collections.abc import Sequence

import pytest

from bench.curves import Curve, Point, linear, points


def curve(*costs: float) -> Curve:
    """One point a decade, each with the time that an image takes."""
    found = [Point(10**place, [cost * 10**place], 10**place) for place, cost in enumerate(costs, 1)]
    return Curve("a curve", "images", "image", found, "Because.")


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        ((1.0, 1.05, 1.0), "Linear throughout: the time of one image stays within 10%."),
        ((3.0, 1.0, 1.05), "Linear from 100 to 1,000, within 10% of the time of one image; not beyond."),
        ((1.0, 1.0, 1.05, 2.0), "Linear from 10 to 1,000, within 10% of the time of one image; not beyond."),
        ((1.0, 2.0, 4.0), "Linear nowhere: the time of one image differs by more than 10% from point to point."),
    ],
)
def test_a_sentence_says_where_a_curve_is_linear(costs: Sequence[float], sentence: str) -> None:
    """Over the longest stretch in which an image costs the same."""
    assert linear(curve(*costs)) == sentence


def test_many_small_steps_are_not_even() -> None:
    """Each is within a tenth of the next, and the last is twice the first."""
    assert linear(curve(1.0, 1.08, 1.16, 1.24)) == (
        "Linear from 10 to 100, within 10% of the time of one image; not beyond."
    )


def test_the_table_compares_each_point_with_the_last() -> None:
    """By the time of one image; without memory there is no column of it."""
    table = curve(2.0, 1.0).table()
    assert [line[0] for line in table.lines] == ["images", "10", "100"]
    assert [line[-1] for line in table.lines] == ["against the last", "2.00 ×", "1.00 ×"]
    assert table.notes[0].endswith("Because.")


def test_points_are_runs_by_their_place() -> None:
    """With the memory of those that have it."""
    found = points({"10": [{"seconds": 1.0, "megabytes": 90.0}, {"seconds": 3.0}]}, {10: 10.0})
    assert found == [Point(10, [1.0, 3.0], 10.0, [90.0])]
    assert found[0].cost == pytest.approx(0.2)


def test_a_curve_keeps_all_runs_for_json() -> None:
    """Not their medians alone."""
    assert curve(2.0).as_json() == {
        "grows": "images",
        "points": [{"x": 10, "seconds": [20.0], "megabytes": [], "units": 10}],
    }
