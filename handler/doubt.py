"""Whether a person should look at a prediction, and why: the confidence decides, the signs explain."""

from typing import Final

from handler.normal import Signs

LOW_CONTRAST: Final = 0.15
"""Ink that differs from its paper by less, of black to white, is named as the reason of a low confidence.

Of 552 digits in pencil on scanned exams 11 have less. The reference network reads 64 % of these right, and 92 % of all
others, among which contrast makes no difference.
"""
ALWAYS: Final = frozenset({"blank", "several-digits"})
"""Codes that stand for review whatever the confidence: there is no digit, or not one digit, to be sure of."""


def doubt(signs: Signs, confidence: float, review_below: float, not_a_digit_below: float) -> str:
    """The `detail` of a row for review; empty where the row is `ok`.

    A picture without ink or of several digits is for review however sure the model is: a network always reads
    something. All others are where the `confidence` is below `review_below`; of the reasons that may be given, the
    first that holds is: ink that is cut off, faint ink, a confidence below `not_a_digit_below`, none of these.
    """
    sure = confidence >= review_below  # which NaN is not
    if sure and not signs.is_blank and not signs.several:
        return ""
    unsure = f"the model is less sure than {review_below:g}"
    reasons = {
        "blank: nothing on the picture stands out from its paper": signs.is_blank,
        "several-digits: there seem to be several digits on the picture, cut them apart": signs.several,
        f"cut-off: {unsure}, and ink runs off the edge of the picture": signs.cut,
        f"low-contrast: {unsure}, and the ink hardly differs from its paper": signs.contrast < LOW_CONTRAST,
        f"not-a-digit: {unsure}, as it is of what is no digit": confidence < not_a_digit_below,
        f"low-confidence: {unsure}": True,
    }
    return next(detail for detail, holds in reasons.items() if holds)
