"""Which model is live, and when it is loaded."""

import json
from typing import Any

import pytest

from handler.card import model_key, version_of
from handler.errors import ModelError, StoreError
from handler.model import CURRENT, Registry
from handler.ports import Blob
from tests.doubles import MemoryStore, Stored
from tests.unit.models import card_of, linear


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
