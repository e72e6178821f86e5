"""The model registry under `models/`: which model is live, proven by its hashes, loaded once, swapped when it changes.

ONNX Runtime is known only here.
"""

import hashlib
import json
from typing import Final, Protocol

import numpy as np
import onnxruntime

from handler.card import CLASSES, MALFORMED, VERSION_DIGITS, Card, model_key, read_card, version_of
from handler.errors import MissingError, ModelError
from handler.ports import Blob, Images, Probabilities

CURRENT: Final = "models/current.json"
_SLICE: Final = 256
"""Images that a network reads at a time: its weights go through the processor's cache once for all of them."""
_SLICE_OF_CONVOLUTIONS: Final = 64
"""Where there are convolutions: what these make of more leaves the cache between them."""


class Reader(Protocol):
    """The part of a store that a registry needs."""

    def read(self, key: str, unless: str = "") -> Blob | None:
        """A small object whole; None where its ETag is still `unless`."""


class OnnxClassifier:
    """`ports.Classifier` in ONNX Runtime, on the CPU, in the thread that asks: several may ask at once."""

    def __init__(self, card: Card, onnx: bytes) -> None:
        self._card = card
        try:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
            self._slice = _SLICE_OF_CONVOLUTIONS if b"Conv" in onnx else _SLICE
            self._input = self._session.get_inputs()[0].name
            shape = self.probabilities(np.zeros((2, 28, 28), np.uint8)).shape
        except Exception as error:  # ONNX Runtime's errors have no common base of their own
            raise ModelError(f"model {card.version}: model.onnx cannot be run as its card says: {error}") from error
        if shape != (2, CLASSES):
            raise ModelError(f"model {card.version}: model.onnx gives {shape[1:]} values, and not {CLASSES}")

    @property
    def version(self) -> str:
        """The card's version."""
        return self._card.version

    @property
    def labels(self) -> tuple[str, ...]:
        """The card's labels."""
        return self._card.labels

    @property
    def review_below(self) -> float:
        """The card's threshold, 0 to 1."""
        return self._card.review_below

    @property
    def not_a_digit_below(self) -> float:
        """The card's threshold, 0 to 1."""
        return self._card.not_a_digit_below

    @property
    def look_again_below(self) -> float:
        """The card's threshold, 0 to 1."""
        return self._card.look_again_below

    def probabilities(self, images: Images) -> Probabilities:
        """Class probabilities, (N, classes), of `images`, (N, 28, 28), N ≥ 1, 0 to 255, white ink on black.

        With a temperature T, softmax(log p / T) (Guo et al., On Calibration of Modern Neural Networks, 2017).
        """
        read = [self._read(images[start : start + self._slice]) for start in range(0, len(images), self._slice)]
        return read[0] if len(read) == 1 else np.concatenate(read)

    def _read(self, images: Images) -> Probabilities:
        card = self._card
        scaled = images.reshape(-1, *card.input_shape).astype(np.float32) * np.float32(card.input_high / 255)
        (output,) = self._session.run(None, {self._input: scaled})
        found: Probabilities = np.asarray(output, np.float32)
        if card.output == "softmax" and card.temperature == 1:
            return found
        logits = found if card.output == "logits" else np.log(np.maximum(found, np.finfo(np.float32).tiny))
        powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / np.float32(card.temperature))
        calibrated: Probabilities = powers / powers.sum(axis=1, keepdims=True)
        return calibrated


class Registry:
    """The live model. Keeps what it loaded for as long as `current.json` stays the same."""

    def __init__(self, store: Reader) -> None:
        self._store = store
        self._etag = ""
        self._classifier: OnnxClassifier | None = None

    def current(self) -> OnnxClassifier:
        """The classifier that `current.json` names now; one conditional GET where it is already loaded.

        Raises `ModelError` where none is published or its hashes do not match, `StoreError` where S3 fails.
        """
        try:
            pointer = self._store.read(CURRENT, self._etag if self._classifier else "")
        except MissingError as error:
            raise ModelError("no model is published yet: run `python -m train --bucket BUCKET`") from error
        if pointer is None:
            if self._classifier is None:
                raise ModelError(f"S3 answered that {CURRENT} is unchanged, but none was read before")
            return self._classifier
        version = _pointed(pointer.body)
        if self._classifier is None or self._classifier.version != version:
            self._classifier = self._load(version)
        self._etag = pointer.etag
        return self._classifier

    def _load(self, version: str) -> OnnxClassifier:
        body = self._file(version, "card.json")
        if version_of(body) != version:
            raise ModelError(f"models/{version}/card.json is not the card that was published: its SHA-256 differs")
        card = read_card(body)
        onnx = self._file(version, "model.onnx")
        if hashlib.sha256(onnx).hexdigest() != card.onnx_sha256:
            raise ModelError(f"models/{version}/model.onnx is not the one that its card names: its SHA-256 differs")
        return OnnxClassifier(card, onnx)

    def _file(self, version: str, file: str) -> bytes:
        key = model_key(version, file)
        try:
            blob = self._store.read(key)
        except MissingError as error:
            raise ModelError(f"{key} is missing, though current.json names it: publish or activate a model") from error
        if blob is None:
            raise ModelError(f"{key} could not be read")
        return blob.body


def _pointed(body: bytes) -> str:
    try:
        version = json.loads(body)["version"]
    except MALFORMED as error:
        raise ModelError(f"{CURRENT} does not name a version ({error!r}): activate one") from error
    if not (isinstance(version, str) and len(version) == VERSION_DIGITS and set(version) <= set("0123456789abcdef")):
        raise ModelError(f"{CURRENT} names {version!r}, which is no version: activate one")
    return version
