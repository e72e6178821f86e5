"""The networks, as lists of layers. All read (N, 28, 28) floats from 0, paper, to 1, ink, and give 10 probabilities."""

from typing import Any, Final

import keras

from train.recipe import Recipe

CLASSES: Final = 10


def mlp(neurons: int, hidden_layers: int) -> Any:  # noqa: ANN401  # Keras has no types
    """The reference network: 784 inputs, hidden layers of ReLU units, softmax."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            *(keras.layers.Dense(neurons, activation="relu") for _ in range(hidden_layers)),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ],
        name="mlp",
    )


def cnn() -> Any:  # noqa: ANN401  # Keras has no types
    """A small convolutional network in the manner of LeNet-5, with ReLU, max pooling and dropout: 108,618 weights."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.25),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.25),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ],
        name="cnn",
    )


def build(recipe: Recipe) -> Any:  # noqa: ANN401  # Keras has no types
    """The network that `recipe` asks for, not compiled; its weights follow from the seed that is set."""
    return cnn() if recipe.network == "cnn" else mlp(recipe.neurons, recipe.hidden_layers)
