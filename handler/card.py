"""What a published model says of itself, checked against what this handler can use; pure."""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final

from handler.errors import ModelError

PREPROCESSING: Final = 3
"""Version of `images.py`: a card made for another one is refused, since the model would see other pictures."""
VERSION_DIGITS: Final = 12
CLASSES: Final = 10
_SHAPES: Final = ((784,), (28, 28), (28, 28, 1))
_RANGES: Final = ((0, 1), (0, 255))
MALFORMED: Final = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What JSON that is none, or is not what was expected, raises."""
_LABEL: Final = re.compile("[A-Za-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Card:
    """What `card.json` says of a model, as far as reading images needs it."""

    version: str
    labels: tuple[str, ...]
    input_shape: tuple[int, ...]
    """Of one image: (784,), (28, 28) or (28, 28, 1)."""
    input_high: float
    """The value of full ink: 1 or 255. No ink is 0."""
    output: str
    """`softmax` or `logits`."""
    temperature: float
    review_below: float
    onnx_sha256: str
    not_a_digit_below: float = 0
    """0 in cards that do not say it."""
    look_again_below: float = 0
    """Likewise."""


def version_of(card: bytes) -> str:
    """The version that a card names: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(card).hexdigest()[:VERSION_DIGITS]


def model_key(version: str, file: str) -> str:
    """Where a file of a version lies in the bucket."""
    return f"models/{version}/{file}"


def read_card(body: bytes) -> Card:
    """A `Card` from the bytes of `card.json`; `ModelError` names what does not fit this handler."""
    try:
        card: dict[str, Any] = json.loads(body)
        labels = tuple(map(str, card["labels"]))
        low, high = card["input"]["range"]
        found = Card(
            version=version_of(body),
            labels=labels,
            input_shape=tuple(card["input"]["shape"]),
            input_high=float(high),
            output=card["output"],
            temperature=float(card["calibration"]["temperature"]),
            review_below=float(card["review_below"]),
            onnx_sha256=card["files"]["model.onnx"],
            not_a_digit_below=float(card.get("not_a_digit_below", 0)),
            look_again_below=float(card.get("look_again_below", 0)),
        )
        preprocessing = card["preprocessing"]
    except MALFORMED as error:
        raise ModelError(f"card.json is no card that this handler knows ({error!r}): publish it again") from error
    fits = {
        f"preprocessing {preprocessing}, not {PREPROCESSING}": preprocessing == PREPROCESSING,
        f"input {found.input_shape}, {low} to {high}": found.input_shape in _SHAPES and (low, high) in _RANGES,
        f"output {found.output!r}": found.output in ("softmax", "logits"),
        f"labels {labels}": len(set(labels)) == len(labels) == CLASSES
        and all(_LABEL.fullmatch(label) for label in labels),
        f"temperature {found.temperature}": 0 < found.temperature < math.inf,
        f"review_below {found.review_below}": 0 <= found.review_below <= 1,
        f"not_a_digit_below {found.not_a_digit_below}": 0 <= found.not_a_digit_below <= 1,
        f"look_again_below {found.look_again_below}": 0 <= found.look_again_below <= 1,
    }
    wrong = ", ".join(text for text, good in fits.items() if not good)
    if wrong:
        raise ModelError(f"model {found.version} is none that this handler can use ({wrong}): publish it again")
    return found
