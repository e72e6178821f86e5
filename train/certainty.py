"""How far the confidence of an evaluated set can be trusted; pure."""

import numpy as np

from train.calibration import Reliability, reliability
from train.score import Score
from train.thresholds import THRESHOLDS, Curve, risk_coverage


def reliability_of(score: Score) -> Reliability:
    """All labelled rows with a prediction, by their confidence as it is written."""
    return reliability(*_columns(score, decided=False))


def curve_of(score: Score, review_below: float) -> Curve:
    """What would be `ok` with each threshold, `review_below` among them, of all labelled rows.

    Those that are for review whatever their confidence, and those without a prediction, are `ok` with none.
    """
    thresholds = sorted({*THRESHOLDS, review_below})
    return risk_coverage(*_columns(score, decided=True), total=score.labelled, thresholds=thresholds)


def _columns(score: Score, *, decided: bool) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and whether each is right, a value for each row; with `decided`, of those that it decides alone."""
    rows = [(*row[:2], count) for row, count in score.confidences.items() if row[2] or not decided]
    confidences, right, counts = zip(*rows, strict=True) if rows else ((), (), ())
    repeats = np.asarray(counts, int)
    return np.repeat(np.asarray(confidences, float), repeats), np.repeat(np.asarray(right, bool), repeats)
