"""What stands in the bucket, by ETag and metadata, and why nothing has to be written because of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from handler.ahead import ahead
from handler.errors import MissingError
from handler.ports import Head, ObjectStore

STANDS: Final = "its CSV stands already"
_FEW: Final = 16
"""Objects that are looked at one by one, at the same time; a request for each of more would take longer than a list."""
_SHARE: Final = 8
"""One in so many of a list must be asked for, or the others of its folder are looked at one by one too."""
_PAGE: Final = 1000
"""Objects that S3 puts into one answer."""
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


def etags(store: ObjectStore, keys: Collection[str], threads: int) -> dict[str, str]:
    """The ETag of each object that is there now.

    Many of one folder are looked up in its listing, a page for a request, for as long as that brings what is asked for;
    as many pages as they would fill are asked for at the same time, each from the first key that is to be in it.
    S3's listings are as consistent as its other answers, and made anew for each request.
    """
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(keys):
        folders[key[: key.rfind("/") + 1]].append(key)
    parts = [
        (folder, wanted[start : start + _PAGE])
        for folder, wanted in folders.items()
        for start in range(0, len(wanted), _PAGE)
    ]
    found: dict[str, str] = {}
    alone: list[str] = []
    for _, answer in ahead(lambda part: _look_up(store, *part), parts, min(threads, len(parts)) or 1):
        listed, left = answer()
        found |= listed
        alone += left
    looks = ahead(lambda key: look(store, key), alone, min(threads, len(alone)) or 1)
    heads = {key: head for key, answer in looks if (head := answer())}
    return found | {key: head.etag for key, head in heads.items()}


def _look_up(store: ObjectStore, folder: str, wanted: list[str]) -> tuple[dict[str, str], list[str]]:
    """What a folder's listing tells of keys, sorted, and those of them for which it does not pay."""
    found: dict[str, str] = {}
    left, last = wanted, ""
    while len(left) > _FEW:
        page = dict(store.listing(folder, max(last, left[0][:-1])))
        if not page:
            return found, []
        last = max(page)
        hits = page.keys() & set(left)
        found.update((key, page[key]) for key in hits)
        left = [key for key in left if key > last]
        if len(hits) * _SHARE < len(page):
            break
    return found, left
