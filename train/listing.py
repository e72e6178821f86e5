"""What `python -m train list` shows: every model of the bucket, whole or not."""

import json
from dataclasses import dataclass
from typing import Any

from handler.errors import MissingError
from train.errors import PublishError
from train.registry import Store, is_version, live_version, published_card


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the registry, as far as its card can be read."""

    version: str
    state: str
    """`live`, empty, or what is wrong with it."""
    network: str = "?"
    accuracy: float | None = None
    created: str = ""


def entries(store: Store) -> list[Entry]:
    """All models of the registry, oldest first."""
    live = live_version(store)
    names = {name for name in store.folders("models/") if is_version(name)}
    found = [_entry(store, version, live) for version in names | ({live} if live else set())]
    return sorted(found, key=lambda entry: (entry.created, entry.version))


def _entry(store: Store, version: str, live: str | None) -> Entry:
    state = "live" if version == live else ""
    try:
        card: dict[str, Any] = json.loads(published_card(store, version))
        return Entry(version, state, str(card["network"]), float(card["accuracy"]), str(card["created"]))
    except MissingError:
        problem = "upload unfinished"
    except (PublishError, ValueError, KeyError, TypeError):
        problem = "card damaged"
    return Entry(version, f"{state}, {problem}" if state else problem)
