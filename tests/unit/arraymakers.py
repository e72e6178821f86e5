"""Makers of NumPy and IDX files, of what those libraries would not write too, and readers of what came of them."""

import dataclasses
import io
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handler.batches import read_batch
from handler.contents import SNIFF_BYTES, sniff
from handler.luminance import Plane
from tests.unit.drops import SETTINGS

Values = NDArray[Any]
IDX_CODES = {"|u1": 8, "|i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def saved(values: Values, version: tuple[int, int] | None = None) -> bytes:
    """An array as NumPy writes it; nothing is pickled."""
    file = io.BytesIO()
    np.lib.format.write_array(file, values, version=version, allow_pickle=False)
    return file.getvalue()


def written(header: str | bytes, body: bytes = b"", version: int = 1) -> bytes:
    """An .npy file of any header."""
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + body


def described(descr: object, shape: object, body: bytes = b"", *, fortran: object = False) -> bytes:
    """An .npy file that claims a type and a shape."""
    return written(f"{{'descr': {descr!r}, 'fortran_order': {fortran!r}, 'shape': {shape!r}, }}\n", body)


def idx(values: Values, code: int | None = None) -> bytes:
    """An array as MNIST's files are."""
    big = values.astype(values.dtype.newbyteorder(">"))
    code = IDX_CODES[big.dtype.str] if code is None else code
    return struct.pack(f">HBB{values.ndim}I", 0, code, values.ndim, *values.shape) + big.tobytes()


def npz(arrays: Mapping[str, Values], *, compressed: bool = False) -> bytes:
    """An archive of arrays, as NumPy writes it."""
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)  # type: ignore[arg-type]  # names are no flags
    return file.getvalue()


def planes(data: bytes, name: str = "x.npy", **changes: int) -> list[Plane]:
    """The images of a good array."""
    settings = dataclasses.replace(SETTINGS, **changes)  # type: ignore[arg-type]  # only the caps are changed
    found = []
    for picture in read_batch(io.BytesIO(data), sniff(data[:SNIFF_BYTES], name), name, settings):
        assert picture.plane is not None, picture.error
        assert picture.plane.dtype == np.float32
        assert picture.plane.flags.c_contiguous
        assert np.isfinite(picture.plane).all()
        assert picture.plane.min() >= 0
        assert picture.plane.max() <= 1.000001  # weights of red, green and blue, summed
        found.append(picture.plane)
    return found
