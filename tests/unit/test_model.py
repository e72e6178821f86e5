"""The model registry: what is refused, what is loaded, and when."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from handler.card import PREPROCESSING, read_card, version_of
from handler.errors import ModelError
from handler.model import OnnxClassifier
from handler.ports import Images
from tests.stacks import ROOT
from tests.unit.models import SHAPES, card_of, classifier, linear


def softmaxed(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The definition."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def scores_of(images: Images, high: float = 1, scale: float = 1.0) -> NDArray[np.float64]:
    """What the matrix of `linear` gives."""
    weights = np.random.default_rng(1).normal(0, 0.05 * scale, (784, 10)).astype(np.float32)
    return np.asarray((images.reshape(-1, 784) * (high / 255)) @ weights.astype(np.float64))


@pytest.fixture
def images() -> Images:
    """(5, 28, 28) of noise."""
    return np.random.default_rng(2).integers(0, 256, (5, 28, 28)).astype(np.uint8)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize(("high", "scale"), [(1, 1.0), (255, 1 / 255)])
@pytest.mark.parametrize("output", ["softmax", "logits"])
def test_every_input_and_output_of_a_card_gives_the_same_probabilities(
    kind: str, high: int, scale: float, output: str, images: Images
) -> None:
    """Flat or not, 0 to 1 or 0 to 255, softmax or logits: what comes out is what the matrix says."""
    onnx_bytes = linear(SHAPES[kind], softmax=output == "softmax", scale=scale)
    found = classifier(onnx_bytes, input={"shape": SHAPES[kind], "range": [0, high]}, output=output)
    shares = found.probabilities(images)

    assert shares.dtype == np.float32
    assert shares.shape == (5, 10)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(shares, softmaxed(scores_of(images)), atol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("output", ["softmax", "logits"])
def test_a_temperature_divides_the_logits(temperature: float, output: str, images: Images) -> None:
    """Softmax of scores over T, whichever of the two the model gives."""
    found = classifier(
        linear(softmax=output == "softmax"), output=output, calibration={"temperature": temperature}
    ).probabilities(images)

    np.testing.assert_allclose(found, softmaxed(scores_of(images) / temperature), atol=1e-5)


@pytest.mark.parametrize("output", ["softmax", "logits"])
@pytest.mark.parametrize("temperature", [0.01, 1.0, 100.0])
def test_scores_of_any_size_give_probabilities(output: str, temperature: float, images: Images) -> None:
    """A model that is very sure gives neither infinity nor NaN."""
    found = classifier(
        linear(softmax=output == "softmax", scale=1e4), output=output, calibration={"temperature": temperature}
    ).probabilities(images)

    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-4)


def test_a_classifier_says_what_its_card_says() -> None:
    """Version, labels and thresholds."""
    onnx_bytes = linear()
    changes = {"labels": list("ABCDEFGHIJ"), "review_below": 0.5, "not_a_digit_below": 0.25}
    card = json.dumps(card_of(onnx_bytes, **changes)).encode()
    found = OnnxClassifier(read_card(card), onnx_bytes)

    assert found.version == hashlib.sha256(card).hexdigest()[:12]
    assert found.labels == tuple("ABCDEFGHIJ")
    assert (found.review_below, found.not_a_digit_below) == (0.5, 0.25)


def test_a_card_of_an_older_release_knows_no_strangers() -> None:
    """Without `not_a_digit_below` nothing is taken for no digit, and a curve or a note in a card does no harm."""
    assert classifier(linear()).not_a_digit_below == 0
    assert classifier(linear(), risk_coverage={}, calibration={"temperature": 2.0, "method": "temperature"})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"preprocessing": 1}, "preprocessing 1, not 3"),
        ({"preprocessing": None}, "preprocessing"),
        ({"input": {"shape": [32, 32], "range": [0, 1]}}, "input"),
        ({"input": {"shape": [28, 28, 3], "range": [0, 1]}}, "input"),
        ({"input": {"shape": [28, 28], "range": [0, 2]}}, "input"),
        ({"input": {"shape": [28, 28], "range": [-1, 1]}}, "input"),
        ({"input": {"shape": [28, 28], "range": [0, float("nan")]}}, "input"),
        ({"output": "sigmoid"}, "output 'sigmoid'"),
        ({"labels": list("012345678")}, "labels"),
        ({"labels": list("01234567890")}, "labels"),
        ({"labels": list("0123456788")}, "labels"),
        ({"labels": [*"012345678", ""]}, "labels"),
        ({"labels": [*"012345678", "nine-and-more"]}, "labels"),
        ({"labels": [*"012345678", "=9"]}, "labels"),
        ({"labels": [*"012345678", "9\n"]}, "labels"),
        ({"labels": [*"012345678", "ä"]}, "labels"),
        ({"calibration": {"temperature": 0}}, "temperature 0"),
        ({"calibration": {"temperature": -1}}, "temperature -1"),
        ({"calibration": {"temperature": float("nan")}}, "temperature nan"),
        ({"calibration": {"temperature": float("inf")}}, "temperature inf"),
        ({"review_below": 1.5}, "review_below 1.5"),
        ({"review_below": -0.1}, "review_below -0.1"),
        ({"review_below": float("nan")}, "review_below nan"),
        ({"not_a_digit_below": 1.5}, "not_a_digit_below 1.5"),
        ({"not_a_digit_below": float("nan")}, "not_a_digit_below nan"),
    ],
)
def test_a_card_that_this_handler_cannot_use_is_refused(changes: dict[str, Any], named: str) -> None:
    """The error names the model and what does not fit."""
    card = json.dumps(card_of(b"", **changes)).encode()
    with pytest.raises(ModelError) as caught:
        read_card(card)

    assert version_of(card) in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": None},
        {"labels": 5},
        {"input": None},
        {"input": {"shape": [28, 28]}},
        {"input": {"shape": 28, "range": [0, 1]}},
        {"input": {"shape": [28, 28], "range": [1]}},
        {"input": {"shape": [28, 28], "range": [0, "x"]}},
        {"calibration": {}},
        {"calibration": {"temperature": None}},
        {"calibration": {"temperature": 10**400}},
        {"review_below": "often"},
        {"not_a_digit_below": None},
        {"files": {}},
    ],
)
def test_a_card_without_what_is_needed_is_refused(changes: dict[str, Any]) -> None:
    """What is missing or of another kind is no card."""
    with pytest.raises(ModelError, match=r"card\.json is no card"):
        read_card(json.dumps(card_of(b"", **changes)).encode())


@given(st.binary(max_size=40) | st.sampled_from([b"{}", b"[]", b"null", b"[" * 100_000, b'{"labels":[]}']))
def test_any_bytes_are_a_card_or_refused(body: bytes) -> None:
    """Nothing raises anything else."""
    with pytest.raises(ModelError):
        read_card(body)


@pytest.mark.parametrize("key", list(card_of(b"")))
def test_every_part_of_a_card_is_needed(key: str) -> None:
    """No default stands in for what decides a prediction."""
    card = card_of(b"")
    del card[key]
    with pytest.raises(ModelError, match=key):
        read_card(json.dumps(card).encode())


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"no model",
        lambda: linear()[:-50],
        lambda: linear(classes=9),
        lambda: linear(classes=11),
        lambda: linear([32, 32]),
        lambda: linear([784]),
    ],
)
def test_a_model_that_does_not_run_as_its_card_says_is_refused(make: Callable[[], bytes]) -> None:
    """Found when it is loaded, not when the first image is read."""
    with pytest.raises(ModelError, match=r"model [0-9a-f]{12}"):
        classifier(make())


def test_the_version_is_of_the_card_and_so_of_all_that_decides() -> None:
    """Twelve hex digits of the card's SHA-256; the card holds the model's."""
    assert version_of(b"card") == hashlib.sha256(b"card").hexdigest()[:12]
    assert PREPROCESSING == 3
    versions = {
        version_of(json.dumps(card_of(linear(seed=seed), review_below=below)).encode())
        for seed in (1, 2)
        for below in (0.5, 0.8)
    }
    assert len(versions) == 4


@pytest.mark.parametrize("module", ["handler.model", "train.export", "bench.network"])
def test_onnx_runtime_tells_nobody_of_this_machine(tmp_path: Path, module: str) -> None:
    """Whichever package imports it: a session writes nothing to the home folder, where telemetry would gather."""
    program = f"import {module}, onnxruntime; onnxruntime.InferenceSession('train/pretrained/model.onnx')"
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment | home, check=True)  # noqa: S603  # our own program
    assert [path for path in tmp_path.rglob("*") if "icrosoft" in str(path) or "onnxruntime" in path.name] == []
