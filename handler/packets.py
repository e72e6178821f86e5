"""What crosses between the handler and a process that reads pictures for it: pictures there, what is made of them back.

Both are the same program, so it is Python's own pickle. Pixels and what is alike in many pictures cross once for all of
them: an object for each of a thousand small pictures would take as long as reading them. What is to be read again, as
few are, does not cross where it is all of a picture: the handler has that, and can decode it.
"""

import pickle
import struct
from collections.abc import Sequence
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from handler.errors import UnreadableError
from handler.groups import Alike, Read
from handler.members import Named, Packed, Picture
from handler.normal import Mnist, Normal
from handler.placement import SIDE
from handler.pngs import shape_of

Answer = tuple[NDArray[np.uint8] | None, NDArray[np.bool_] | list[tuple[Any, ...]]]
"""The pixels of what could be read, (N, 28, 28), and of each picture the rest, or its error's code and sentence.

Of what all is MNIST's, whether the paper of each is light is all the rest.
"""
_SIZE: Final = struct.Struct("<Q")
"""Of a message, before it: so it is taken with few calls."""
ENDS: Final = (EOFError, OSError)
"""What reading raises where the other process has ended."""


def question(pictures: Sequence[Packed]) -> bytes:
    """Pictures of one drop, without their names, as they are written to the other process."""
    return _message((pictures[0].max_pixels, [picture.data for picture in pictures]))


def asked(file: IO[bytes]) -> list[Packed]:
    """The same, read by the other process."""
    limit, pictures = _received(file)
    return [Packed("", data, 0, limit) for data in pictures]


def answer(found: Sequence[Read], file: IO[bytes]) -> None:
    """Write what was made of pictures."""
    if isinstance(found, Alike):
        _send((found.normals.pixels, found.normals.paper_is_light), file)
        return
    normals = [normal for _, normal in found if normal]
    pixels = np.concatenate([normal.pixels for normal in normals]) if normals else None
    rest = [_rest(picture, normal) if normal else _told(picture.error) for picture, normal in found]
    _send((pixels, rest), file)


def answered(file: IO[bytes]) -> Answer:
    """The same, as it came."""
    found: Answer = _received(file)
    return found


def read_of(pictures: Sequence[Packed], found: Answer) -> Sequence[Read]:
    """What was made of the pictures that were asked about."""
    pixels, rest = found
    if pixels is not None and isinstance(rest, np.ndarray):
        if not len(pictures) == len(pixels) == len(rest):
            raise ValueError(f"of {len(pictures)} pictures {len(pixels)} came back")
        return Alike(pictures, Mnist(pixels, rest))
    images = iter(() if pixels is None else pixels.reshape(-1, SIDE, SIDE))
    read: list[Read] = []
    for picture, told in zip(pictures, rest, strict=True):
        if isinstance(told[0], str):
            read.append((Named(picture.name, error=UnreadableError(*told)), None))
        else:
            signs, light, seen, is_kept = told
            read.append((picture, Normal(next(images), signs, light, seen, picture if is_kept else None)))
    return read


def _rest(picture: Picture, normal: Normal) -> tuple[Any, ...]:
    """What there is of a picture beside its pixels; that what is seen is all of it, in the place of that."""
    seen = normal.seen
    is_kept = seen is not None and isinstance(picture, Packed) and seen.shape == shape_of(picture.data)
    return normal.signs, normal.paper_is_light, None if is_kept else seen, is_kept


def _told(error: UnreadableError | None) -> tuple[str, str]:
    if error is None:
        raise TypeError("a picture has neither pixels nor an error")
    return error.code, str(error).removeprefix(f"{error.code}: ")


def _message(content: Any) -> bytes:  # noqa: ANN401  # whatever crosses
    packed = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    return _SIZE.pack(len(packed)) + packed


def _send(content: Any, file: IO[bytes]) -> None:  # noqa: ANN401  # the same
    file.write(_message(content))
    file.flush()


def _received(file: IO[bytes]) -> Any:  # noqa: ANN401  # the same
    (size,) = _SIZE.unpack(_read(file, _SIZE.size))
    return pickle.loads(_read(file, size))  # noqa: S301  # nobody else can write to this pipe


def _read(file: IO[bytes], size: int) -> bytearray:
    found = bytearray()
    while len(found) < size:
        if not (more := file.read(size - len(found))):
            raise EOFError
        found += more
    return found
