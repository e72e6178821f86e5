"""Ratios of runs in turns, and what is to be reached."""

import pytest

from bench.ratios import TARGETS, Target, figure, ratio, verdict, verdicts

RISING = Target("rising", "a rate", 2, 4, "×")
FALLING = Target("falling", "a share of memory", 1.1, 1.0, "×", falls=True)


def test_a_ratio_compares_runs_of_the_same_round() -> None:
    """What slowed a whole round down changes nothing, and one odd round does not decide."""
    assert ratio([4, 40, 4], [2, 20, 1]) == 2


def test_runs_that_do_not_pair_are_refused() -> None:
    """A round that is missing is a fault of the benchmark, not a ratio."""
    with pytest.raises(ValueError, match="zip"):
        ratio([1, 2], [1])


@pytest.mark.parametrize(
    ("target", "measured", "word"),
    [
        (RISING, 4, "met, and the aim"),
        (RISING, 2, "met"),
        (RISING, 1, "missed by 50%"),
        (RISING, None, "not measured"),
        (FALLING, 0.9, "met, and the aim"),
        (FALLING, 1.1, "met"),
        (FALLING, 2.2, "missed by 100%"),
    ],
)
def test_a_verdict_says_how_far_a_target_is(target: Target, measured: float | None, word: str) -> None:
    """Whichever way is better, a miss is told as a share of what was asked for at least."""
    assert verdict(target, measured).word == word


def test_every_target_has_its_verdict() -> None:
    """In the order of the issue, and none is left out because nothing was measured."""
    found = verdicts({TARGETS[1].name: 1.3})
    assert [one.target for one in found] == list(TARGETS)
    assert [one.word for one in found[:2]] == ["not measured", "met"]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_aim_is_beyond_the_least(target: Target) -> None:
    """What aims higher is better, in the direction that the target has."""
    assert (target.aim < target.least) is target.falls


@pytest.mark.parametrize(("value", "text"), [(12345.6, "12,346"), (99.94, "99.9"), (1.234, "1.23"), (0, "0.00")])
def test_figures_have_about_three_digits(value: float, text: str) -> None:
    """Enough to compare, and no more than a busy machine can tell."""
    assert figure(value) == text
