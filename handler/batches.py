"""Bytes of a batch to named pictures, lazily, whichever kind of archive or array it is."""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from handler.archives import read_tar, read_zip
from handler.contents import ARRAY, COMPRESSED, SNIFF_BYTES, TAR, ZIP, sniff
from handler.errors import SpentError, UnreadableError
from handler.members import Named, Picture, read_images
from handler.settings import Settings
from handler.streams import Budget, Stream, decompress, pieces_of


def read_batch(file: BinaryIO, kind: str, name: str, settings: Settings) -> Iterator[Picture]:
    """The pictures of a batch that `sniff` called `kind`, in its order; what breaks it ends as a last, named error."""
    read = 0
    try:
        if file.read(1) == b"":
            raise UnreadableError("empty", "the file has no bytes: upload it again")
        for picture in _pictures(file, kind, name, settings):
            read += 1
            yield picture
    except UnreadableError as error:
        yield Named(name, error=error)
        return
    if not read:
        yield Named(name, error=UnreadableError("empty", "the archive has no images in it"))


def _pictures(file: BinaryIO, kind: str, name: str, settings: Settings) -> Iterator[Picture]:
    budget = Budget(settings.max_inflated_bytes)
    if kind == ZIP:
        yield from read_zip(file, budget, settings)
        return
    reopen = _opener(file, kind, budget)
    try:
        inner = sniff(reopen().peek(SNIFF_BYTES), ".tar") if kind in COMPRESSED else kind
        if inner == TAR:
            yield from read_tar(reopen(), budget, settings)
        elif inner == ARRAY:
            yield from read_images(reopen, name, settings)
        elif inner == ZIP:
            yield from read_zip(_held(reopen(), settings), budget, settings)
        else:
            held = f"a {kind} of something else than a tar or an array" if kind in COMPRESSED else f"a {kind}"
            raise UnreadableError("unsupported", f"{held} cannot be read: upload a zip or tar, an array, or pictures")
    except SpentError as error:
        raise UnreadableError("too-large", f"{error}: split it") from error


def _held(stream: Stream, settings: Settings) -> BinaryIO:
    """A compressed zip (`.npz.gz`), whose directory stands at its end."""
    data = stream.read(settings.max_member_bytes + 1)
    if len(data) > settings.max_member_bytes:
        sentence = f"a compressed zip of more than {settings.max_member_bytes} bytes: upload the zip itself"
        raise UnreadableError("too-large", sentence)
    return io.BytesIO(data)


def _opener(file: BinaryIO, kind: str, budget: Budget) -> Callable[[], Stream]:
    """Begins the file anew each time, decompressed if need be."""

    def reopen() -> Stream:
        file.seek(0)
        return Stream(budget.spend(decompress(file, kind)) if kind in COMPRESSED else pieces_of(file))

    return reopen
