"""Pictures that are normalised together, against the same ones by themselves."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from handler import together
from handler.images import normalise
from handler.luminance import Gray, Plane, full
from handler.placement import are_mnist, is_mnist
from handler.runs import are_whole
from handler.together import normalise_group
from tests.doubles import bar
from tests.unit.makers import as_plane
from tests.unit.test_parts import flooded

SIDES = (28, 29, 31, 32, 47, 48, 60, 63, 64, 65, 95, 96, 100, 127)
"""Around the sides at which a grid's cells, a border or a step of the noise become larger."""


def drawn(high: int, wide: int, rng: np.random.Generator) -> Plane:
    """Something like a digit, dark on light or light on dark, clean or noisy, with or without specks, anywhere."""
    ink = np.zeros((high, wide))
    top, left = int(rng.integers(0, high // 2)), int(rng.integers(0, wide // 2))
    long, thick = int(rng.integers(8, high // 2)), int(rng.integers(1, max(2, wide // 6)))
    ink[top : top + long, left : left + thick] = 1
    ink[top + long // 2 :][:thick, left : left + int(rng.integers(4, wide // 2))] = rng.uniform(0.5, 1)
    for _ in range(int(rng.integers(0, 3))):
        ink[int(rng.integers(0, high)), int(rng.integers(0, wide))] = rng.uniform(0.3, 1)
    plane = 0.95 - rng.uniform(0.1, 0.8) * ink + rng.normal(0, rng.choice([0, 0, 0.004, 0.02]), ink.shape)
    plane = np.rint(plane.clip(0, 1) * 255) / 255
    return np.asarray(plane if rng.random() < 0.7 else 1 - plane, np.float32)


def check(planes: Sequence[Plane]) -> None:
    """Each picture of a group is as it is alone: every pixel, every sign; so are those whose bytes are nearest."""
    check_alike(planes)
    check_alike([np.rint(plane * 255).astype(np.uint8) for plane in planes])


def check_alike(pictures: Sequence[Gray | Plane]) -> None:
    """The same of planes or of bytes."""
    for picture, found in zip(pictures, normalise_group(pictures), strict=True):
        alone = normalise(full(picture))
        assert (found.signs, found.paper_is_light) == (alone.signs, alone.paper_is_light)
        assert found.pixels.dtype == alone.pixels.dtype
        np.testing.assert_array_equal(found.pixels, alone.pixels)
        assert (found.seen is None) == (alone.seen is None)
        if found.seen is not None and alone.seen is not None:
            np.testing.assert_array_equal(full(found.seen), full(alone.seen))


@pytest.mark.parametrize("seed", range(4))
def test_small_scans_are_read_together_as_alone(seed: int) -> None:
    """Scans of many sizes in one group, square or not, come out bit for bit as one by one."""
    rng = np.random.default_rng(seed)

    check([drawn(int(high), int(wide), rng) for high, wide in rng.choice(SIDES, (80, 2))])


def test_most_small_scans_are_not_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is like a scan of a digit in even light goes on a sheet: else nothing would be won."""
    rng = np.random.default_rng(0)
    alone: list[Plane] = []
    monkeypatch.setattr(together, "_alone", alone.append)

    normalise_group([drawn(60, 60, rng) for _ in range(100)])

    assert len(alone) < 20


@settings(max_examples=40)
@given(
    st.lists(
        arrays.arrays(
            np.float32,
            st.tuples(st.integers(1, 40), st.integers(1, 40)),
            elements=st.floats(0, 1, width=32),
            fill=st.floats(0, 1, width=32),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_anything_is_read_together_as_alone(planes: list[Plane]) -> None:
    """Any planes of any sizes come out of a group as they come out alone, whatever is beside them."""
    check(planes)


def test_order_and_layout_of_a_group_are_kept() -> None:
    """Pictures that are read alone stand at their places, and planes that are no rows of pixels are read alone."""
    rng = np.random.default_rng(1)
    planes = [drawn(60, 40, rng) for _ in range(12)]
    planes[3], planes[5], planes[7] = np.full((60, 40), 1, np.float32), planes[5].T, drawn(200, 150, rng)
    planes[9] = as_plane(bar(20, 4))

    check(planes)
    assert normalise_group([]) == []


def test_mnist_and_its_inverse_pass_through_a_group() -> None:
    """What is as MNIST's images are comes back as it is, an inverted one turned round, beside others of its size."""
    images = [np.roll(bar(20, 4), shift, (0, 1)) for shift in ((0, 0), (0, 1), (0, 5), (3, 0))]
    planes = [as_plane(image) for pair in ((image, 255 - image) for image in images) for image in pair]

    check(planes)
    np.testing.assert_array_equal(normalise_group(planes)[1].pixels, images[0])


@given(arrays.arrays(np.uint8, (4, 28, 28), elements=st.sampled_from([0, 0, 0, 250, 255]), fill=st.just(np.uint8(0))))
def test_images_are_mnist_together_as_alone(images: NDArray[np.uint8]) -> None:
    """An image is told from MNIST's by itself, not by what is beside it."""
    assert are_mnist(images).tolist() == [is_mnist(image) for image in images]


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))))
def test_masks_are_whole_where_flooding_finds_one_part(masks: NDArray[np.bool_]) -> None:
    """Parts are not joined over the edges of masks that stand one above another."""
    assert are_whole(masks).tolist() == [len(flooded(mask)) == 1 for mask in masks]
