"""Fitting the cnn: what is folded stays the same, and what broke off is gone on with."""

from collections.abc import Mapping, Sequence
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

Fitted = tuple[Any, Mapping[str, Sequence[float]]]
"""A model, and its history."""
RECIPE = replace(DEFAULTS["cnn"], epochs=3, batch_size=32)


@pytest.fixture(scope="module")
def found() -> examples.Examples:
    """Examples of 400 images of MNIST."""
    mnist = load_mnist()
    return examples.gather(mnist.x_train[:400], mnist.y_train[:400], share=0.01)


@pytest.fixture(scope="module")
def whole(found: examples.Examples, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """What a training comes to that nothing broke off."""
    keras.utils.set_random_seed(0)
    return deep.fit(RECIPE, found, tmp_path_factory.mktemp("whole"))


def assert_same(one: Fitted, other: Fitted) -> None:
    """The same weights and the same history, of every epoch."""
    assert all(np.allclose(*pair, atol=1e-6) for pair in zip(weights(one[0]), weights(other[0]), strict=True))
    assert np.allclose(one[1]["loss"], other[1]["loss"], atol=1e-5)
    assert len(one[1]["val_accuracy"]) == len(other[1]["val_accuracy"]) == RECIPE.epochs


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


class Killed(Exception):  # noqa: N818  # it is no error
    """Stands for a kill."""


def test_a_training_that_broke_off_ends_as_if_it_had_not(
    found: examples.Examples, whole: Fitted, tmp_path: Path
) -> None:
    """Killed after an epoch, it goes on after it, to the same weights and the same history; nothing is left of it."""
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
    resumed = deep.fit(RECIPE, found, tmp_path / "broken")
    assert_same(whole, resumed)
    assert not list((tmp_path / "broken").iterdir())


def test_a_kill_between_model_and_history_costs_that_epoch_alone(
    found: examples.Examples, whole: Fitted, tmp_path: Path
) -> None:
    """The history still names the model before, which is still there; the end is the same, and nothing is left."""
    replace_file = Path.replace
    kept: list[Path] = []

    def die_at_the_second(path: Path, target: Path) -> Path:
        kept.append(path)
        if len(kept) == 2:
            raise Killed
        return replace_file(path, target)

    keras.utils.set_random_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", die_at_the_second)
        with pytest.raises(Killed):
            deep.fit(RECIPE, found, tmp_path / "broken")
    (folder,) = (tmp_path / "broken").iterdir()
    assert {path.name for path in folder.glob("*.keras")} == {"after-1.keras", "after-2.keras"}
    begun = deep._begun(folder)
    assert begun is not None
    assert len(begun[1]["loss"]) == 1
    keras.utils.set_random_seed(99)
    resumed = deep.fit(RECIPE, found, tmp_path / "broken")
    assert_same(whole, resumed)
    assert not list((tmp_path / "broken").iterdir())


def test_another_recipe_begins_anew(found: examples.Examples, tmp_path: Path) -> None:
    """A checkpoint is of one recipe alone."""
    model, history = deep._new(RECIPE, found), {"loss": [1.0]}
    deep._keep(tmp_path / "other", model, history)
    assert deep._begun(tmp_path / "other") is not None
    _, fresh = deep.fit(replace(RECIPE, epochs=1), found, tmp_path)
    assert len(fresh["loss"]) == 1
