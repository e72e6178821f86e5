"""MNIST, cached once and verified at every load; a load from the cache needs NumPy alone."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from train.errors import DataError

Arrays = Mapping[str, NDArray[np.uint8]]

SHAPES: Final[dict[str, tuple[int, ...]]] = {
    "x_train": (60_000, 28, 28),
    "y_train": (60_000,),
    "x_test": (10_000, 28, 28),
    "y_test": (10_000,),
}
SHA256: Final = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
"""Of the raw bytes of each array, in C order."""


@dataclass(frozen=True, slots=True)
class Mnist:
    """All of MNIST as it was published: 0 is paper, 255 is ink, labels are 0 to 9."""

    x_train: NDArray[np.uint8]
    """(60000, 28, 28)"""
    y_train: NDArray[np.uint8]
    """(60000,)"""
    x_test: NDArray[np.uint8]
    """(10000, 28, 28)"""
    y_test: NDArray[np.uint8]
    """(10000,)"""


def cache_file() -> Path:
    """Where MNIST is kept: `DIGITDROP_CACHE`, or else `~/.cache/digitdrop`."""
    return Path(os.environ.get("DIGITDROP_CACHE") or Path.home() / ".cache" / "digitdrop") / "mnist.npz"


def load_mnist() -> Mnist:
    """MNIST from the cache; where there is none, downloaded into it first.

    Raises `DataError` where it cannot be downloaded, or is not MNIST bit for bit.
    """
    path = cache_file()
    if path.exists():
        return verified(_read(path), str(path), f"delete {path}")
    from train import download  # noqa: PLC0415  # only here is anything needed but NumPy

    arrays, source, remedy = download.download()
    mnist = verified(arrays, source, remedy)
    _write(path, arrays)
    return mnist


def verified(arrays: Arrays, source: str, remedy: str) -> Mnist:
    """The arrays as `Mnist`; `DataError` names `source` and the `remedy` where they are not MNIST's."""
    for name, digest in SHA256.items():
        array = arrays.get(name)
        if array is None or array.dtype != np.uint8 or array.shape != SHAPES[name]:
            raise DataError(f"{source} is not MNIST: {name} is missing or of another shape or type; {remedy} and retry")
        found = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
        if found != digest:
            raise DataError(
                f"{source} is not MNIST: SHA-256 of {name} is {found[:12]}…, not {digest[:12]}…; {remedy} and retry"
            )
    return Mnist(**{name: arrays[name] for name in SHA256})


def _read(path: Path) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in SHA256 if name in file}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read ({error}); delete {path} and retry") from error


def _write(path: Path, arrays: Arrays) -> None:
    """Keep `arrays` for the next load: a reader finds the whole file or none, however many write at once."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix="mnist-", suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            np.savez(file, allow_pickle=False, **{name: arrays[name] for name in SHA256})
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise DataError(
            f"MNIST cannot be kept in {path.parent} ({error}); "
            "set DIGITDROP_CACHE to a folder that can be written, with 55 MB free"
        ) from error
