"""Processes that take turns in being measured."""

import os
from functools import partial
from pathlib import Path

import pytest

from bench import lanes
from bench.lanes import Lane, LaneError, in_turns, together

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os
from bench.serving import serve

def answer(request):
    print("what a handler logs is no answer")
    if request.get("die"):
        os._exit(3)
    return {"twice": 2 * request["number"]}

serve(answer)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program to be asked, by the name of its module."""
    (tmp_path / "doubling.py").write_text(PROGRAM)
    monkeypatch.setattr(lanes, "LOG", tmp_path / "log.txt")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{tmp_path}")
    return "doubling"


def test_a_process_answers_what_it_is_asked(module: str) -> None:
    """However much else it prints, and as often as it is asked."""
    with Lane(module, [], os.environ) as lane:
        assert [lane.ask({"number": number})["twice"] for number in (1, 2)] == [2, 4]


def test_several_work_at_once(module: str) -> None:
    """All are asked before the first is waited for."""
    with Lane(module, [], os.environ) as one, Lane(module, [], os.environ) as other:
        assert together([one, other], [{"number": 1}, {"number": 5}]) == [{"twice": 2}, {"twice": 10}]


def test_a_process_that_dies_is_told(module: str) -> None:
    """With how it ended, and never waited for."""
    with Lane(module, [], os.environ) as lane, pytest.raises(LaneError, match="ended with status 3"):
        lane.ask({"die": True})


def test_a_process_that_cannot_start_is_told(module: str) -> None:
    """Before anything is asked."""
    with pytest.raises(LaneError, match=f"no_such_{module}"), Lane(f"no_such_{module}", [], os.environ):
        pytest.fail("it has started")


def test_all_take_turns() -> None:
    """Round by round, so that what else the machine does meets all of them."""
    order: list[str] = []

    def call(name: str) -> int:
        order.append(name)
        return len(order)

    assert in_turns({name: partial(call, name) for name in "ab"}, 2) == {"a": [1, 3], "b": [2, 4]}
    assert order == ["a", "b", "a", "b"]
