"""An inspected `.h5` file to a Keras model whose input and output the handler knows."""

import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras

from train import graph, hdf5, legacy
from train.errors import PublishError
from train.networks import CLASSES

SHAPES: Final = ((784,), (28, 28), (28, 28, 1))
"""Of one image, as `handler.model` can hand it over."""
MAX_TENSOR: Final = 1 << 20
"""Numbers between two layers, for one image. The handler reads 256 at a time: 1 GB."""
_UNSOUND: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
_SHOWN: Final = 300
"""Characters of an error of Keras', which may quote the whole architecture."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A Keras model, and how an image goes in and ten numbers come out."""

    model: Any
    shape: tuple[int, ...]
    """Of one image, one of `SHAPES`."""
    output: graph.Output
    batch: int
    """How many images it can read at once within a few hundred MB."""


def load(path: Path, name: str) -> Loaded:
    """The model in `path`, called `name` in messages; `inspection.inspect` must have seen those very bytes.

    Keras opens a copy in which the architecture is in the words of Keras 3, and all else is the same.

    It is built twice. The first time its variables get no memory, so that a layer of a billion units costs nothing:
    only where each shape is that of an array in the file is it built for good.
    Raises `PublishError` where Keras cannot build it, or the handler could not use it.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.h5"
        shutil.copyfile(path, copy)
        try:
            hdf5.write_architecture(copy, legacy.translated(hdf5.description(path)))
        except _UNSOUND as error:
            raise PublishError(f"{name} has an architecture that is not sound ({error!r}): save it again") from error
        with keras.StatelessScope(initialize_variables=False):
            found = _checked(_build(copy, name), name)
        return Loaded(_build(copy, name), found.shape, found.output, found.batch)


def _build(path: Path, name: str) -> Any:  # noqa: ANN401  # Keras has no types
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # how code should be written, which nobody here has
            return keras.models.load_model(path, OWN, compile=False, safe_mode=True)
    except Exception as error:  # Keras, h5py and TensorFlow raise what they like on a model that is not sound
        raise PublishError(
            f"{name} cannot be loaded by Keras {keras.__version__}: {first_line(error)}: save it again"
        ) from error


def _hard_sigmoid(values: Any) -> Any:  # noqa: ANN401  # Keras has no types
    """As it was in Keras 2; in Keras 3 it is x / 6 + 0.5."""
    return keras.ops.clip(0.2 * values + 0.5, 0, 1)


OWN: Final = {legacy.HARD_SIGMOID: _hard_sigmoid}
"""What a loaded model may be made of besides Keras' own."""


def _checked(model: Any, name: str) -> Loaded:  # noqa: ANN401  # Keras has no types
    if not model.built or len(model.inputs) != 1 or len(model.outputs) != 1:
        ends = f"{len(model.inputs)} inputs and {len(model.outputs)} outputs" if model.built else "no input shape"
        raise PublishError(f"{name} has {ends}: one input, for images, and one output are needed")
    (source,), (result,) = model.inputs, model.outputs
    shape = next((shape for shape in SHAPES if _fits(source.shape, (None, *shape))), None)
    if shape is None:
        raise PublishError(
            f"{name} reads arrays of the shape {source.shape}: (None, 784), (None, 28, 28) or (None, 28, 28, 1) is "
            "needed; layers such as Reshape, Resizing or ZeroPadding2D in front of it can make its own of that"
        )
    if result.shape != (None, CLASSES):
        raise PublishError(
            f"{name} gives {result.shape}: (None, {CLASSES}), a number for each digit, is needed: end in Dense(10)"
        )
    for layer in graph.layers(model):
        kinds = {str(layer.dtype_policy.compute_dtype), str(layer.dtype_policy.variable_dtype)}
        if kinds != {"float32"}:
            raise PublishError(f"{name}: layer {layer.name!a} computes in {', '.join(sorted(kinds))}: use float32")
    largest = graph.largest(model)
    if largest > MAX_TENSOR:
        raise PublishError(f"{name} makes {largest} numbers of an image, more than {MAX_TENSOR}: make it smaller")
    try:
        output = graph.output_of(model)
    except PublishError as refusal:
        raise PublishError(f"{name}: {refusal}") from refusal
    return Loaded(model, shape, output, max(16, min(1024, (64 << 20) // largest)))


def _fits(found: Sequence[int | None], wanted: Sequence[int | None]) -> bool:
    """An open size, as of a network without dense layers, takes any; that of the batch must be open."""
    return (
        len(found) == len(wanted)
        and found[0] is None
        and all(one in (None, two) for one, two in zip(found, wanted, strict=True))
    )


def first_line(error: Exception) -> str:
    """What an error of Keras' says, in one line that is not too long, of what can be printed."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
