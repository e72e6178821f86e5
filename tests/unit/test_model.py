"""The model registry: what is refused, what is loaded, and when."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from handler import model
from handler.errors import ModelError, StoreError
from handler.model import CURRENT, OnnxClassifier, Registry, model_key, read_card, version_of
from handler.ports import Blob, Images
from tests.doubles import MemoryStore, Stored

SHAPES: dict[str, list[int]] = {"flat": [784], "plane": [28, 28], "channel": [28, 28, 1]}


def linear(
    shape: Sequence[int] = (28, 28), *, softmax: bool = True, seed: int = 1, scale: float = 1.0, classes: int = 10
) -> bytes:
    """An ONNX model of one matrix: pixels to scores, or to probabilities."""
    weights = np.random.default_rng(seed).normal(0, 0.05 * scale, (784, classes)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["images"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["scores"], ["probabilities"]))
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [None, *shape])],
        [helper.make_tensor_value_info("probabilities" if softmax else "scores", TensorProto.FLOAT, [None, classes])],
        [numpy_helper.from_array(weights, "weights")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def card_of(onnx_bytes: bytes, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever a card can hold
    """A card of a model that reads (28, 28) from 0 to 1 and gives softmax, changed."""
    return {
        "labels": list("0123456789"),
        "input": {"shape": [28, 28], "range": [0, 1]},
        "output": "softmax",
        "preprocessing": 1,
        "calibration": {"temperature": 1.0},
        "review_below": 0.8,
        "files": {"model.onnx": hashlib.sha256(onnx_bytes).hexdigest(), "model.h5": "0" * 64},
    } | changes


def classifier(onnx_bytes: bytes, **changes: Any) -> OnnxClassifier:  # noqa: ANN401  # whatever a card can hold
    """A model with its card, loaded."""
    return OnnxClassifier(read_card(json.dumps(card_of(onnx_bytes, **changes)).encode()), onnx_bytes)


def publish(store: MemoryStore, onnx_bytes: bytes, **changes: Any) -> str:  # noqa: ANN401  # whatever a card can hold
    """Put a model into the store and make it the current one."""
    card = json.dumps(card_of(onnx_bytes, **changes)).encode()
    version = version_of(card)
    store.objects[model_key(version, "card.json")] = Stored(card)
    store.objects[model_key(version, "model.onnx")] = Stored(onnx_bytes)
    point(store, version)
    return version


def point(store: MemoryStore, version: object) -> None:
    """Name a version as the live one."""
    store.objects[CURRENT] = Stored(json.dumps({"version": version}).encode())


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


class CountingStore(MemoryStore):
    """A `MemoryStore` that notes what is read and whether the answer was `None`."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[tuple[str, bool]] = []

    def read(self, key: str, unless: str = "") -> Blob | None:
        """Note the read."""
        found = super().read(key, unless)
        self.reads.append((key, found is not None))
        return found


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
    """Version, labels and threshold."""
    onnx_bytes = linear()
    card = json.dumps(card_of(onnx_bytes, labels=list("ABCDEFGHIJ"), review_below=0.5)).encode()
    found = OnnxClassifier(read_card(card), onnx_bytes)

    assert found.version == hashlib.sha256(card).hexdigest()[:12]
    assert found.labels == tuple("ABCDEFGHIJ")
    assert found.review_below == 0.5


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"preprocessing": 2}, "preprocessing 2, not 1"),
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


def test_without_a_published_model_the_error_says_what_to_run() -> None:
    """Nothing is read without a model."""
    with pytest.raises(ModelError, match="python -m train"):
        Registry(MemoryStore()).current()


def test_the_model_is_loaded_once_and_asked_for_every_time() -> None:
    """Each invocation costs one conditional GET, and no other while `current.json` stays."""
    store = CountingStore()
    version = publish(store, linear())
    registry = Registry(store)
    first = registry.current()
    loading = list(store.reads)

    assert first.version == version
    assert loading == [
        (CURRENT, True),
        (model_key(version, "card.json"), True),
        (model_key(version, "model.onnx"), True),
    ]
    for _ in range(3):
        assert registry.current() is first
    assert store.reads[len(loading) :] == [(CURRENT, False)] * 3


def test_another_current_model_is_swapped_in_and_back() -> None:
    """Publishing and rolling back need no deployment."""
    store = CountingStore()
    registry = Registry(store)
    old = publish(store, linear(seed=1))
    assert registry.current().version == old
    new = publish(store, linear(seed=2))
    assert registry.current().version == new
    point(store, old)
    assert registry.current().version == old


def test_a_pointer_that_is_written_again_loads_nothing() -> None:
    """The same version under another ETag is the same model."""
    store = CountingStore()
    version = publish(store, linear())
    registry = Registry(store)
    first = registry.current()
    store.objects[CURRENT] = Stored(json.dumps({"version": version, "by": "somebody"}).encode())
    store.reads.clear()

    assert registry.current() is first
    assert registry.current() is first
    assert store.reads == [(CURRENT, True), (CURRENT, False)]


@pytest.mark.parametrize("file", ["card.json", "model.onnx"])
def test_a_file_whose_checksum_differs_is_not_loaded(file: str) -> None:
    """What is published cannot be changed unseen; the error names the file."""
    store = MemoryStore()
    key = model_key(publish(store, linear()), file)
    store.objects[key] = Stored(store.objects[key].body + b" ")

    with pytest.raises(ModelError, match=f"{key} is not the"):
        Registry(store).current()


@pytest.mark.parametrize("file", ["card.json", "model.onnx"])
def test_a_file_that_is_missing_is_named(file: str) -> None:
    """A pointer to what is not there says which file to look for."""
    store = MemoryStore()
    key = model_key(publish(store, linear()), file)
    del store.objects[key]

    with pytest.raises(ModelError, match=f"{key} is missing"):
        Registry(store).current()


def test_a_broken_new_model_fails_until_it_is_repaired() -> None:
    """The old one does not answer in its place: whoever published meant the new one. Once it is whole, it is loaded."""
    store = MemoryStore()
    registry = Registry(store)
    old = publish(store, linear(seed=1))
    registry.current()
    onnx_bytes = linear(seed=2)
    new = publish(store, onnx_bytes)
    store.objects[model_key(new, "model.onnx")] = Stored(b"cut")

    for _ in range(2):
        with pytest.raises(ModelError):
            registry.current()
    store.objects[model_key(new, "model.onnx")] = Stored(onnx_bytes)
    assert registry.current().version == new
    point(store, old)
    assert registry.current().version == old


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"version": null}',
        b'{"version": 5}',
        b'{"version": "../../../etc"}',
        b'{"version": "0123456789AB"}',
        b'{"version": "0123456789abc"}',
        b'{"version": ""}',
    ],
)
def test_a_pointer_that_names_no_version_is_refused(body: bytes) -> None:
    """Nothing but twelve hex digits becomes part of a key."""
    store = MemoryStore()
    publish(store, linear())
    store.objects[CURRENT] = Stored(body)

    with pytest.raises(ModelError, match=CURRENT):
        Registry(store).current()


def test_faults_of_s3_rise_as_they_are() -> None:
    """A throttled S3 is no missing model; when it is well again, so is the registry."""
    faults = iter([StoreError("slow down")])

    def before(_call: str) -> None:
        for fault in faults:
            raise fault

    store = MemoryStore(before)
    version = publish(store, linear())
    registry = Registry(store)
    with pytest.raises(StoreError):
        registry.current()
    assert registry.current().version == version


def test_unchanged_without_a_model_is_a_model_error() -> None:
    """A store that says so before anything was read is not believed."""

    class Confused(MemoryStore):
        def read(self, key: str, unless: str = "") -> Blob | None:  # noqa: ARG002  # the answer is always the same
            return None

    with pytest.raises(ModelError, match="unchanged"):
        Registry(Confused()).current()


def test_the_version_is_of_the_card_and_so_of_all_that_decides() -> None:
    """Twelve hex digits of the card's SHA-256; the card holds the model's."""
    assert version_of(b"card") == hashlib.sha256(b"card").hexdigest()[:12]
    assert model.PREPROCESSING == 1
    versions = {
        version_of(json.dumps(card_of(linear(seed=seed), review_below=below)).encode())
        for seed in (1, 2)
        for below in (0.5, 0.8)
    }
    assert len(versions) == 4
