"""`.h5` files made by hand, without Keras, in the words of Keras 2; and ten kinds of images that need no training."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np
from numpy.typing import NDArray

from train.data import Mnist

Layer = dict[str, Any]
Weights = Mapping[str, Mapping[str, NDArray[Any]]]


def layer(kind: str, name: str = "", **settings: Any) -> Layer:  # noqa: ANN401  # whatever a layer has
    """A layer's architecture."""
    return {"class_name": kind, "config": {"name": name or kind.lower(), **settings}}


def source(*shape: int) -> Layer:
    """An input layer of Keras 2."""
    return layer("InputLayer", "input_1", batch_input_shape=[None, *shape], dtype="float32", sparse=False, ragged=False)


def sequential(*layers: Layer) -> Layer:
    """A Sequential of `layers`."""
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": list(layers)}}


def linear(
    shape: tuple[int, ...] = (28, 28), *, activation: str = "softmax", gain: float = 4.0, swapped: bool = False
) -> tuple[Layer, Weights]:
    """A model of images of `shape` that knows the ten kinds of `bars`, 0 to 1, and its weights."""
    kernel = np.zeros((28, 28, 10), np.float32)
    for digit in range(10):
        kernel[2 * digit : 2 * digit + 2, :, digit] = gain / 28
    kernel = kernel.transpose(1, 0, 2) if swapped else kernel
    dense = layer("Dense", "dense", units=10, activation=activation, use_bias=True, dtype="float32", trainable=True)
    model = sequential(source(*shape), layer("Flatten", "flatten"), dense)
    weights = {"kernel": kernel.reshape(784, 10), "bias": np.zeros(10, np.float32)}
    return model, {"dense": {f"dense/{name}:0": array for name, array in weights.items()}}


def write(path: Path, model: Layer, weights: Weights, version: str = "2.4.0") -> Path:
    """The file at `path`, as Keras 2 writes it."""
    with h5py.File(path, "w") as file:
        file.attrs.update(keras_version=version, backend="tensorflow", model_config=json.dumps(model))
        group = file.create_group("model_weights")
        names = list(weights)
        group.attrs.update(keras_version=version, backend="tensorflow", layer_names=[name.encode() for name in names])
        for name, arrays in weights.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [array.encode() for array in arrays]
            for title, array in arrays.items():
                inner[title] = array
    return path


def good(path: Path) -> Path:
    """A file that nothing is wrong with."""
    return write(path, *linear())


def bars(count: int, seed: int = 0, noise: float = 0.1) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images, (N, 28, 28), 0 to 255, with a bar where their label says; a share of the labels, `noise`, is wrong."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 10, count)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, kind in zip(images, kinds, strict=True):
        image[2 * kind : 2 * kind + 2] = random.integers(120, 256, (2, 28))
    labels = np.where(random.random(count) < noise, random.integers(0, 10, count), kinds)
    return images, labels.astype(np.uint8)


def bars_set(noise: float = 0.1) -> Mnist:
    """Such images in MNIST's place, for training and for tests."""
    return Mnist(*bars(400, 0, noise), *bars(200, 1, noise))
