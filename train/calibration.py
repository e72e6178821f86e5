"""How sure a model may be: the temperature that makes its confidence a rate, and how far it is from one; pure NumPy."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
BINS: Final = 15
"""As Guo et al. have it."""
COLDEST, HOTTEST = 2.0**-12, 2.0**12
"""Between these the temperature is sought."""
_EXACTLY: Final = 1e-4
"""The temperature is found to this share of itself."""
_GOLDEN: Final = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predictions in bins of equal width by their confidence; those of several sets add up."""

    count: NDArray[np.int64]
    """(bins,) of predictions."""
    confidence: Floats
    """(bins,) their confidences' sum."""
    right: NDArray[np.int64]
    """(bins,) of these, how many are right."""

    @property
    def error(self) -> float:
        """The expected calibration error, 0 to 1: the mean distance of confidence and accuracy; 0 of nothing.

        That of each bin by its number of predictions (Naeini et al., Obtaining Well Calibrated Probabilities Using
        Bayesian Binning, 2015; Guo et al., On Calibration of Modern Neural Networks, 2017).
        """
        return float(np.abs(self.confidence - self.right).sum() / max(self.count.sum(), 1))


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> Reliability:
    """Predictions, (N,) of 0 to 1 with (N,) whether each is right, in bins that hold their upper end, not their lower.

    What is 0 is in the first one.
    """
    sure, is_right = np.asarray(confidence, float), np.asarray(right, bool)
    place = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)
    return Reliability(
        np.bincount(place, minlength=bins),
        np.bincount(place, sure, bins).astype(float),
        np.bincount(place[is_right], minlength=bins),
    )


def expected_calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """0 to 1, of predictions as `reliability` takes them."""
    return reliability(confidence, right, bins).error


def calibrated(probabilities: NDArray[np.floating], temperature: float) -> Floats:
    """Softmax of logits over a temperature, (N, classes), from probabilities: as `handler.model` calibrates them."""
    logits = _logits(probabilities)
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The temperature, by which logits are divided, that makes `labels`, (N,), most likely.

    Of `probabilities`, (N, classes), the one number is fitted that changes no digit (Guo et al. 2017, section 4.2).
    The loss has one minimum in it, since it is convex in 1 / temperature: it is found by sections of golden ratio.
    """
    logits = _logits(probabilities)
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(labels)), labels]

    def loss(logarithm: float) -> float:
        scale = math.exp(-logarithm)
        return float(np.mean(np.log(np.exp(logits * scale).sum(axis=1)) - chosen * scale))

    low, high = math.log(COLDEST), math.log(HOTTEST)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    lefts, rights = loss(left), loss(right)
    while high - low > _EXACTLY:
        if lefts <= rights:
            high, right, rights = right, left, lefts
            left = high - _GOLDEN * (high - low)
            lefts = loss(left)
        else:
            low, left, lefts = left, right, rights
            right = low + _GOLDEN * (high - low)
            rights = loss(right)
    return math.exp((low + high) / 2)


def _logits(probabilities: NDArray[np.floating]) -> Floats:
    """Up to a constant in each row; what is 0 in single precision is its smallest number."""
    return np.log(np.maximum(np.asarray(probabilities, np.float64), float(np.finfo(np.float32).tiny)))
