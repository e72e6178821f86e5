"""From which confidence on a prediction is used unseen: what each threshold costs, and which one is chosen; pure NumPy.

Risk and coverage are those of El-Yaniv and Wiener, On the Foundations of Noise-free Selective Classification, 2010,
and of Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, 2017: the share of errors among what is
accepted, and the share of all that is.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from train.calibration import Floats
from train.rates import wilson

STEPS: Final = 10_000
"""A confidence is written with four decimals, and compared as it is written."""
THRESHOLDS: Final[tuple[float, ...]] = (
    *(number / 100 for number in range(100)),
    *(number / 1_000 for number in range(991, 1_000)),
    *(number / 10_000 for number in range(9_991, 10_001)),
)
"""Those of a curve: finer where good models' confidences are."""
CLEAN: Final = 0.999
"""Accuracy of what is `ok` that is asked for on clean digits."""
AUGMENTED: Final = 0.99
"""And on digits as bad as they come."""
COVERAGE: Final = 0.98
"""Share of clean digits that should be `ok`; where what is no digit asks for more, at the interval's lower end."""
LEAST: Final = 0.5
"""And what must be, for augmented digits to have a say: a weak network is of some use where it reads clean ones."""
AUGMENTED_COVERAGE: Final = 0.92
"""And of digits as bad as they come."""
ACCEPTED: Final = 0.01
"""Share of what is no digit that may be `ok`, of each kind."""
Pairs = tuple[ArrayLike, ArrayLike]
"""Confidences, (N,) of 0 to 1, and whether each is that of a right reading."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What is `ok` from each threshold on, of `total` images."""

    thresholds: Floats
    ok: NDArray[np.int64]
    """Images whose confidence reaches each threshold."""
    right: NDArray[np.int64]
    """Of these, how many are right."""
    total: int
    """Images, those without a confidence too."""

    @property
    def coverage(self) -> Floats:
        """Share of all images that is `ok`, 0 to 1."""
        return np.asarray(self.ok / max(self.total, 1))

    @property
    def accuracy(self) -> Floats:
        """Share of `ok` that is right, the rest being the risk; NaN where nothing is `ok`."""
        return np.where(self.ok > 0, self.right / np.maximum(self.ok, 1), np.nan)


def risk_coverage(
    confidence: ArrayLike, right: ArrayLike, total: int | None = None, thresholds: ArrayLike = THRESHOLDS
) -> Curve:
    """The curve of predictions, (N,) of 0 to 1 with (N,) whether each is right, of `total` images (default: N)."""
    written, limits = _written(confidence), np.asarray(thresholds, float)
    is_right = np.asarray(right, bool)
    asked = np.rint(limits * STEPS)
    return Curve(
        limits,
        len(written) - np.searchsorted(np.sort(written), asked),
        is_right.sum() - np.searchsorted(np.sort(written[is_right]), asked),
        len(written) if total is None else total,
    )


def choose_review_below(clean: Pairs, augmented: Pairs, *negatives: ArrayLike) -> float:
    """The threshold to publish a model with, of held-out digits of both kinds and the confidences of what is none.

    Of the latter there may be several sets: what is promised is promised of each.

    It is the smallest that keeps the first of these promises that any threshold keeps. Of clean digits that are `ok`
    at least `CLEAN` are right, at the lower end of the 95 % interval, and of augmented ones `AUGMENTED`, as counted;
    `COVERAGE` of the clean ones are `ok`. The same, all as counted. The same with `LEAST` of the clean ones `ok`. That
    of the clean ones alone, whatever is `ok`. Where no threshold keeps any, it is 1.

    A good network would keep it with every row `ok`, also those of what is no digit. So it is raised until at most
    `ACCEPTED` of each set of negatives are `ok`, as far as `COVERAGE` and `AUGMENTED_COVERAGE` allow. The former is
    asked for at the lower end of its 95 % interval here: a kind that training lacks may push the threshold to that
    limit, and of other digits as many are to be `ok`.
    """
    every = np.arange(STEPS + 1) / STEPS
    plain, hard = (risk_coverage(*pairs, thresholds=every) for pairs in (clean, augmented))
    lower = _lower_ends(plain.right, plain.ok)
    bearable = (hard.ok == 0) | (np.nan_to_num(hard.accuracy) >= AUGMENTED)
    counted_right = (plain.ok > 0) & (np.nan_to_num(plain.accuracy) >= CLEAN)
    promises = (
        bearable & (lower >= CLEAN) & (plain.coverage >= COVERAGE),
        bearable & counted_right & (plain.coverage >= COVERAGE),
        bearable & counted_right & (plain.coverage >= LEAST),
        counted_right,
    )
    kept = next((promise for promise in promises if promise.any()), None)
    if kept is None:
        return 1.0
    chosen = int(kept.argmax())
    surely = _lower_ends(plain.ok, np.full_like(plain.ok, plain.total)) >= COVERAGE
    affordable = kept & surely & (hard.coverage >= AUGMENTED_COVERAGE)
    accepted = [risk_coverage(found, np.zeros_like(found, bool), thresholds=every).coverage for found in negatives]
    enough = np.max([np.zeros(len(every)), *accepted], axis=0) <= ACCEPTED
    if not enough[chosen] and affordable.any():  # then no lower one is enough either
        good = np.flatnonzero(affordable & enough)
        chosen = int(good[0] if len(good) else np.flatnonzero(affordable)[-1])
    return float(every[chosen])


def choose_not_a_digit_below(digits: ArrayLike, negatives: ArrayLike, review_below: float) -> float:
    """The threshold that best tells what is no digit from digits, both (N,) confidences, among what is for review.

    The one with the largest sum of the shares that it tells right (Youden, Index for Rating Diagnostic Tests, 1950);
    of several the middle one. 0 where there are no negatives for review, `review_below` where there are only those.
    """
    limit = round(review_below * STEPS)
    ours, others = (np.sort(found[found < limit]) for found in (_written(digits), _written(negatives)))
    if not len(others) or not len(ours):
        return review_below if len(others) else 0.0
    every = np.arange(limit + 1)
    index = np.searchsorted(others, every) / len(others) - np.searchsorted(ours, every) / len(ours)
    best = np.flatnonzero(index == index.max())
    return float(best[len(best) // 2] / STEPS) if index.max() > 0 else 0.0


def _lower_ends(counts: NDArray[np.int64], of: NDArray[np.int64]) -> Floats:
    """Of the 95 % interval of each rate."""
    pairs = list(zip(counts.tolist(), of.tolist(), strict=True))
    lows = {pair: wilson(*pair)[0] for pair in set(pairs)}
    return np.array([lows[pair] for pair in pairs])


def _written(confidence: ArrayLike) -> NDArray[np.float64]:
    """Confidences as whole steps."""
    return np.asarray(np.rint(np.asarray(confidence, float) * STEPS))
