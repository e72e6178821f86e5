"""The models in the bucket: which one is live, and the switch from one to another."""

import hashlib
import json
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from handler.card import VERSION_DIGITS, model_key, read_card, version_of
from handler.errors import ChangedError, MissingError, ModelError
from handler.model import CURRENT
from handler.ports import Blob
from train.errors import PublishError

ATTEMPTS: Final = 5
"""At a conditional write, each on what was there just before it."""


class Store(Protocol):
    """The part of a store that publishing needs; each method raises a `StoreError` where S3 fails."""

    def read(self, key: str, unless: str = "") -> Blob | None:
        """A small object whole; None where its ETag is still `unless`."""

    def put(self, key: str, body: bytes, replaces: str | None, metadata: Mapping[str, str]) -> None:
        """Write the whole object if the key still holds the ETag `replaces` (None: nothing), else `ChangedError`."""

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below `prefix`."""


@dataclass(frozen=True, slots=True)
class _Pointer:
    etag: str | None
    version: str | None


def live_version(store: Store) -> str | None:
    """The version that is live now; None where none is."""
    return _pointer(store).version


def activate(store: Store, version: str) -> str | None:
    """Make an uploaded `version` live, once its card and its ONNX file are seen to be whole.

    Returns the version that was live until then. Raises `PublishError` where it is not whole, `ModelError` where
    this handler cannot run it.
    """
    if not is_version(version):
        raise PublishError(f"{version!r} is no version: {VERSION_DIGITS} hex digits, as `python -m train list` shows")
    try:
        card = read_card(published_card(store, version))
        onnx = _body(store, model_key(version, "model.onnx"))
    except MissingError as error:
        raise PublishError(
            f"there is no whole model {version} in the bucket ({error}): see `python -m train list`"
        ) from error
    if hashlib.sha256(onnx).hexdigest() != card.onnx_sha256:
        raise PublishError(f"models/{version}/model.onnx is not the one that its card names: its SHA-256 differs")
    return switch(store, version)


def switch(store: Store, version: str) -> str | None:
    """Let `current.json` name `version`, and return the version that it named before; all else must be in place.

    The write holds only against the pointer that was read; where another publisher was faster, it is read again.
    Raises `PublishError` where others are faster each time.
    """
    for attempt in range(ATTEMPTS):
        before = _pointer(store)
        if before.version == version:
            return version  # also after a write whose answer was lost
        pointer = {"version": version, "previous": before.version, "activated": now()}
        try:
            store.put(CURRENT, json.dumps(pointer, indent=2).encode(), before.etag, {})
        except ChangedError:
            pause(attempt)
        else:
            return before.version
    raise PublishError(f"{CURRENT} was changed by others {ATTEMPTS} times meanwhile: retry `activate {version}`")


def now() -> str:
    """This second, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def pause(attempt: int) -> None:
    """Wait for a moment, longer at each attempt and never twice the same, so that two rivals part."""
    time.sleep(random.uniform(0.01, 0.1) * 2**attempt)  # noqa: S311  # no secret is made of it


def published_card(store: Store, version: str) -> bytes:
    """The `card.json` of `version`; `MissingError` where there is none, `PublishError` where it is another one."""
    body = _body(store, model_key(version, "card.json"))
    if version_of(body) != version:
        raise PublishError(f"models/{version}/card.json is not the card that was published: its SHA-256 differs")
    return body


def is_version(text: str) -> bool:
    """Whether `text` can name a version at all."""
    return re.fullmatch(f"[0-9a-f]{{{VERSION_DIGITS}}}", text) is not None


def _pointer(store: Store) -> _Pointer:
    """What `current.json` holds; one that is damaged counts as naming nothing, and can be written over."""
    try:
        blob = store.read(CURRENT)
    except MissingError:
        return _Pointer(None, None)
    if blob is None:
        raise ModelError(f"{CURRENT} could not be read")
    try:
        version = json.loads(blob.body)["version"]
    except (ValueError, KeyError, TypeError):
        version = None
    return _Pointer(blob.etag, version if isinstance(version, str) and is_version(version) else None)


def _body(store: Store, key: str) -> bytes:
    blob = store.read(key)
    if blob is None:
        raise ModelError(f"{key} could not be read")
    return blob.body
