"""NumPy and IDX arrays to planes of luminance, one image at a time.

The layouts are NumPy's format 1.0 to 3.0 (numpy.lib.format), of which nothing is unpickled, and IDX as MNIST's page
describes it: two zero bytes, a type, the number of dimensions, and each of them as a big-endian integer.
"""

import ast
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handler.errors import UnreadableError
from handler.luminance import OVERSHOOT, RGB_WEIGHTS, Plane, reduce_plane
from handler.streams import Stream

NUMPY: Final = b"\x93NUMPY"
IDX_TYPES: Final = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_FLAT: Final = 784
_HEADER_BYTES: Final = 10_000
_BLOCK_BYTES: Final = 1 << 20
_TOPS: Final = (1.0, 255.0, 4095.0, 65535.0)
"""What white is: in floats and bits, and in integers of 8, 12 and 16 bits, whatever they are stored in."""
_FARTHEST: Final = 1e300
"""Floats beyond are taken as infinite: the difference of two others fits 64 bits."""
_LARGEST: Final = 1 << 62
"""Of a side or a header's length; nothing real comes near."""


@dataclass(frozen=True, slots=True)
class _Array:
    dtype: "np.dtype[Any]"
    shape: tuple[int, ...]
    fortran: bool = False

    def images(self) -> tuple[int, tuple[int, ...]]:
        """How many images it is, and the shape of each: (H, W) or (H, W, channels)."""
        shape = self.shape
        if len(shape) == 2:  # noqa: PLR2004  # (N, 784), or one image
            return (shape[0], (28, 28)) if shape[1] == _FLAT else (1, shape)
        if len(shape) == 3:  # noqa: PLR2004  # (N, H, W), or one image with channels
            return (1, shape) if shape[2] in (1, 3) else (shape[0], shape[1:])
        if len(shape) == 4 and shape[3] in (1, 3):  # noqa: PLR2004  # (N, H, W, channels)
            return shape[0], shape[1:]
        raise UnreadableError(
            "unsupported", f"an array of shape {shape}: (N, 784), (H, W), (N, H, W) and (N, H, W, 1 or 3) are read"
        )


def is_idx(start: bytes) -> bool:
    """Whether a file's first bytes are those of an IDX array of any type."""
    return start[:2] == b"\0\0" and len(start) >= 4 and start[2] in IDX_TYPES and 1 <= start[3] <= 4  # noqa: PLR2004


def read_array(reopen: Callable[[], Stream], max_pixels: int, max_images: int, max_bytes: int) -> Iterator[Plane]:
    """Each image of an array as luminance, float32 (H, W), 0 to 1; `reopen` gives the file from its start, each time.

    What white is, is decided once for the whole array. Raises `UnreadableError` for what is no array of images, after
    the images that could be read, and where more than `max_bytes` would be held: an image, or a column-major array.
    """
    array = _read_header(reopen())
    count, shape = array.images()
    if math.prod(shape[:2]) > max_pixels:
        raise UnreadableError(
            "too-large", f"images of {shape[0]} × {shape[1]} pixels, and at most {max_pixels} are read"
        )
    if 0 in array.shape:
        raise UnreadableError("empty", f"an array of shape {array.shape} has no images")
    if array.fortran and math.prod(array.shape) * array.dtype.itemsize > max_bytes:
        raise UnreadableError("too-large", f"a column-major array of more than {max_bytes} bytes: save it row by row")
    if math.prod(shape) * array.dtype.itemsize > max_bytes:
        raise UnreadableError("too-large", f"images of more than {max_bytes} bytes each: save them as uint8")
    bottom, top = _find_range(reopen, array)
    for number, values in enumerate(_images(reopen, array, count, shape)):
        if number == max_images:
            raise UnreadableError("too-many-frames", f"only the first {max_images} images are read: split the array")
        yield _luminance(values, bottom, top)


def _read_header(stream: Stream) -> _Array:
    start = stream.peek(8)
    if start.startswith(NUMPY):
        return _read_numpy_header(stream)
    dtype, dimensions = np.dtype(IDX_TYPES[start[2]]), start[3]
    header = stream.read(4 + 4 * dimensions)
    if len(header) < 4 + 4 * dimensions:
        raise UnreadableError("truncated", "the IDX file ends inside its header")
    return _Array(dtype, struct.unpack_from(f">{dimensions}I", header, 4))


def _read_numpy_header(stream: Stream) -> _Array:
    width = 2 if stream.read(8)[6:7] == b"\x01" else 4
    length = int.from_bytes(field := stream.read(width), "little")
    text = stream.read(min(length, _HEADER_BYTES + 1))
    if len(field) < width or len(text) < length:
        code = "corrupt" if length > _HEADER_BYTES else "truncated"
        raise UnreadableError(code, f"the NumPy file's header of {length} bytes is not whole, or longer than any")
    try:
        header = ast.literal_eval(text.decode("utf-8").strip())
        dtype = np.dtype(header["descr"] if isinstance(header["descr"], str) else "O")
        shape, fortran = header["shape"], bool(header["fortran_order"])
        if not (isinstance(shape, tuple) and all(type(side) is int and 0 <= side < _LARGEST for side in shape)):
            raise ValueError("a shape that is none")
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise UnreadableError("corrupt", "the NumPy file's header is damaged") from error
    if dtype.kind not in "biuf" or dtype.itemsize > 8:  # noqa: PLR2004  # bytes of the widest common number
        raise UnreadableError("unsupported", f"an array of {dtype}: save it as uint8 or float32")
    return _Array(dtype, shape, fortran and len(shape) > 1)


def _images(reopen: Callable[[], Stream], array: _Array, count: int, shape: tuple[int, ...]) -> Iterator[NDArray[Any]]:
    stream = reopen()
    _read_header(stream)
    if array.fortran:
        data = stream.read(math.prod(array.shape) * array.dtype.itemsize)
        if len(data) < math.prod(array.shape) * array.dtype.itemsize:
            raise UnreadableError("truncated", "the column-major array ends before its data does")
        yield from np.frombuffer(data, array.dtype).reshape(array.shape, order="F").reshape(count, *shape)
        stream.end()
        return
    size = math.prod(shape) * array.dtype.itemsize
    for number in range(count):
        data = stream.read(size)
        if len(data) < size:
            raise UnreadableError("truncated", f"the array ends in image {number} of {count}")
        yield np.frombuffer(data, array.dtype).reshape(shape)
    stream.end()


def _find_range(reopen: Callable[[], Stream], array: _Array) -> tuple[float, float]:
    """What is black and what white: 0 and the smallest usual white, or least and greatest where some are below 0."""
    if array.dtype.kind == "b":
        return 0.0, 1.0
    stream = reopen()
    _read_header(stream)
    left = math.prod(array.shape) * array.dtype.itemsize
    low, high = math.inf, -math.inf
    while left > 0:
        try:
            data = stream.read(min(_BLOCK_BYTES, left))
        except UnreadableError:
            break  # what can be read decides; where it ends, the second pass says
        data = data[: len(data) // array.dtype.itemsize * array.dtype.itemsize]
        if not data:
            break
        values = np.frombuffer(data, array.dtype)
        if array.dtype.kind == "f":
            values = values.astype(np.float64)
            values = values[np.abs(values) <= _FARTHEST]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
        left -= len(data)
    if low > high:
        return 0.0, 1.0
    slack = OVERSHOOT if array.dtype.kind == "f" else 1
    return (0.0, next((top for top in _TOPS if high <= top * slack), high)) if low >= 0 else (low, high)


def _luminance(values: NDArray[Any], bottom: float, top: float) -> Plane:
    is_narrow = values.dtype.kind != "f" and values.dtype.itemsize <= 2  # noqa: PLR2004  # 16 bits fit a float of 32
    wide: NDArray[np.floating[Any]] = values.astype(np.float32 if is_narrow else np.float64)
    finite = np.abs(wide) <= _FARTHEST if values.dtype.kind == "f" else np.True_
    if not finite.all():
        wide = np.where(finite, wide, np.median(wide[finite]) if finite.any() else bottom)
    wide -= bottom
    wide /= max(top - bottom, np.finfo(np.float64).tiny)
    plane: Plane = np.minimum(wide, 1, out=wide).astype(np.float32, copy=False)
    if plane.ndim == 3:  # noqa: PLR2004  # channels
        plane = plane @ RGB_WEIGHTS if plane.shape[2] == 3 else plane[..., 0]  # noqa: PLR2004  # red, green, blue
    return np.ascontiguousarray(reduce_plane(plane))
