"""Files of this machine in the place of a bucket, so that the handler's own code reads them."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from handler.card import model_key
from handler.errors import ChangedError, MissingError, StoreError
from handler.model import CURRENT
from handler.ports import Blob, Head, Peek
from handler.store import PEEK_BYTES
from train.publish import CARD, read_release


class FileStore:
    """`ports.ObjectStore` on files that are only read, by their keys; what is put is held in memory."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._written: dict[str, tuple[Head, bytes]] = {}
        self._writes = 0

    def peek(self, key: str) -> Peek:
        """The first `PEEK_BYTES` of an object, with its size."""
        etag = self.head(key).etag
        with self._opened(key) as file:
            start = file.read(PEEK_BYTES)
            return Peek(key, etag, file.seek(0, io.SEEK_END), start)

    def fetch(self, peek: Peek) -> BinaryIO:
        """The object itself, opened, and not a copy: it may be larger than the memory."""
        if self.head(peek.key).etag != peek.etag:
            raise ChangedError(f"{peek.key} was written since it was begun")
        return self._open(peek.key)

    def head(self, key: str) -> Head:
        """Metadata, and an ETag that changes with a file's time or size."""
        if key in self._written:
            return self._written[key][0]
        try:
            found = self._file(key).stat()
        except OSError as error:
            raise StoreError(f"looking at {key}: {error}") from error
        return Head(f'"{found.st_mtime_ns:x}-{found.st_size:x}"', {})

    def listing(self, prefix: str, after: str) -> list[tuple[str, str]]:
        """Key and ETag of all that follow `after`."""
        keys = sorted(key for key in {*self._files, *self._written} if key.startswith(prefix) and key > after)
        return [(key, self.head(key).etag) for key in keys]

    def read(self, key: str, unless: str = "") -> Blob | None:
        """A small object whole; None where its ETag is still `unless`."""
        etag = self.head(key).etag
        if etag == unless:
            return None
        with self._opened(key) as file:
            return Blob(etag, file.read())

    def put(self, key: str, body: BinaryIO | bytes, replaces: str | None, metadata: Mapping[str, str]) -> None:
        """Hold the object, if the key still holds the ETag `replaces`; a file is never written over."""
        standing = self.head(key).etag if key in self._files or key in self._written else None
        if standing != replaces:
            raise ChangedError(f"{key} holds {standing}, and not {replaces}")
        if key in self._files:
            raise StoreError(f"{self._files[key]} is only to be read")
        self._writes += 1
        self._written[key] = (
            Head(f'"{self._writes}"', dict(metadata)),
            body if isinstance(body, bytes) else body.read(),
        )

    @contextmanager
    def _opened(self, key: str) -> Iterator[BinaryIO]:
        with self._open(key) as file:
            try:
                yield file
            except OSError as error:
                raise StoreError(f"reading {key}: {error}") from error

    def _open(self, key: str) -> BinaryIO:
        if key in self._written:
            return io.BytesIO(self._written[key][1])
        try:
            return self._file(key).open("rb")
        except OSError as error:
            raise StoreError(f"opening {key}: {error}") from error

    def _file(self, key: str) -> Path:
        if key not in self._files:
            raise MissingError(f"there is no {key}")
        return self._files[key]


def release_store(folder: Path) -> FileStore:
    """A store in which the release in `folder` is live, and there is nothing else.

    Raises `PublishError` where there is none, or it is not whole, `ModelError` where the handler cannot run it.
    """
    release = read_release(folder)
    names = [*release.card["files"], CARD]
    store = FileStore({model_key(release.version, name): release.folder / name for name in names})
    store.put(CURRENT, json.dumps({"version": release.version}).encode(), None, {})
    return store
