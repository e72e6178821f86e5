"""Seconds by stage."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.stopwatch import CLASSIFY, FETCH, READ, STAGES, WRITE, Stopwatch
from tests.doubles import Clock


def test_a_stage_inside_another_takes_the_time_from_it() -> None:
    """What is fetched while a CSV is written is fetching alone, and what comes after it is writing again."""
    clock = Clock()
    watch = Stopwatch(clock)
    clock.pass_by(100)
    with watch.on(WRITE):
        clock.pass_by(1)
        with watch.on(READ):
            clock.pass_by(2)
            with watch.on(FETCH):
                clock.pass_by(4)
            clock.pass_by(8)
        clock.pass_by(16)
    clock.pass_by(100)
    assert watch.seconds == {FETCH: 4, READ: 10, CLASSIFY: 0, WRITE: 17}


def test_a_stage_that_fails_has_had_its_time() -> None:
    """An error ends its stages, and the next one begins with its own time."""
    clock = Clock()
    watch = Stopwatch(clock)

    def fail() -> None:
        with watch.on(WRITE), watch.on(READ):
            clock.pass_by(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    clock.pass_by(100)
    with watch.on(WRITE):
        clock.pass_by(2)
    assert watch.seconds == {FETCH: 0, READ: 1, CLASSIFY: 0, WRITE: 2}


PLANS: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 9), lambda inner: st.lists(st.tuples(st.sampled_from(STAGES), inner), max_size=4)
)
"""Seconds, or stages with what is done in each."""


@given(PLANS)
def test_stages_add_up_to_the_time_that_passed_in_them(plan: Any) -> None:  # noqa: ANN401  # it holds itself
    """However stages are nested, no second is lost and none is counted twice."""
    clock = Clock()
    watch = Stopwatch(clock)

    def run(part: Any) -> None:  # noqa: ANN401  # likewise
        if isinstance(part, int):
            clock.pass_by(part)
            return
        for stage, inner in part:
            clock.pass_by(1)
            with watch.on(stage):
                run(inner)

    with watch.on(READ):
        run(plan)
    assert sum(watch.seconds.values()) == clock()
