"""The structure of `.h5` files: whatever is more than groups, numbers and names inside the file is refused by name."""

from collections.abc import Callable
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest

from tests.unit.h5makers import good, linear, write
from train import hdf5
from train.inspection import verdict_on

Change = Callable[[h5py.File, Path], None]
WEIGHTS = "model_weights/dense/dense"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nothing is wrong with, yet."""
    return good(tmp_path / "their.h5")


def change(path: Path, act: Callable[[h5py.File], None]) -> None:
    """Let `act` spoil the file."""
    with h5py.File(path, "r+") as opened:
        act(opened)


def test_a_plain_file_is_accepted(file: Path) -> None:
    """There is nothing to say of it, and its architecture and version are what was written."""
    assert verdict_on(file) == ""
    found = hdf5.description(file)
    assert (found.keras, '"Flatten"' in found.architecture) == ("2.4.0", True)


def soft(opened: h5py.File) -> None:
    """A link to a path."""
    opened["model_weights/link"] = h5py.SoftLink("/model_weights/dense")


def outside(opened: h5py.File) -> None:
    """A link into another file."""
    opened["model_weights/link"] = h5py.ExternalLink("/etc/other.h5", "/x")


def stored_outside(opened: h5py.File) -> None:
    """A data set whose values are the bytes of another file."""
    opened.create_dataset("model_weights/link", (4,), "u1", external=[("/etc/hostname", 0, 4)])


def virtual(opened: h5py.File) -> None:
    """A data set whose values are in others."""
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4,))
    opened.create_virtual_dataset("model_weights/link", layout)


def second_name(opened: h5py.File) -> None:
    """A second name of the same data set."""
    opened["model_weights/link"] = opened[f"{WEIGHTS}/kernel:0"]


def circle(opened: h5py.File) -> None:
    """A group that holds itself."""
    opened["model_weights/link"] = opened["model_weights"]


def a_type(opened: h5py.File) -> None:
    """A data type with a name."""
    opened["model_weights/link"] = np.dtype("f4")


def text(opened: h5py.File) -> None:
    """Text where numbers should be."""
    opened["model_weights/link"] = "numbers"


def records(opened: h5py.File) -> None:
    """Records of several fields."""
    opened["model_weights/link"] = np.zeros(2, [("a", "f4"), ("b", "i4")])


def references(opened: h5py.File) -> None:
    """References to objects, as values."""
    opened.create_dataset("model_weights/link", (1,), h5py.ref_dtype)


def no_shape(opened: h5py.File) -> None:
    """A data set without a shape."""
    opened["model_weights/link"] = h5py.Empty("f4")


def rare_filter(opened: h5py.File) -> None:
    """A compression that not every HDF5 library has."""
    opened.create_dataset("model_weights/link", data=np.zeros(100, "f4"), compression="lzf")


def bomb(opened: h5py.File) -> None:
    """Four terabytes of which nothing is stored."""
    opened.create_dataset("model_weights/link", (1 << 40,), "f4", chunks=(1024,))


def chunk_bomb(opened: h5py.File) -> None:
    """A few numbers, in a chunk of two gigabytes."""
    data_set = opened.create_dataset("model_weights/link", (8,), "f4", chunks=(1 << 29,), maxshape=(None,))
    assert data_set.chunks == (1 << 29,)


def not_stored(opened: h5py.File) -> None:
    """A data set that declares more than the file holds, though not much."""
    opened.create_dataset("model_weights/link", (1000,), "f4")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (soft, "soft link"),
        (outside, "link to another file"),
        (stored_outside, "values in another file, b'/etc/hostname'"),
        (virtual, "virtual"),
        (second_name, "second name"),
        (circle, "second name"),
        (a_type, "neither a group nor a data set"),
        (text, "holds text"),
        (records, "holds records"),
        (references, "holds references"),
        (no_shape, "no shape"),
        (rare_filter, "filter 32000"),
        (bomb, r"shape (1099511627776,)"),
        (chunk_bomb, "shape (8,), 2147483648 bytes"),
        (not_stored, "shape (1000,), 4000 bytes, of which the file holds 0"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_not_plain_is_refused_by_name(file: Path, act: Callable[[h5py.File], None], words: str) -> None:
    """The path in the file, what is wrong with it, and what to do."""
    change(file, act)
    verdict = verdict_on(file)
    assert "'/model_weights/link'" in verdict or act is second_name
    assert words in verdict
    assert ": " in verdict.split(words)[1]


def test_compressed_weights_are_read(tmp_path: Path) -> None:
    """Deflate, shuffle and checksums are what any HDF5 library has."""
    model, weights = linear()
    path = write(tmp_path / "their.h5", model, {"dense": {}})
    with h5py.File(path, "r+") as opened:
        group = opened["model_weights/dense"]
        group.attrs["weight_names"] = [name.encode() for name in weights["dense"]]
        for name, array in weights["dense"].items():
            group.create_dataset(
                name, data=array, compression="gzip", shuffle=True, fletcher32=True, chunks=array.shape
            )
    assert verdict_on(path) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros(2, [("a", "f4")]), "'/model_weights@odd' holds records"),
        ("reference", "'/model_weights@odd' holds references"),
        (np.zeros(20), "'/model_weights@odd' has the shape (20,), 160 bytes"),
    ],
)
def test_an_odd_attribute_is_refused_by_name(
    file: Path, value: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """References and records are nothing that Keras writes, nor is anything large."""
    monkeypatch.setattr(hdf5, "MAX_ATTRIBUTE", 100)
    with h5py.File(file, "r+") as opened:
        group = opened["model_weights"]
        if isinstance(value, str):
            group.attrs.create("odd", group.ref, dtype=h5py.ref_dtype)
        else:
            group.attrs["odd"] = value
    assert words in verdict_on(file)


@pytest.mark.parametrize(
    ("cap", "value", "words"),
    [("MAX_OBJECTS", 3, "more than 3 objects"), ("MAX_WEIGHTS", 31_370, "shape (784, 10), 31360 bytes")],
)
def test_a_cap_is_named(file: Path, cap: str, value: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of objects and the bytes of each array are bounded."""
    monkeypatch.setattr(hdf5, cap, value if cap == "MAX_OBJECTS" else 31_000)
    assert words in verdict_on(file)


def test_the_sum_of_the_weights_is_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each array may be small enough, and all together too large."""
    monkeypatch.setattr(hdf5, "MAX_WEIGHTS", 31_370)
    assert "its weights are more than 31370 bytes" in verdict_on(file)


@pytest.mark.parametrize(
    ("where", "name", "value", "words"),
    [
        ("model_weights", "layer_names", [b"dense", b"other"], "lists the layer '/model_weights/other'"),
        ("model_weights", "layer_names", [b"../model_weights/dense"], "which it does not hold"),
        ("model_weights/dense", "weight_names", [b"dense/none"], "the weight '/model_weights/dense/dense/none'"),
        ("model_weights/dense", "weight_names", [b"dense"], "the weight '/model_weights/dense/dense'"),
        ("model_weights/dense", "weight_names", [b"/model_weights/dense/dense/bias:0"], "which it does not hold"),
        ("model_weights/dense", "weight_names", np.zeros(3), "float64 where a text should be"),
        ("/", "model_config", np.zeros(3), "ndarray where a text should be"),
    ],
)
def test_names_that_lead_nowhere_are_refused(file: Path, where: str, name: str, value: object, words: str) -> None:
    """Keras looks weights up by lists of names: each must be that of a data set below its layer."""
    with h5py.File(file, "r+") as opened:
        opened[where].attrs[name] = value
    assert words in verdict_on(file)


def test_names_in_several_attributes_are_followed(file: Path) -> None:
    """A list that was too long for one attribute is numbered from 0."""
    with h5py.File(file, "r+") as opened:
        attributes = opened["model_weights/dense"].attrs
        first, second = attributes["weight_names"]
        del attributes["weight_names"]
        attributes["weight_names0"], attributes["weight_names1"] = [first], [second]
    assert verdict_on(file) == ""
    with h5py.File(file, "r+") as opened:
        opened["model_weights/dense"].attrs["weight_names1"] = [b"dense/none"]
    assert "dense/none" in verdict_on(file)


@pytest.mark.parametrize("missing", ["model_config", "model_weights"])
def test_weights_alone_are_refused(file: Path, missing: str) -> None:
    """The message says that the model itself must be saved."""
    with h5py.File(file, "r+") as opened:
        if missing == "model_config":
            del opened.attrs[missing]
        else:
            del opened[missing]
    assert f"no whole model, since {missing} is missing" in verdict_on(file)
    assert "model.save('model.h5')" in verdict_on(file)


@pytest.mark.parametrize("length", [8, 100, 1000, 5000, -1])
def test_a_cut_file_is_refused(file: Path, length: int) -> None:
    """HDF5 says what it misses; there is no other exception."""
    file.write_bytes(file.read_bytes()[:length])
    assert "damaged" in verdict_on(file)
