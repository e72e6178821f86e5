"""Fitting the cnn: what is folded stays the same, and what broke off is gone on with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from train import deep, examples, networks
from train.data import load_mnist
from train.recipe import DEFAULTS

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each

RECIPE = replace(DEFAULTS["cnn"], epochs=3, batch_size=32)


@pytest.fixture(scope="module")
def found() -> examples.Examples:
    """Examples of 400 images of MNIST."""
    mnist = load_mnist()
    return examples.gather(mnist.x_train[:400], mnist.y_train[:400], share=0.01)


def weights(model: Any) -> list[Any]:  # noqa: ANN401  # Keras has no types
    """All of a model's weights."""
    return list(model.get_weights())


def test_folding_changes_nothing() -> None:
    """Batch normalisation with statistics of its own, folded into the convolutions, gives the same probabilities."""
    keras.utils.set_random_seed(0)
    fitted = networks.cnn_to_fit()
    random = np.random.default_rng(0)
    for layer in fitted.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    images = random.random((20, 28, 28)).astype(np.float32)
    logits = np.asarray(fitted(images))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    folded = np.asarray(networks.fold(fitted)(images))
    assert np.allclose(folded, powers / powers.sum(axis=1, keepdims=True), atol=1e-5)


def test_the_cnn_is_small() -> None:
    """122,410 weights, half a megabyte, for a limit of 2 MB."""
    assert networks.cnn().count_params() == 122_410


def test_a_training_that_broke_off_ends_as_if_it_had_not(found: examples.Examples, tmp_path: Path) -> None:
    """Killed after an epoch, it goes on after it, to the same weights and the same history; nothing is left of it."""
    keras.utils.set_random_seed(0)
    whole, history = deep.fit(RECIPE, found, tmp_path / "whole")

    class Killed(Exception):  # noqa: N818  # it is no error
        """Stands for a kill."""

    keep = deep._keep

    def keep_and_die(*given: Any) -> None:  # noqa: ANN401  # those of the real one
        keep(*given)
        raise Killed

    keras.utils.set_random_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deep, "_keep", keep_and_die)
        with pytest.raises(Killed):
            deep.fit(RECIPE, found, tmp_path / "broken")
    keras.utils.set_random_seed(99)
    resumed, resumed_history = deep.fit(RECIPE, found, tmp_path / "broken")
    assert all(np.allclose(one, other, atol=1e-6) for one, other in zip(weights(whole), weights(resumed), strict=True))
    assert np.allclose(history["loss"], resumed_history["loss"], atol=1e-5)
    assert len(history["val_accuracy"]) == 3
    assert not list((tmp_path / "broken").iterdir())


def test_another_recipe_begins_anew(found: examples.Examples, tmp_path: Path) -> None:
    """A checkpoint is of one recipe alone."""
    model, history = deep._new(RECIPE, found), {"loss": [1.0]}
    deep._keep(tmp_path / "other", model, history)
    assert deep._begun(tmp_path / "other") is not None
    _, fresh = deep.fit(replace(RECIPE, epochs=1), found, tmp_path)
    assert len(fresh["loss"]) == 1
