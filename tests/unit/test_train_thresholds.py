"""Risk, coverage, intervals, and the thresholds that follow from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.rates import wilson
from train.thresholds import (
    COVERAGE,
    STEPS,
    THRESHOLDS,
    choose_not_a_digit_below,
    choose_review_below,
    risk_coverage,
)

SHARES = st.lists(st.integers(0, STEPS).map(lambda step: step / STEPS), max_size=50)
PAIRS = st.lists(st.tuples(st.integers(0, STEPS).map(lambda step: step / STEPS), st.booleans()), max_size=50)
Digits = tuple[list[float], list[bool]]


def digits(*groups: tuple[int, float, bool]) -> Digits:
    """So many predictions of a confidence, right or wrong, of each group."""
    return (
        [sure for count, sure, _ in groups for _ in range(count)],
        [right for count, _, right in groups for _ in range(count)],
    )


def test_an_interval_is_wilsons() -> None:
    """Figures from Newcombe, Two-sided Confidence Intervals for the Single Proportion, 1998, table I."""
    for count, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert wilson(29, 29)[1] == 1
    assert wilson(0, 0) == (0, 1)


@given(st.integers(1, 10**7).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_rate_and_stays_within_0_and_1(counted: tuple[int, int]) -> None:
    """Also at both ends, and it is narrower the more was counted."""
    count, of = counted
    low, high = wilson(count, of)
    assert 0 <= low <= count / of <= high <= 1
    finer = wilson(10 * count, 10 * of)
    assert finer[1] - finer[0] < high - low


@given(PAIRS)
def test_a_curve_counts_what_reaches_each_threshold(pairs: list[tuple[float, bool]]) -> None:
    """The definition, at every threshold; what equals it is `ok`."""
    curve = risk_coverage([sure for sure, _ in pairs], [right for _, right in pairs], total=60)
    assert curve.thresholds.tolist() == list(THRESHOLDS)
    for threshold, ok, right, share in zip(THRESHOLDS, curve.ok, curve.right, curve.coverage, strict=True):
        reached = [is_right for sure, is_right in pairs if sure >= threshold - 1e-9]
        assert (ok, right, share) == (len(reached), sum(reached), len(reached) / 60)


def test_thresholds_are_few_and_fine_where_it_matters() -> None:
    """Ascending four-decimal numbers from 0 to 1."""
    assert len(THRESHOLDS) <= 201
    assert (THRESHOLDS[0], THRESHOLDS[-1]) == (0, 1)
    assert list(THRESHOLDS) == sorted({round(threshold, 4) for threshold in THRESHOLDS})


def test_nothing_ok_has_no_accuracy() -> None:
    """Neither 0 nor 1."""
    curve = risk_coverage([0.2, 0.3], [True, False], thresholds=[0, 0.25, 1])
    assert curve.accuracy.tolist()[:2] == [0.5, 0]
    assert np.isnan(curve.accuracy[2])
    assert risk_coverage([], []).coverage.tolist() == [0] * len(THRESHOLDS)


def test_the_threshold_leaves_out_as_much_as_the_promise_needs() -> None:
    """Mistakes below 0.6 are under it, with a step to spare for none."""
    clean = digits((9900, 0.99, True), (50, 0.7, True), (40, 0.6, False), (10, 0.5, True))
    assert choose_review_below(clean, clean) == 0.6001


def test_a_margin_is_kept_where_it_leaves_enough() -> None:
    """9 mistakes in 9,900 are 99.91 %, whose interval begins below 99.9 %: it is raised if that costs less than 2 %."""
    cheap = digits((9890, 0.99, True), (9, 0.7, False), (101, 0.3, True))
    assert choose_review_below(cheap, cheap) == 0.7001
    dear = digits((9000, 0.99, True), (890, 0.8, True), (9, 0.85, False), (101, 0.3, True))
    assert choose_review_below(dear, dear) == 0


def test_a_weak_model_keeps_the_promise_at_any_price() -> None:
    """Less than 98 % are `ok` where more cannot be promised; 1 where nothing can."""
    weak = digits((5000, 0.99, True), (4000, 0.8, True), (200, 0.8, False))
    assert choose_review_below(weak, weak) == 0.8001
    weaker = digits((3000, 0.99, True), (6000, 0.8, True), (200, 0.8, False))
    assert choose_review_below(weaker, weaker) == 0.8001
    never = digits((100, 1.0, False), (100, 0.5, True))
    assert choose_review_below(never, never) == 1


def test_augmented_digits_raise_the_threshold() -> None:
    """99 % of them, as counted, as long as half of the clean ones stay `ok`: else the clean ones decide."""
    clean = digits((10_000, 0.99, True))
    hard = digits((980, 0.9, True), (20, 0.5, False))
    assert choose_review_below(clean, clean) == 0
    assert choose_review_below(clean, hard) == 0.5001
    spread = digits((6000, 0.99, True), (4000, 0.8, True))
    assert choose_review_below(spread, digits((980, 0.9, True), (20, 0.85, False))) == 0.8501
    assert choose_review_below(spread, digits((980, 0.999, True), (20, 0.995, False))) == 0


def test_what_is_no_digit_raises_the_threshold_as_far_as_digits_allow() -> None:
    """Until 1 % are accepted; but 98 % of clean digits stay `ok`."""
    clean = digits((9900, 0.99, True), (100, 0.7, True))
    assert choose_review_below(clean, clean, [0.3] * 98 + [0.6, 0.99]) == 0.6001
    assert choose_review_below(clean, clean, [0.3] * 97 + [0.7, 0.95, 0.99]) == 0.9501
    assert choose_review_below(clean, clean, [0.999] * 100) == 0.99


def test_each_kind_of_what_is_no_digit_is_promised_for() -> None:
    """None hides among more of another: of each at most 1 % are accepted."""
    clean = digits((9900, 0.99, True), (100, 0.7, True))
    shown, unseen = [0.3] * 1000, [0.4] * 97 + [0.8] * 3
    assert choose_review_below(clean, clean, [*shown, *unseen]) == 0.4001
    assert choose_review_below(clean, clean, shown, unseen) == 0.8001
    assert choose_review_below(clean, clean, shown, []) == 0.3001


def test_what_is_no_digit_leaves_other_digits_as_many_ok() -> None:
    """It raises the threshold only to where 98 % is the lower end of the interval: what was held out is a sample."""
    clean = digits((9810, 0.99, True), (30, 0.9, True), (160, 0.5, True))
    assert choose_review_below(clean, clean, [0.95] * 100) == 0.9
    assert choose_review_below(clean, clean, [0.3] * 100) == 0.3001
    few = digits((9790, 0.99, True), (20, 0.9, True), (190, 0.5, True))
    assert choose_review_below(few, few, [0.95] * 100) == 0.5


@given(PAIRS, PAIRS, SHARES)
def test_any_held_out_images_have_a_threshold(
    clean: list[tuple[float, bool]], augmented: list[tuple[float, bool]], negatives: list[float]
) -> None:
    """From 0 to 1, of four decimals, and negatives never lower it."""
    plain, hard = (([sure for sure, _ in pairs], [right for _, right in pairs]) for pairs in (clean, augmented))
    without, found = choose_review_below(plain, hard), choose_review_below(plain, hard, negatives)
    assert 0 <= without <= found <= 1
    assert found == round(found, 4)
    ok = sum(sure >= found for sure in plain[0])
    assert found == without or ok >= COVERAGE * len(plain[0])


def test_the_second_threshold_separates_what_is_for_review() -> None:
    """Digits that are sure of themselves do not count: they are not for review."""
    sure, unsure, strangers = [0.99] * 1000, [0.5, 0.6, 0.7], [0.1, 0.2, 0.3, 0.95]
    found = choose_not_a_digit_below(sure + unsure, strangers, 0.9)
    assert 0.3 < found <= 0.5
    assert choose_not_a_digit_below(sure, strangers, 0.9) == 0.9
    assert choose_not_a_digit_below(sure + unsure, [0.95], 0.9) == 0
    assert choose_not_a_digit_below([0.1], [0.8], 0.9) == 0


@given(SHARES, SHARES, st.integers(0, STEPS).map(lambda step: step / STEPS))
def test_the_second_threshold_lies_below_the_first(ours: list[float], others: list[float], limit: float) -> None:
    """Whatever was held out."""
    assert 0 <= choose_not_a_digit_below(ours, others, limit) <= limit
