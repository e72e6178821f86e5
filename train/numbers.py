"""An evaluation as JSON for a program; pure."""

from dataclasses import asdict
from typing import Any

from handler.rows import ERROR, REVIEW
from train.certainty import curve_of, reliability_of
from train.confidence import curves_json
from train.rates import Rate
from train.report import NONE, codes
from train.score import Reading, Result, Score


def as_json(result: Result, review_below: float) -> dict[str, Any]:
    """All numbers of one set, every rate with its counts and its interval, the curve, and every mistake."""
    return {
        "name": result.name,
        "rows": result.rows,
        **score_json(result.score),
        **curve_json(result.score, review_below),
        "mistakes": [_reading_json(reading) for reading in result.mistakes],
        "without_label": [_reading_json(reading) for reading in result.unlabelled],
        "without_row": list(result.missing),
    }


def score_json(score: Score) -> dict[str, Any]:
    """The numbers that add up over sets."""
    matrix: dict[str, dict[str, int]] = {}
    for (label, digit), count in sorted(score.confusion.items()):
        matrix.setdefault(label, {})[digit or NONE] = count
    return {
        "labelled": score.labelled,
        "accuracy": rate_json(score.accuracy),
        "ok": rate_json(score.ok_share),
        "accuracy_of_ok": rate_json(score.ok_accuracy),
        "calibration_error": reliability_of(score).error if score.confidences else None,
        "details": {status: codes(score, status) for status in (REVIEW, ERROR)},
        "confusion": matrix,
    }


def curve_json(score: Score, review_below: float) -> dict[str, Any]:
    """What each threshold would make of a set, in columns: `ok`, and the accuracy of that."""
    return {"risk_coverage": curves_json({"labelled": curve_of(score, review_below)})}


def rate_json(rate: Rate) -> dict[str, Any]:
    """A rate with its counts and its 95 % interval; a share of nothing is null, and so is its interval."""
    return {"count": rate.count, "of": rate.of, "share": rate.share, "interval": rate.interval if rate.of else None}


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {name: value for name, value in asdict(reading).items() if name != "number"}
