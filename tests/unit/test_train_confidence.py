"""What is fitted to held-out images, and what the card says of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handler.card import read_card
from handler.ports import Images, Probabilities
from tests.unit.models import card_of
from train import plots
from train.calibration import reliability
from train.confidence import LOOK_AGAIN_BELOW, NO_DIGITS, REVIEW_BELOW, Confidence, fit
from train.heldout import HeldOut
from train.readings import plain
from train.thresholds import risk_coverage

COUNT = 6000


def read(images: Images) -> Probabilities:
    """A model whose reading is written into each image: the digit it sees, and the hundredths that it is sure."""
    shares = images[:, 0, 1, None].astype(np.float32) / 100
    found = np.repeat((1 - shares) / 9, 10, axis=1)
    found[np.arange(len(images)), images[:, 0, 0]] = shares[:, 0]
    return np.asarray(found, np.float32)


def shown(digit: NDArray[np.uint8], hundredths: NDArray[np.uint8]) -> Images:
    """Images in which `read` sees just that."""
    images = np.zeros((len(digit), 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = digit, hundredths
    return images


@pytest.fixture(scope="module")
def held_out() -> HeldOut:
    """Too sure a model: wrong in half of what it is 70 % sure of, sure of 40 % or 20 % in what is no digit."""
    labels = (np.arange(COUNT) % 10).astype(np.uint8)
    sure = np.full(COUNT, 98, np.uint8)
    sure[:60] = 70
    read_as = labels.copy()
    read_as[:30] = (labels[:30] + 1) % 10
    strangers = np.resize(np.array([20, 40], np.uint8), 100)
    negatives = shown(np.zeros(100, np.uint8), strangers)
    unseen = shown(np.zeros(50, np.uint8), np.resize(np.array([30, 60], np.uint8), 50))
    return HeldOut(shown(read_as, sure), labels, plain(shown(read_as, sure)), labels, plain(negatives), plain(unseen))


def test_a_fit_keeps_the_promise_on_what_was_held_out(held_out: HeldOut) -> None:
    """The temperature makes the error smaller; mistakes and what is no digit lie below the threshold."""
    found = fit(read, held_out)
    before, after = found.reliabilities.values()
    assert after.error < before.error
    assert before.count.sum() == 2 * COUNT
    clean, augmented, negatives, unseen = found.curves.values()
    assert found.review_below in clean.thresholds
    row = clean.thresholds.tolist().index(found.review_below)
    assert (clean.ok[row], clean.right[row]) == (COUNT - 60, COUNT - 60) == (augmented.ok[row], augmented.right[row])
    assert (negatives.ok[row], negatives.total) == (0, 100)
    assert (unseen.ok[row], unseen.total) == (0, 50)
    assert 0 < found.not_a_digit_below <= found.review_below
    assert found.at_threshold() == (
        "99.00 % of 6000 clean ok, 100.00 % of them right; 99.00 % of 6000 augmented ok, 100.00 % of them right; "
        "0.00 % of 100 negatives ok; 0.00 % of 50 unseen negatives ok"
    )


def test_a_second_reading_that_is_surer_counts(held_out: HeldOut) -> None:
    """As in the handler's rows: of a mistaken digit and of what is no digit, where the first is not sure enough."""
    count = len(held_out.augmented_labels)
    right = shown(held_out.augmented_labels, np.full(count, 99, np.uint8))
    others = replace(plain(right), first=held_out.augmented.first, again=right, owners=np.arange(count))
    first, again = fit(read, held_out, 0.5), fit(read, replace(held_out, augmented=others), 0.5)
    assert first.curves["augmented"].right[0] == count - 30
    assert again.curves["augmented"].right[0] == count
    assert again.curves["clean"].right[0] == first.curves["clean"].right[0]


def test_a_threshold_that_is_asked_for_stands(held_out: HeldOut) -> None:
    """Temperature and curve are fitted all the same."""
    found, other = fit(read, held_out, 0.12345), fit(read, held_out)
    assert found.review_below == 0.12345
    assert 0.12345 in found.curves["clean"].thresholds
    assert found.temperature == other.temperature


def test_without_negatives_nothing_is_taken_for_no_digit(held_out: HeldOut) -> None:
    """Their part of the table is of no images."""
    none = plain(np.zeros((0, 28, 28), np.uint8))
    found = fit(read, replace(held_out, negatives=none, unseen_negatives=none))
    assert found.not_a_digit_below == 0
    curve = found.as_json()["risk_coverage"]
    assert (curve["negatives"]["images"], curve["unseen_negatives"]["images"]) == (0, 0)


@pytest.mark.parametrize("others", ["negatives", "unseen_negatives"])
def test_each_kind_of_negatives_has_a_say(held_out: HeldOut, others: str) -> None:
    """The threshold is above what the model is sure of in either, if digits leave room for that."""
    surer = plain(shown(np.zeros(100, np.uint8), np.full(100, 90, np.uint8)))
    known, unseen = (surer if name == others else getattr(held_out, name) for name in NO_DIGITS)
    found, other = fit(read, held_out), fit(read, replace(held_out, negatives=known, unseen_negatives=unseen))
    row = other.curves[others].thresholds.tolist().index(other.review_below)
    assert other.curves[others].ok[row] == 0
    assert other.review_below > found.review_below


def test_the_card_says_all_of_it_and_the_handler_reads_it(held_out: HeldOut) -> None:
    """Temperature with its effect, both thresholds, and the curve as columns of one length."""
    confidence = fit(read, held_out)
    found = json.loads(json.dumps(confidence.as_json()))
    assert found["calibration"]["method"] == "temperature"
    assert found["calibration"]["ece_after"] < found["calibration"]["ece_before"] < 0.05
    assert set(found["calibration"]["ece_of"]) == {"clean", "augmented"}
    curve = found["risk_coverage"]
    columns = [curve["review_below"], *(curve[name]["ok"] for name in ("clean", "augmented", *NO_DIGITS))]
    assert {len(column) for column in columns} == {len(curve["clean"]["accuracy_of_ok"])}
    assert (curve["clean"]["ok"][0], curve["clean"]["accuracy_of_ok"][0]) == (1, 0.995)
    assert not any("accuracy_of_ok" in curve[name] for name in NO_DIGITS)
    card = read_card(json.dumps(card_of(b"") | found).encode())
    assert (card.temperature, card.review_below) == (confidence.temperature, confidence.review_below)
    assert card.not_a_digit_below == confidence.not_a_digit_below
    assert card.look_again_below == LOOK_AGAIN_BELOW


def test_of_a_model_from_elsewhere_nothing_is_known() -> None:
    """Temperature 1, the usual threshold, no curve."""
    assert Confidence().at_threshold() == ""
    assert Confidence().as_json() == {
        "calibration": {"method": None, "temperature": 1.0},
        "review_below": REVIEW_BELOW,
        "not_a_digit_below": 0.0,
        "look_again_below": 0.0,
        "risk_coverage": None,
    }


@pytest.mark.parametrize("count", [0, 1, 500])
def test_plots_can_be_drawn_of_any_predictions(tmp_path: Path, count: int) -> None:
    """None, one, many, all wrong: a picture each time, without a warning."""
    draw = np.random.default_rng(count)
    sure, right = draw.random(count), draw.random(count) < 0.5
    none = np.zeros(count, bool)
    plots.reliability({"before": reliability(sure, right), "after": reliability(sure, none)}, tmp_path / "a.png")
    curves = {"clean": risk_coverage(sure, right), "negatives": risk_coverage(sure, none)}
    plots.risk_coverage(curves, 0.812345, tmp_path / "b.png")
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            picture.load()
            assert min(picture.size) > 500
