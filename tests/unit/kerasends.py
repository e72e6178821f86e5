"""The two ends of a network, as others write them in Keras."""

from typing import Any

import keras
from keras import layers


def image(*shape: int | None) -> Any:  # noqa: ANN401  # Keras has no types
    """An input of Keras'."""
    return keras.Input(shape or (28, 28, 1))


def ten(activation: str | None = "softmax", **named: Any) -> Any:  # noqa: ANN401  # likewise
    """A last layer."""
    return layers.Dense(10, activation=activation, **named)
