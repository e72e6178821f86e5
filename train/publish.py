"""A prepared release to the bucket: its files first, its card after them, the pointer to it last.

Nothing here needs Keras: a release is prepared once (`release.py`) and can be uploaded anywhere, at any time.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from handler.card import model_key, read_card, version_of
from handler.errors import ChangedError, MissingError
from train.errors import PublishError
from train.registry import ATTEMPTS, Store, pause, switch

RELEASES: Final = Path("artifacts/models")
"""Where releases are prepared, each in a folder with the name of its version."""
PRETRAINED: Final = Path("train/pretrained")
"""The release that comes with the project; what is asked for no other model takes this one."""
CARD: Final = "card.json"
DIGITS: Final = tuple("0123456789")
"""What the outputs are called, unless their owner says otherwise."""


@dataclass(frozen=True, slots=True)
class Release:
    """A model ready to be uploaded: a folder whose every file is named in its card, with its SHA-256."""

    folder: Path
    version: str
    card: Mapping[str, Any]

    @property
    def accuracy(self) -> float:
        """On MNIST's test set, 0 to 1."""
        return float(self.card["accuracy"])


def read_release(folder: Path) -> Release:
    """The release in `folder`; `PublishError` where it is not whole, `ModelError` where the handler cannot run it.

    A folder is named after its version, by which a card that was changed is found; only `PRETRAINED` has its own name.
    """
    try:
        body = (folder / CARD).read_bytes()
    except OSError as error:
        near = RELEASES / folder.name
        raise PublishError(
            f"{folder} is no prepared release: {CARD} cannot be read ({error.strerror}): name the folder of one, such "
            f"as {near if near.is_dir() else RELEASES / 'VERSION'}, which `python -m train publish FILE.h5` makes, too"
        ) from error
    version = version_of(body)
    read_card(body)
    if folder.resolve() != PRETRAINED.resolve() and folder.resolve().name != version:
        raise PublishError(f"{folder / CARD} was changed: the folder should be named {version}; prepare it again")
    card = json.loads(body)
    for name, digest in card["files"].items():
        if Path(name).name != name or hashlib.sha256(_read(folder / name)).hexdigest() != digest:
            raise PublishError(f"{folder / name} is not the file that {CARD} names; prepare the release again")
    return Release(folder, version, card)


def require(accuracy: float, least: float, remedy: str = "train it longer") -> None:
    """Raise `PublishError` where a model is not good enough; both are shares of the test images, 0 to 1."""
    if accuracy < least:
        raise PublishError(f"the accuracy of {accuracy:.4f} is below --min-accuracy {least:g}: not published; {remedy}")


def upload(folder: Path, store: Store) -> str | None:
    """Publish the release in `folder`, and return the version that was live before.

    Files are written create-only; one that is there already, from an upload that was broken off, must be the same.
    Until the last write the model that was live stays live. Raises `PublishError`, `ModelError` or `StoreError`.
    """
    release = read_release(folder)
    for name in [*release.card["files"], CARD]:
        _put_once(store, model_key(release.version, name), _read(folder / name))
    return switch(store, release.version)


def _put_once(store: Store, key: str, body: bytes) -> None:
    for attempt in range(ATTEMPTS):
        try:
            store.put(key, body, None, {})
        except ChangedError:
            try:
                blob = store.read(key)
            except MissingError:
                pause(attempt)  # another writer is at it, and not done
                continue
            if blob is None or blob.body != body:
                raise PublishError(f"{key} is in the bucket with other content: it is never written over") from None
        return
    raise PublishError(f"{key} could not be written: another writer is at it; retry")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PublishError(f"{path} cannot be read ({error}): prepare the release again") from error
