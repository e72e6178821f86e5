"""Temperature and calibration error against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.models import classifier, linear
from train.calibration import (
    COLDEST,
    HOTTEST,
    Floats,
    calibrated,
    expected_calibration_error,
    fit_temperature,
    reliability,
)

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60)


def softmax(logits: Floats) -> Floats:
    """The definition."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def drawn(count: int, seed: int = 0) -> tuple[Floats, NDArray[np.uint8]]:
    """Probabilities of ten classes, (N, 10), and labels, (N,), that are drawn by them: calibrated by construction."""
    draw = np.random.default_rng(seed)
    shares = softmax(draw.normal(0, 2, (count, 10)))
    return shares, (shares.cumsum(axis=1) > draw.random((count, 1))).argmax(axis=1).astype(np.uint8)


@pytest.mark.parametrize("made_colder", [0.25, 0.5, 1.0, 2.0, 5.0])
def test_the_temperature_that_was_put_in_is_found(made_colder: float) -> None:
    """Logits that were multiplied by a number need that number as their temperature."""
    shares, labels = drawn(20_000)
    assert fit_temperature(calibrated(shares, 1 / made_colder), labels) == pytest.approx(made_colder, rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_no_other_temperature_is_better(seed: int) -> None:
    """The loss rises to both sides of what is found."""
    shares, labels = drawn(300, seed)
    found = fit_temperature(shares, labels)

    def loss(temperature: float) -> float:
        return -float(np.log(calibrated(shares, temperature)[np.arange(300), labels]).mean())

    assert loss(found) <= min(loss(found * factor) for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2)) + 1e-9


def test_a_model_that_is_always_right_or_knows_nothing_has_a_temperature_too() -> None:
    """The ends of the range, and no overflow of what is very sure."""
    labels = np.arange(10, dtype=np.uint8)
    right, wrong = np.eye(10, dtype=np.float32), np.roll(np.eye(10, dtype=np.float32), 1, axis=1)
    assert COLDEST <= fit_temperature(right, labels) < 0.1
    assert 100 < fit_temperature(wrong, labels) <= HOTTEST
    assert math.isfinite(fit_temperature(np.full((10, 10), 0.1), labels))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 20.0])
def test_calibrating_is_what_the_handler_does(temperature: float) -> None:
    """The same formula, so that what was fitted holds in the CSV."""
    images = np.random.default_rng(2).integers(0, 256, (50, 28, 28)).astype(np.uint8)
    bare = classifier(linear()).probabilities(images)
    found = classifier(linear(), calibration={"temperature": temperature}).probabilities(images)
    np.testing.assert_allclose(calibrated(bare, temperature), found, atol=1e-5)


@given(st.floats(0.1, 10), st.integers(0, 1000))
def test_a_temperature_changes_no_digit(temperature: float, seed: int) -> None:
    """Rows still sum to 1, and their greatest is the same one."""
    shares, _ = drawn(20, seed)
    found = calibrated(shares, temperature)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == shares.argmax(axis=1)).all()


def test_the_error_is_the_definition() -> None:
    """Two bins: |0.9 - 1/2| for two of three, |0.3 - 1| for one."""
    assert expected_calibration_error([0.9, 0.9, 0.3], [True, False, True], bins=2) == pytest.approx(
        (2 * 0.4 + 0.7) / 3
    )
    assert expected_calibration_error([], []) == 0


def test_bins_hold_their_upper_end() -> None:
    """As in the paper: (0, 1/15], …, (14/15, 1]; 0 has no bin below it."""
    found = reliability([0.0, 0.5, 0.51, 1.0], [False, True, True, True], bins=2)
    assert found.count.tolist() == [2, 2]
    assert found.right.tolist() == [1, 2]
    assert found.confidence.tolist() == pytest.approx([0.5, 1.51])


@given(PAIRS)
def test_every_prediction_is_in_one_bin_and_the_error_is_a_share(pairs: list[tuple[float, bool]]) -> None:
    """Nothing is lost or doubled; the error lies between 0 and 1, and is at least that of one bin for all."""
    sure, right = [one for one, _ in pairs], [other for _, other in pairs]
    found = reliability(sure, right)
    assert (found.count.sum(), found.right.sum()) == (len(pairs), sum(right))
    assert found.confidence.sum() == pytest.approx(sum(sure))
    assert reliability(sure, right, bins=1).error - 1e-9 <= found.error <= 1


def test_what_is_calibrated_has_hardly_an_error() -> None:
    """And its confidence doubled in logits has one."""
    shares, labels = drawn(20_000)
    assert expected_calibration_error(shares.max(axis=1), shares.argmax(axis=1) == labels) < 0.01
    colder = calibrated(shares, 0.5)
    assert expected_calibration_error(colder.max(axis=1), colder.argmax(axis=1) == labels) > 0.1
