"""The networks, as lists of layers. All read (N, 28, 28) floats from 0, paper, to 1, ink, and give 10 probabilities."""

from typing import Any, Final

import keras
import numpy as np

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


STAGES: Final = ((16, 1, "same"), (32, 2, "same"), (32, 1, "same"), (64, 2, "same"), (64, 1, "same"), (64, 1, "valid"))
"""Of the cnn's 3×3 convolutions: filters, stride, and what is done at the edges."""


def cnn() -> Any:  # noqa: ANN401  # Keras has no types
    """Six 3×3 convolutions and one dense layer, 122,410 weights and 6.5 million multiply-adds an image."""
    layers: list[Any] = [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))]
    layers += [
        keras.layers.Conv2D(filters, 3, stride, padding, activation="relu") for filters, stride, padding in STAGES
    ]
    layers += [keras.layers.Flatten(), keras.layers.Dense(CLASSES, activation="softmax")]
    return keras.Sequential(layers, name="cnn")


def cnn_to_fit() -> Any:  # noqa: ANN401  # likewise
    """The cnn as it is fitted: batch normalisation after each convolution, dropout before the last layer, logits.

    Ioffe & Szegedy, Batch Normalization, 2015; Srivastava et al., Dropout, 2014.
    """
    layers: list[Any] = [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))]
    for filters, stride, padding in STAGES:
        layers += [
            keras.layers.Conv2D(filters, 3, stride, padding, use_bias=False, kernel_initializer="he_normal"),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.3), keras.layers.Dense(CLASSES)]
    return keras.Sequential(layers, name="cnn")


def fold(fitted: Any) -> Any:  # noqa: ANN401  # likewise
    """`cnn_to_fit` as a `cnn`: each normalisation becomes part of the convolution before it, which changes nothing."""
    plain = cnn()
    target = iter(layer for layer in plain.layers if layer.weights)
    kernel = None
    for layer in fitted.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel = np.asarray(layer.kernel)
        elif isinstance(layer, keras.layers.BatchNormalization):
            scale = np.asarray(layer.gamma) / np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
            bias = np.asarray(layer.beta) - np.asarray(layer.moving_mean) * scale
            next(target).set_weights([kernel * scale, bias])
        elif isinstance(layer, keras.layers.Dense):
            next(target).set_weights(layer.get_weights())
    return plain


def build(recipe: Recipe) -> Any:  # noqa: ANN401  # Keras has no types
    """The network that `recipe` asks for, not compiled; its weights follow from the seed that is set."""
    return cnn() if recipe.network == "cnn" else mlp(recipe.neurons, recipe.hidden_layers)
