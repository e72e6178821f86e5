"""How much two readings of one model may differ: by what single precision alone makes of it."""

import json
from dataclasses import replace
from typing import Any, Final

import keras
import numpy as np

from handler.ports import Images, Probabilities
from train.loading import OWN, Loaded
from train.reading import Reading, read
from train.training import TOLERANCE

MOST: Final = 1e-4
"""The last decimal of a confidence in the CSV."""
_ROUNDINGS: Final = 4
"""Of 15 networks, ONNX differed from Keras by 2.6 times Keras' own rounding error at most."""


def tolerance(loaded: Loaded, reading: Reading, images: Images, reference: Probabilities) -> float:
    """By how much another reading of `images` may differ from `reference`, Keras' own, and be the same model.

    1e-5; more only where Keras itself is not as exact, which is measured by the same model in double precision: then
    four times its error, and never more than `MOST`. A network that learnt from 0 to 255 can have logits in the
    hundreds, whose rounding shows in the fifth decimal, and differs with the order of a sum.
    """
    try:
        exact = read(replace(loaded, model=_doubled(loaded.model)), reading, images)
    except Exception:  # noqa: BLE001  # a layer that has no double precision: then nothing is known of its error
        return TOLERANCE
    return min(max(TOLERANCE, _ROUNDINGS * float(np.abs(exact - reference).max())), MOST)


def _doubled(model: Any) -> Any:  # noqa: ANN401  # Keras has no types
    """The same layers and weights, computed in double precision."""
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)).replace('"float32"', '"float64"'))
    doubled = keras.saving.deserialize_keras_object(config, OWN, safe_mode=True)
    doubled.set_weights(model.get_weights())
    return doubled
