"""What a card says of a model's confidence: its temperature, its thresholds, and what each other one would cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handler.ports import Images, Probabilities
from train.calibration import BINS, Floats, Reliability, fit_temperature, reliability
from train.heldout import HeldOut
from train.readings import looked_at, plain
from train.thresholds import THRESHOLDS, Curve, choose_not_a_digit_below, choose_review_below, risk_coverage

REVIEW_BELOW: Final = 0.8
"""Of a model of which nothing is known but its predictions."""
DIGITS: Final = ("clean", "augmented")
NO_DIGITS: Final = ("negatives", "unseen_negatives")
"""Curves of what is no digit: of the kinds that training has, and of one that it has not. None of it is right."""
LOOK_AGAIN_BELOW: Final = 0.98
"""Of a model that was shown what is no digit: a picture of which it is less sure is read in other ways too."""
_DECIMALS: Final = 6
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Confidence:
    """How a model's probabilities are to be taken."""

    temperature: float = 1.0
    review_below: float = REVIEW_BELOW
    not_a_digit_below: float = 0.0
    look_again_below: float = 0.0
    reliabilities: Mapping[str, Reliability] = field(default_factory=dict)
    """Of all held-out digits, before and after the temperature; empty where there were none, and so are the others."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """Of `clean` and `augmented` digits, and of each of `NO_DIGITS`."""
    errors: Mapping[str, float] = field(default_factory=dict)
    """Calibration errors, 0 to 1, of the two kinds of digits."""

    def as_json(self) -> dict[str, Any]:
        """The entries of a card, each share to six decimals; null where nothing was held out."""
        calibration: dict[str, Any] = {"method": None, "temperature": self.temperature}
        if self.reliabilities:
            before, after = self.reliabilities.values()
            calibration = {
                "method": "temperature",
                "temperature": self.temperature,
                "ece_before": round(before.error, _DECIMALS),
                "ece_after": round(after.error, _DECIMALS),
                "ece_of": {name: round(error, _DECIMALS) for name, error in self.errors.items()},
                "bins": BINS,
                "digits": int(after.count.sum()),
            }
        return {
            "calibration": calibration,
            "review_below": self.review_below,
            "not_a_digit_below": self.not_a_digit_below,
            "look_again_below": self.look_again_below,
            "risk_coverage": curves_json(self.curves) if self.curves else None,
        }

    def at_threshold(self) -> str:
        """What held-out images say of `review_below`, in a line; empty where there were none."""
        said = []
        for name, curve in self.curves.items():
            row = curve.thresholds.tolist().index(self.review_below)
            right = "" if name in NO_DIGITS else f", {100 * curve.accuracy[row]:.2f} % of them right"
            said.append(f"{100 * curve.coverage[row]:.2f} % of {curve.total} {name.replace('_', ' ')} ok{right}")
        return "; ".join(said)


def fit(read: Callable[[Images], Probabilities], held_out: HeldOut, asked: float | None = None) -> Confidence:
    """Fit temperature and thresholds to what `read`, (N, 28, 28) to probabilities, says of held-out images.

    The temperature is fitted to clean and augmented digits together; a threshold that is `asked` for stands.
    """
    labels = (held_out.clean_labels, held_out.augmented_labels)
    digits = [looked_at(readings, read) for readings in (plain(held_out.clean), held_out.augmented)]
    temperature = 1.0
    for _ in range(_ROUNDS):  # it decides which readings count, and these decide it: it hardly moves after the first
        counting = [looked.chosen(temperature, LOOK_AGAIN_BELOW) for looked in digits]
        temperature = round(fit_temperature(np.concatenate(counting), np.concatenate(labels)), _DECIMALS)

    def pairs_at(value: float) -> dict[str, tuple[Floats, NDArray[np.bool_]]]:
        return {
            name: _pairs(looked.settled(value, LOOK_AGAIN_BELOW), right)
            for name, looked, right in zip(DIGITS, digits, labels, strict=True)
        }

    pairs = pairs_at(temperature)
    others = [
        looked_at(readings, read).settled(temperature, LOOK_AGAIN_BELOW).max(axis=1)
        for readings in (held_out.negatives, held_out.unseen_negatives)
    ]
    review_below = choose_review_below(pairs["clean"], pairs["augmented"], *others) if asked is None else asked
    sure = np.concatenate([confidence for confidence, _ in pairs.values()])
    wrong = {name: (found, np.zeros_like(found, bool)) for name, found in zip(NO_DIGITS, others, strict=True)}
    sets = {**pairs, **wrong}
    thresholds = sorted({*THRESHOLDS, review_below})
    return Confidence(
        temperature=temperature,
        review_below=review_below,
        look_again_below=LOOK_AGAIN_BELOW,
        not_a_digit_below=choose_not_a_digit_below(sure, np.concatenate(others), review_below),
        reliabilities={
            name: reliability(*_together(pairs_at(value)))
            for name, value in (("before", 1.0), (f"temperature {temperature:.3g}", temperature))
        },
        curves={name: risk_coverage(*found, thresholds=thresholds) for name, found in sets.items()},
        errors={name: reliability(*found).error for name, found in pairs.items()},
    )


def curves_json(curves: Mapping[str, Curve]) -> dict[str, Any]:
    """Curves of the same thresholds, as columns of one table; the accuracy of nothing is null."""
    columns: dict[str, Any] = {"review_below": _rounded(next(iter(curves.values())).thresholds)}
    for name, curve in curves.items():
        columns[name] = {"images": curve.total, "ok": _rounded(curve.coverage)}
        if name not in NO_DIGITS:
            columns[name]["accuracy_of_ok"] = _rounded(curve.accuracy)
    return columns


def _together(pairs: Mapping[str, tuple[Floats, NDArray[np.bool_]]]) -> tuple[Floats, NDArray[np.bool_]]:
    confidences, right = zip(*pairs.values(), strict=True)
    return np.concatenate(confidences), np.concatenate(right)


def _pairs(probabilities: Floats, labels: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.bool_]]:
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _rounded(shares: Floats) -> list[float | None]:
    return [None if np.isnan(share) else round(float(share), _DECIMALS) for share in shares]
