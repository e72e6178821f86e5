"""What the cnn learns from: augmented digits, digits drawn as pictures, what is no digit, and what is held out."""

import numpy as np
import pytest
from numpy.typing import NDArray

from handler.ports import Images
from train import augment, examples, scenes

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each


def ring(count: int = 4) -> Images:
    """Pictures of a ring, white on black, as a 0 of MNIST's size."""
    y, x = np.mgrid[0:28, 0:28] - 13.5
    radius = np.hypot(y / 9, x / 6)
    return np.repeat(((np.abs(radius - 1) < 0.25) * 255).astype(np.uint8)[None], count, axis=0)


def likeness(image: NDArray[np.uint8]) -> float:
    """To the ring: the correlation of their ink."""
    return float(np.corrcoef(image.ravel(), ring(1).ravel())[0, 1])


@pytest.fixture(scope="module")
def found() -> examples.Examples:
    """Examples made of 400 rings, of two labels."""
    return examples.gather(ring(400), np.arange(400, dtype=np.uint8) % 2, share=0.01)


def augmented(images: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """As training sees them."""
    made: NDArray[np.float32] = augment.augment(images, seed).numpy()
    return made


def test_an_augmented_digit_is_still_an_image() -> None:
    """Same shape, values from 0 to 1, no two alike, and ink on every one."""
    images = (ring(64) / 255).astype(np.float32)
    made = augmented(images, 1)
    assert made.shape == images.shape
    assert made.min() >= 0
    assert made.max() <= 1
    assert len({image.tobytes() for image in made}) == 64
    assert (made.max(axis=(1, 2)) > 0.2).all()


def test_a_seed_decides_what_is_augmented() -> None:
    """The same seed gives the same images, another one others."""
    images = (ring(8) / 255).astype(np.float32)
    assert np.array_equal(augmented(images, 5), augmented(images, 5))
    assert not np.array_equal(augmented(images, 5), augmented(images, 6))


def test_half_of_the_digits_are_only_bent() -> None:
    """These keep their full ink and have no noise on their paper."""
    made = augmented((ring(400) / 255).astype(np.float32), 2)
    clean = (made[:, 0, 0] == 0) & (made.max(axis=(1, 2)) > 0.97)
    assert 0.4 < clean.mean() < 0.9


def test_a_drawn_picture_follows_from_its_seed_alone() -> None:
    """Whatever is drawn beside it; another seed draws another one."""
    alone, beside, other = (scenes.draw(ring(count), seed)[0].first for count, seed in ((1, 3), (3, 3), (1, 4)))
    assert np.array_equal(alone[0], beside[0])
    assert not np.array_equal(other, alone)


def test_scenes_are_pictures_of_many_kinds() -> None:
    """Luminance from 0 to 1, of many sizes, dark on light and light on dark, some as small as a zip code's digit."""
    drawn = [scenes.scene(ring(1)[0], np.random.default_rng(number)) for number in range(60)]
    made = [plane for plane, _ in drawn]
    assert all(plane.dtype == np.float32 and plane.min() >= 0 and plane.max() <= 1 for plane in made)
    assert (16, 16) in {plane.shape for plane in made}
    assert max(max(plane.shape) for plane in made) > 100
    assert {bool(np.median(plane) > plane.mean()) for plane in made} == {True, False}
    assert np.mean([(np.median(plane) > plane.mean()) == light for plane, light in drawn]) > 0.8


def test_a_digit_read_on_the_wrong_paper_is_no_example_of_it(found: examples.Examples) -> None:
    """Of first and second readings: a ring that is drawn as dark as its paper is no ring, and is shown as no digit."""
    readings, light = scenes.draw(ring(40), 7)
    labels = np.arange(40, dtype=np.uint8)
    right, right_labels, mistaken = examples._sorted(readings, light, labels)
    assert len(right) == len(right_labels) > 30
    assert set(right_labels.tolist()) <= set(labels.tolist())
    both = [*readings.light[readings.first.any(axis=(1, 2))], *readings.light_again]
    assert len(right) + len(mistaken) == len(both)
    assert len(mistaken) > 10
    assert np.median([likeness(image) for image in right]) > 0.8
    assert np.median([likeness(image) for image in mistaken]) < 0.6
    assert len(found.mistaken) > 10


def test_what_is_held_out_is_never_shown(found: examples.Examples) -> None:
    """The last images are only among the held out, and an epoch has the others, each once."""
    held = len(found.held_out.clean)
    assert held == 50
    assert len(found.digits) == 400 - held
    assert (len(found.held_out.negatives.first), len(found.held_out.unseen_negatives.first)) == (30, 20)
    images, targets = examples.epoch(found, 0, 0)
    assert len(images) == len(targets) == 350 + round(0.3 * 350) + round(0.12 * 350) + round(0.06 * 350)


def test_no_digit_is_the_target_of_a_negative(found: examples.Examples) -> None:
    """Nor of a digit on the wrong paper: all ten are as probable; another digit's target is its label."""
    _, targets = examples.epoch(found, 0, 0)
    assert np.allclose(targets.sum(axis=1), 1)
    assert (np.isclose(targets, 0.1).all(axis=1)).sum() == round(0.12 * 350) + round(0.06 * 350)
    assert ((targets == 1).sum(axis=1)).sum() == 350 + round(0.3 * 350)


def test_each_epoch_has_an_order_of_its_own(found: examples.Examples) -> None:
    """That follows from the seed and the epoch's number."""
    first, again, second = (examples.epoch(found, 1, number)[1] for number in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)
