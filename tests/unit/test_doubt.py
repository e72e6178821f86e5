"""What is for a person to look at, and the reason that is given."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.doubt import ALWAYS, LOW_CONTRAST, doubt
from handler.errors import DETAILS
from handler.normal import Signs

CLEAR = Signs(contrast=0.8, cut=False, several=False, is_blank=False)
SHARES = st.floats(0, 1)
SIGNS = st.builds(Signs, SHARES, st.booleans(), st.booleans(), st.booleans())


def code(confidence: float, **signs: bool | float) -> str:
    """Of a picture that is clear but for `signs`, where 0.8 is enough and 0.3 is rather no digit."""
    found = {"contrast": 0.8, "cut": False, "several": False, "is_blank": False} | signs
    return doubt(Signs(**found), confidence, 0.8, 0.3).partition(":")[0]  # type: ignore[arg-type]  # of their kinds


@pytest.mark.parametrize(
    ("signs", "reason"),
    [
        ({}, "low-confidence"),
        ({"contrast": LOW_CONTRAST}, "low-confidence"),
        ({"contrast": LOW_CONTRAST - 0.01}, "low-contrast"),
        ({"contrast": 0.05, "cut": True}, "cut-off"),
        ({"cut": True}, "cut-off"),
    ],
)
def test_a_sign_explains_a_low_confidence_and_never_makes_one(signs: dict[str, float], reason: str) -> None:
    """Cut or faint: sure is sure; ink that is lost goes before ink that is faint."""
    assert code(0.79, **signs) == reason
    assert code(0.8, **signs) == ""


def test_a_very_low_confidence_is_that_of_no_digit() -> None:
    """Below the second threshold, where no sign explains it."""
    assert [code(confidence) for confidence in (0.29, 0.3)] == ["not-a-digit", "low-confidence"]
    assert code(0.29, cut=True) == "cut-off"


def test_no_digit_and_several_are_for_review_however_sure_the_model_is() -> None:
    """A network reads something in everything."""
    assert code(1.0, is_blank=True) == "blank"
    assert code(1.0, several=True) == "several-digits"
    assert code(0.1, is_blank=True, several=True, cut=True) == "blank"
    assert code(0.1, several=True, cut=True) == "several-digits"


def test_a_confidence_that_is_no_number_is_for_review() -> None:
    """NaN is not above any threshold."""
    assert code(math.nan) == "low-confidence"


@given(SIGNS, SHARES, SHARES, SHARES)
def test_what_is_ok_is_sure_and_what_is_not_has_a_documented_reason(
    signs: Signs, confidence: float, review_below: float, not_a_digit_below: float
) -> None:
    """Empty exactly where the confidence reaches its threshold and no sign forbids it; else a code and one sentence."""
    detail = doubt(signs, confidence, review_below, not_a_digit_below)
    found, _, sentence = detail.partition(": ")
    assert (detail == "") == (confidence >= review_below and not signs.is_blank and not signs.several)
    assert not detail or (found in DETAILS and sentence)
    assert (found in ALWAYS) == (signs.is_blank or signs.several)


@given(SHARES, SHARES)
def test_a_higher_threshold_never_makes_a_row_ok(one: float, other: float) -> None:
    """`ReviewBelow` moves along a curve."""
    low, high = sorted((one, other))
    for confidence in (0.0, 0.5, 0.9, 1.0):
        assert doubt(CLEAR, confidence, high, 0) or not doubt(CLEAR, confidence, low, 0)
