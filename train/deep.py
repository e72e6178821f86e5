"""Fits the cnn: augmented anew in every epoch, judged on what was held out, and resumed where it broke off."""

import json
import logging
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from train import augment, examples, networks
from train.examples import Examples
from train.recipe import Recipe

CHECKPOINTS: Final = Path("artifacts/training")
"""Where a training is kept after each epoch, in a folder of its own; it is removed when the training is done."""
_WARM_EPOCHS: Final = 2
_BEGINNING: Final = 0.05
_END: Final = 0.002
"""Of the highest learning rate, at the first and at the last step."""
_WEIGHT_DECAY: Final = 0.02
_log = logging.getLogger(__name__)

History = dict[str, list[float]]


def fit(recipe: Recipe, found: Examples, checkpoints: Path = CHECKPOINTS) -> tuple[Any, Mapping[str, Sequence[float]]]:
    """The fitted cnn, plain, and its `loss`, `accuracy`, `val_loss` and `val_accuracy` by epoch.

    The latter two are those on the clean digits that were held out.
    The same recipe gives the same weights on the same machine, in one go or resumed.
    """
    folder = checkpoints / sha256(json.dumps(asdict(recipe)).encode()).hexdigest()[:12]
    model, history = _begun(folder) or (_new(recipe, found), {})
    begun = len(history.get("loss", []))
    if begun:
        _log.info("Going on after epoch %d of %d", begun, recipe.epochs)
    held = found.held_out
    validation = held.clean.astype(np.float32) / 255, np.eye(networks.CLASSES, dtype=np.float32)[held.clean_labels]
    for number in range(begun, recipe.epochs):
        _reseed(model, recipe.seed, number)
        told = model.fit(
            _batches(found, recipe, number),
            initial_epoch=number,
            epochs=number + 1,
            validation_data=validation,
            validation_batch_size=1000,
            verbose=1 if sys.stdout.isatty() else 2,  # a progress bar in a log would be a line for each step
        ).history
        for name, values in told.items():
            history.setdefault(name, []).extend(map(float, values))
        _keep(folder, model, history)
    shutil.rmtree(folder, ignore_errors=True)
    return networks.fold(model), history


def _new(recipe: Recipe, found: Examples) -> Any:  # noqa: ANN401  # Keras has no types
    model = networks.cnn_to_fit()
    steps = len(examples.epoch(found, recipe.seed, 0)[0]) // recipe.batch_size
    warm = min(_WARM_EPOCHS, recipe.epochs - 1) * steps
    rate = keras.optimizers.schedules.CosineDecay(  # Loshchilov & Hutter, SGDR, 2017
        recipe.learning_rate * (_BEGINNING if warm else 1),
        max(1, recipe.epochs * steps - warm),
        alpha=_END,
        warmup_target=recipe.learning_rate if warm else None,
        warmup_steps=warm,
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY),  # Loshchilov & Hutter, 2019
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def _batches(found: Examples, recipe: Recipe, number: int) -> Any:  # noqa: ANN401  # TensorFlow has no useful types
    """An epoch's batches, augmented by seeds that follow from recipe, epoch and step."""
    images, targets = examples.epoch(found, recipe.seed, number)
    first = np.random.default_rng((recipe.seed, number)).integers(1 << 30)
    size = min(recipe.batch_size, len(images))
    batches = tf.data.Dataset.from_tensor_slices((images, targets)).batch(size, drop_remainder=True)

    def harder(step: Any, batch: Any) -> Any:  # noqa: ANN401  # likewise
        return augment.augment(tf.cast(batch[0], tf.float32) / 255, first + step), batch[1]

    return batches.enumerate().map(harder, num_parallel_calls=tf.data.AUTOTUNE).prefetch(4)


def _reseed(model: Any, seed: int, number: int) -> None:  # noqa: ANN401  # Keras has no types
    """What dropout drops follows from seed and epoch: Keras does not keep that with a model."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([seed, number])


def _keep(folder: Path, model: Any, history: History) -> None:  # noqa: ANN401  # Keras has no types
    """Both or neither: the history is written last, and names the model that belongs to it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"after-{len(history['loss'])}.keras"
    model.save(folder / name)
    temporary = folder / "state.tmp"
    temporary.write_text(json.dumps({"model": name, "history": history}), encoding="utf-8")
    temporary.replace(folder / "state.json")
    for other in folder.glob("after-*.keras"):
        if other.name != name:
            other.unlink()


def _begun(folder: Path) -> tuple[Any, History] | None:
    """Model and history of a training that broke off."""
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return keras.models.load_model(folder / state["model"]), state["history"]
