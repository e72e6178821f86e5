"""What stands in the bucket, by ETag and metadata, and why nothing has to be written because of it."""

from collections.abc import Mapping
from typing import Final

from handler.errors import MissingError
from handler.ports import Head, ObjectStore

STANDS: Final = "its CSV stands already"
GONE: Final = "it is no longer there as it was read"


def look(store: ObjectStore, key: str) -> Head | None:
    """ETag and metadata of an object, None where there is none."""
    try:
        return store.head(key)
    except MissingError:
        return None


def stands(found: Head, metadata: Mapping[str, str]) -> bool:
    """Whether a batch's CSV was made from the same source, by the same model, with the same settings."""
    return all(found.metadata.get(name) == metadata[name] for name in ("source-etag", "model", "settings"))


def is_current(store: ObjectStore, key: str, etag: str) -> bool:
    """Whether an object is still there as it was read."""
    found = look(store, key)
    return found is not None and found.etag == etag


def is_overwritten(store: ObjectStore, key: str, etag: str) -> bool:
    """Whether an object is there, and not as it was read; one that is gone keeps its rows."""
    found = look(store, key)
    return found is not None and found.etag != etag
