"""NumPy and IDX arrays to planes: shapes, types, orders, and what black and white are."""

import gzip
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from handler.images import normalise
from tests.doubles import bar
from tests.unit.arraymakers import IDX_CODES, idx, planes, saved
from tests.unit.drops import batch

DIGITS = np.stack([bar(4, 20), bar(20, 4), bar(9, 9)])
"""(3, 28, 28) uint8, as MNIST has them."""
LEVEL = 1 / 255
INTEGERS = ("u2", ">u2", "i2", ">i2", "u4", "i4", ">i4", "u8", "i8", ">i8")
FLOATS = ("f2", ">f2", "f4", ">f4", "f8", ">f8")


def gray(values: NDArray[Any]) -> NDArray[np.float32]:
    """Values 0 to 255 as luminance."""
    return (values / 255).astype(np.float32)


@pytest.mark.parametrize(
    ("values", "frames"),
    [
        (DIGITS[0], [None]),
        (DIGITS, [0, 1, 2]),
        (DIGITS[:1], [None]),
        (DIGITS.reshape(3, 784), [0, 1, 2]),
        (DIGITS[:1].reshape(1, 784), [None]),
        (DIGITS[..., None], [0, 1, 2]),
        (DIGITS[:1, ..., None], [None]),
        (DIGITS[0, ..., None], [None]),
        (np.stack([DIGITS] * 3, axis=-1), [0, 1, 2]),
        (np.stack([DIGITS[0]] * 3, axis=-1), [None]),
        (DIGITS[:, :7, :5], [0, 1, 2]),
        (DIGITS[0, :1, :1], [None]),
    ],
)
def test_each_shape_gives_its_images(values: NDArray[np.uint8], frames: list[int | None]) -> None:
    """One row for each image; `frame` is empty where there is only one. NumPy's files and IDX alike."""
    for data in (saved(values), idx(values)):
        assert batch(data, "x.npy") == [("x.npy", frame, "") for frame in frames]
        for found, expected in zip(planes(data), DIGITS, strict=False):
            rows, columns = found.shape
            assert np.abs(found - gray(expected)[:rows, :columns]).max() < 1e-6


@pytest.mark.parametrize(
    "shape", [(), (5,), (784,), (60000,), (2, 3, 4, 4), (2, 3, 4, 2), (1, 2, 28, 28, 1), (3, 28, 28, 28)]
)
def test_other_shapes_are_unsupported(shape: tuple[int, ...]) -> None:
    """Labels, and what has more dimensions than images have."""
    assert batch(saved(np.zeros(shape, np.uint8)), "x.npy") == [("x.npy", None, "unsupported")]


@pytest.mark.parametrize("shape", [(0, 28, 28), (0, 784), (3, 0, 28), (3, 28, 0), (0, 0), (0, 28, 28, 1)])
def test_an_array_without_images_is_empty(shape: tuple[int, ...]) -> None:
    """No image, but a row that says so."""
    for data in (saved(np.zeros(shape, np.uint8)), idx(np.zeros(shape, np.uint8))):
        assert batch(data, "x.npy") == [("x.npy", None, "empty")]


def test_mnist_comes_to_the_model_bit_for_bit() -> None:
    """An image that is one of MNIST's is read as it is, however it is stored."""
    two = DIGITS[:2]
    for order in "CF":
        for values in (two, two.reshape(2, 784), two[..., None], two.astype(np.float32) / 255):
            for data in (saved(np.asarray(values, order=order)), gzip.compress(saved(values))):  # type: ignore[call-overload]  # an order
                found = [normalise(plane).pixels for plane in planes(data)]
                assert np.array_equal(np.stack(found), two)


@pytest.mark.parametrize(
    "values",
    [
        *(DIGITS.astype(dtype) for dtype in INTEGERS + FLOATS),
        *((DIGITS / 255).astype(dtype) for dtype in FLOATS),
        *((DIGITS / 127.5 - 1).astype(dtype) for dtype in FLOATS),
        DIGITS // 255,
        (DIGITS // 255).astype(np.int64),
        DIGITS.astype(np.uint16) * 257,
        DIGITS.astype(np.int32) * 257,
        (DIGITS.astype(np.uint16) * 16 + DIGITS // 16),
        DIGITS.astype(np.float32) * 257,
        DIGITS.astype(np.int64) * (1 << 40),
        (DIGITS.astype(np.uint64) // 255) * np.uint64((1 << 64) - 1),
        (DIGITS.astype(np.float64) - 33.3) / 78.6,
        (DIGITS / 255).astype(np.float32) * np.float32(1.000001),
        DIGITS == 255,
        (DIGITS // 2).astype(np.int8) * 2 - 127 - (DIGITS == 0),
    ],
    ids=lambda values: f"{values.dtype.str}-{values.max()}",
)
def test_every_type_and_range_is_read_alike(values: NDArray[Any]) -> None:
    """Integers of 8, 12 and 16 bits in any type, floats 0–1, 0–255, -1–1 or standardised, or bits."""
    for order in "CF":
        found = np.stack(planes(saved(np.asarray(values, order=order))))  # type: ignore[call-overload]  # an order
        assert np.abs(found - gray(DIGITS)).max() <= 2 * LEVEL


@pytest.mark.parametrize("dtype", sorted(IDX_CODES))
def test_every_type_of_idx_is_read(dtype: str) -> None:
    """Bytes with and without a sign, integers and floats, big-endian; compressed too."""
    values = (DIGITS // 255 * 127).astype(dtype)
    for data in (idx(values), gzip.compress(idx(values))):
        found = np.stack(planes(data, "t10k-images-idx3-ubyte"))
        assert np.array_equal(found > 0, DIGITS > 0)
        assert np.allclose(found.max(), 127 / 255)


def test_what_white_is_is_decided_once_for_the_array() -> None:
    """An image that is dark stays dark beside a light one, wherever it stands."""
    dark = np.full((28, 28), 30, np.uint8)
    for values in (np.stack([dark, DIGITS[0]]), np.stack([dark, DIGITS[0]]).astype(np.float64)):
        assert np.allclose(planes(saved(values))[0], 30 / 255)
    assert np.allclose(planes(saved(np.stack([dark, dark])))[0], 30 / 255)
    halves = np.stack([np.full((28, 28), 0.25), np.full((28, 28), 0.5)]).astype(np.float32)
    assert np.allclose(planes(saved(halves))[0], 0.25)
    shifted = np.stack([np.zeros((28, 28)), np.where(DIGITS[0], 1.0, -1.0)])
    assert np.allclose(planes(saved(shifted))[0], 0.5)


def test_the_range_is_that_of_a_large_array_too() -> None:
    """The lightest value may stand many megabytes behind the first image."""
    values = np.zeros((3000, 28, 28), np.uint16)
    values[0], values[-1, 5, 5] = 1000, 65535

    assert np.allclose(planes(saved(values))[0], 1000 / 65535)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_what_is_not_a_finite_number_is_the_middle_of_its_image(dtype: str) -> None:
    """The others keep their values; an image of nothing else is black."""
    values = DIGITS.astype(dtype)
    values[0, 0, :3] = np.nan, np.inf, -np.inf
    values[2] = np.nan
    found = planes(saved(values))

    assert np.array_equal(found[0], gray(DIGITS[0]))
    assert np.array_equal(found[1], gray(DIGITS[1]))
    assert not found[2].any()
    assert not np.any(planes(saved(np.full((2, 28, 28), np.nan, dtype))))


@pytest.mark.filterwarnings("error")
@given(
    arrays(
        st.sampled_from(["f2", "f4", ">f8", "i1", "u1", ">i2", "u2", "i4", "i8", "u8", "b1"]),
        st.one_of(array_shapes(min_dims=2, max_dims=3, max_side=6), st.just((2, 4, 4, 3))),
    )
)
@settings(deadline=None)
def test_any_values_give_luminance(values: NDArray[Any]) -> None:
    """From 0 to 1 and finite, without a warning, and of a kind that the model's input can be made of."""
    for plane in planes(saved(values)):
        assert normalise(plane).pixels.shape == (28, 28)


@pytest.mark.filterwarnings("error")
def test_the_farthest_floats_do_not_overflow() -> None:
    """What is beyond any use is taken as infinite."""
    for top in (1e308, 1e300, 5e-324):
        values = np.array([[-top, 0], [top, top / 2]])
        assert planes(saved(values))[0].shape == (2, 2)


def test_large_images_are_reduced() -> None:
    """As pictures are: a digit is read from few pixels."""
    (plane,) = planes(saved(bar(1000, 2000, side=4096)))

    assert plane.shape == (1024, 1024)
    assert np.allclose([plane[512, 512], plane[0, 0]], [1, 0])
