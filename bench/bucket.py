"""A bucket on this machine's disk: what is measured beside it is the handler, and neither S3 nor a server like it."""

import io
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final, cast

from handler.errors import ChangedError, MissingError
from handler.ports import Blob, Head, ObjectStore, Peek
from handler.store import PEEK_BYTES

_PAGE: Final = 1000


class Bucket:
    """`ports.ObjectStore` on files by their keys; what is put becomes a file in `folder`, so that none is in memory."""

    def __init__(self, files: Mapping[str, Path], folder: Path) -> None:
        self.files = dict(files)
        self._folder = folder
        self._metadata: dict[str, Mapping[str, str]] = {}
        self._lock = Lock()
        self._writes = 0

    def peek(self, key: str) -> Peek:
        """The first `PEEK_BYTES` of an object, with its size."""
        with self._file(key).open("rb") as file:
            start = file.read(PEEK_BYTES)
            return Peek(key, self.head(key).etag, file.seek(0, io.SEEK_END), start)

    def fetch(self, peek: Peek) -> BinaryIO:
        """The object; no bytes are copied, as they would be from S3."""
        if self.head(peek.key).etag != peek.etag:
            raise ChangedError(peek.key)
        return self._file(peek.key).open("rb")

    def head(self, key: str) -> Head:
        """ETag and metadata of an object."""
        path = self._file(key)
        found = path.stat()
        return Head(f'"{path.name}-{found.st_mtime_ns:x}-{found.st_size:x}"', self._metadata.get(key, {}))

    def listing(self, prefix: str, after: str) -> list[tuple[str, str]]:
        """Key and ETag of the next objects below `prefix`, a page of S3's size."""
        keys = sorted(key for key in list(self.files) if key.startswith(prefix) and key > after)
        return [(key, self.head(key).etag) for key in keys[:_PAGE]]

    def read(self, key: str, unless: str = "") -> Blob | None:
        """A small object whole; None where its ETag is still `unless`."""
        etag = self.head(key).etag
        return None if etag == unless else Blob(etag, self._file(key).read_bytes())

    def put(self, key: str, body: BinaryIO | bytes, replaces: str | None, metadata: Mapping[str, str]) -> None:
        """Write a new file, if the key still holds the ETag `replaces`; nothing is written over."""
        with self._lock:
            standing = self.head(key).etag if key in self.files else None
            if standing != replaces:
                raise ChangedError(key)
            self._writes += 1
            path = self._folder / f"written-{self._writes}"
            with path.open("wb") as file:
                shutil.copyfileobj(io.BytesIO(body) if isinstance(body, bytes) else body, file, PEEK_BYTES)
            self._metadata[key] = dict(metadata)
            self.files[key] = path

    def _file(self, key: str) -> Path:
        if key not in self.files:
            raise MissingError(key)
        return self.files[key]


class _Late:
    """A store each of whose calls takes as long as a request to S3; whatever calls it has."""

    def __init__(self, store: ObjectStore, seconds: float) -> None:
        self._store = store
        self._seconds = seconds

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._store, name)

        def later(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever the store's methods take
            whole = arguments and isinstance(arguments[0], Peek) and len(arguments[0].start) >= arguments[0].size
            if not whole:  # what came whole with its peek is not asked for again
                time.sleep(self._seconds)
            return call(*arguments, **options)

        return later


def late(store: ObjectStore, seconds: float) -> ObjectStore:
    """`store` behind a line on which every request takes `seconds`, however many are under way."""
    return cast("ObjectStore", _Late(store, seconds)) if seconds else store
