"""Publishing: what goes to the bucket in which order, what is refused, and what is live meanwhile."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handler.errors import ChangedError, ModelError, StoreError
from handler.model import CURRENT, Registry
from tests.releases import ListedStore, make_release
from train.errors import PublishError
from train.listing import entries
from train.publish import read_release, upload
from train.registry import activate


class Crash(Exception):  # noqa: N818  # the process is gone: no error that anything may catch
    """The end of a process, at a call of the store."""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.fixture
def store() -> ListedStore:
    """An empty bucket."""
    return ListedStore()


def pointer(store: ListedStore) -> dict[str, str | None]:
    """What `current.json` says."""
    found: dict[str, str | None] = json.loads(store.text(CURRENT))
    return found


def at_call(number: int, act: Callable[[], None]) -> Callable[[str], None]:
    """A hook of a `MemoryStore` that acts at its n-th call, from 0."""
    calls = iter(range(1_000_000))

    def hook(_call: str) -> None:
        if next(calls) == number:
            act()

    return hook


def crash() -> None:
    """End here."""
    raise Crash


def test_a_published_model_is_live_and_reads_images(store: ListedStore, tmp_path: Path) -> None:
    """After an upload, the handler's registry loads the model and gets ten probabilities for an image."""
    folder = make_release(tmp_path, 1)
    assert upload(folder, store) is None
    live = Registry(store).current()
    assert live.version == folder.name
    assert live.probabilities(np.zeros((3, 28, 28), np.uint8)).shape == (3, 10)
    assert pointer(store) | {"activated": ""} == {"version": folder.name, "previous": None, "activated": ""}


def test_the_card_follows_its_files_and_the_pointer_comes_last(store: ListedStore, tmp_path: Path) -> None:
    """Objects are written in an order in which nothing ever names what is not there yet."""
    folder = make_release(tmp_path, 1)
    upload(folder, store)
    *files, card, current = store.objects
    assert (card, current) == (f"models/{folder.name}/card.json", CURRENT)
    assert {key.rpartition("/")[2] for key in files} == {"confusion_matrix.png", "model.h5", "model.onnx"}


def test_the_pointer_remembers_the_model_before(store: ListedStore, tmp_path: Path) -> None:
    """`previous` is the version that was live, and `upload` returns it."""
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    upload(first, store)
    assert upload(second, store) == first.name
    assert pointer(store)["previous"] == first.name


def test_a_crash_before_any_call_leaves_the_model_before_live(tmp_path: Path) -> None:
    """Wherever an upload ends, the old model stays live and loads; running it again makes the new one live."""
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    number = 0
    while True:
        store = ListedStore()
        upload(first, store)
        store.before = at_call(number, crash)
        try:
            upload(second, store)
        except Crash:
            store.before = lambda _call: None
            assert Registry(store).current().version == first.name
            upload(second, store)
            assert Registry(store).current().version == second.name
            assert pointer(store)["previous"] == first.name
        else:
            break
        number += 1
    assert number == 6, "four files, the pointer's read and its write"


def test_a_second_upload_of_a_live_model_changes_nothing(store: ListedStore, tmp_path: Path) -> None:
    """Publishing what is live already keeps the pointer as it is, with its `previous`."""
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    upload(first, store)
    upload(second, store)
    before = {key: stored.body for key, stored in store.objects.items()}
    assert upload(second, store) == second.name
    assert {key: stored.body for key, stored in store.objects.items()} == before


def test_another_object_of_the_same_name_is_never_written_over(store: ListedStore, tmp_path: Path) -> None:
    """An object that stands there with other bytes stops the upload before anything is live."""
    folder = make_release(tmp_path, 1)
    key = f"models/{folder.name}/model.onnx"
    store.put(key, b"another", None, {})
    with pytest.raises(PublishError, match="never written over"):
        upload(folder, store)
    assert store.body(key) == b"another"
    assert CURRENT not in store.objects


@pytest.mark.parametrize("name", ["model.h5", "model.onnx", "confusion_matrix.png"])
def test_a_changed_file_is_not_uploaded(store: ListedStore, tmp_path: Path, name: str) -> None:
    """A file that is not the one in the card is refused by name, before anything is written."""
    folder = make_release(tmp_path, 1)
    (folder / name).write_bytes(b"changed")
    with pytest.raises(PublishError, match=name):
        upload(folder, store)
    assert not store.objects


def test_a_changed_card_is_not_uploaded(store: ListedStore, tmp_path: Path) -> None:
    """A card that was edited has another version than its folder's name, and is refused."""
    folder = make_release(tmp_path, 1)
    card = folder / "card.json"
    card.write_text(card.read_text().replace("0.98", "0.99"))
    with pytest.raises(PublishError, match="was changed"):
        upload(folder, store)
    assert not store.objects


def test_a_card_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    """A file name with a folder in it is no file of the release."""
    folder = make_release(tmp_path, 1, files={"model.onnx": "", "../secret": ""})
    with pytest.raises(PublishError):
        read_release(folder)


def test_a_card_that_the_handler_cannot_run_is_refused(store: ListedStore, tmp_path: Path) -> None:
    """A model made for other preprocessing never goes live."""
    with pytest.raises(ModelError, match="preprocessing"):
        upload(make_release(tmp_path, 1, preprocessing=0), store)


def test_a_folder_without_a_card_is_no_release(store: ListedStore, tmp_path: Path) -> None:
    """The error names the folder and says what it lacks."""
    with pytest.raises(PublishError, match="no prepared release"):
        upload(tmp_path, store)


@pytest.mark.parametrize("beaten", [1, 2, 4])
def test_a_lost_race_for_the_pointer_is_run_again(store: ListedStore, tmp_path: Path, beaten: int) -> None:
    """Where another publisher was faster, the pointer is read again, and its winner becomes `previous`."""
    rivals = [make_release(tmp_path, 10 + number) for number in range(beaten)]
    mine = make_release(tmp_path, 1)
    upload(make_release(tmp_path, 2), store)
    waiting = list(rivals)

    def rival(call: str) -> None:
        if call == "put" and waiting and store.before is rival and f"models/{mine.name}/card.json" in store.objects:
            store.before = lambda _call: None
            upload(waiting.pop(0), store)
            store.before = rival

    store.before = rival
    assert upload(mine, store) == rivals[-1].name
    assert pointer(store)["version"] == mine.name
    assert pointer(store)["previous"] == rivals[-1].name


def test_a_race_that_is_always_lost_is_given_up(tmp_path: Path) -> None:
    """After some attempts the error says that others were at it; what was live stays live."""
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    store = ListedStore()
    upload(first, store)

    def rival(call: str) -> None:
        if call == "put" and f"models/{second.name}/card.json" in store.objects:
            raise ChangedError(CURRENT)

    store.before = rival
    with pytest.raises(PublishError, match="changed by others"):
        upload(second, store)
    assert pointer(store)["version"] == first.name


def test_a_damaged_pointer_is_written_over(store: ListedStore, tmp_path: Path) -> None:
    """A `current.json` that names nothing is replaced, since that is what the handler's error asks for."""
    store.put(CURRENT, b"{", None, {})
    folder = make_release(tmp_path, 1)
    assert upload(folder, store) is None
    assert pointer(store)["version"] == folder.name


def test_activating_rolls_back(store: ListedStore, tmp_path: Path) -> None:
    """An older version goes live again without a new upload."""
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    upload(first, store)
    upload(second, store)
    assert activate(store, first.name) == second.name
    assert Registry(store).current().version == first.name
    assert pointer(store)["previous"] == second.name


@pytest.mark.parametrize("version", ["", "latest", "0123456789AB", "../../../../x", "0123456789abc"])
def test_what_is_no_version_is_not_activated(store: ListedStore, version: str) -> None:
    """The error says what a version looks like, before any call of the store."""
    store.before = at_call(0, crash)
    with pytest.raises(PublishError, match="12 hex digits"):
        activate(store, version)


def test_a_version_that_is_not_there_is_not_activated(store: ListedStore) -> None:
    """The error names the version, and nothing is written."""
    with pytest.raises(PublishError, match="0123456789ab"):
        activate(store, "0123456789ab")
    assert not store.objects


@pytest.mark.parametrize("name", ["card.json", "model.onnx"])
@pytest.mark.parametrize("body", [b"damaged", None])
def test_a_damaged_version_is_not_activated(store: ListedStore, tmp_path: Path, name: str, body: bytes | None) -> None:
    """A card or an ONNX file that is missing or changed stops the switch; the live model stays."""
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    upload(first, store)
    upload(second, store)
    damaged = store.objects[f"models/{first.name}/{name}"]
    if body is None:
        del store.objects[f"models/{first.name}/{name}"]
    else:
        damaged.body = body
    with pytest.raises(PublishError, match=first.name):
        activate(store, first.name)
    assert Registry(store).current().version == second.name


def test_the_list_shows_each_model_and_what_is_wrong_with_it(store: ListedStore, tmp_path: Path) -> None:
    """Whole, live, unfinished and damaged models each have a line, oldest first."""
    first, second, third = (make_release(tmp_path, seed) for seed in (1, 2, 3))
    for folder in (first, second, third):
        upload(folder, store)
    store.objects[f"models/{third.name}/card.json"].body = b"{}"
    activate(store, first.name)
    store.put("models/000000000000/model.h5", b"", None, {})
    store.put("models/notes/read.me", b"", None, {})
    found = {entry.version: entry for entry in entries(store)}
    assert [entry.version for entry in entries(store) if entry.created] == [first.name, second.name]
    assert {version: entry.state for version, entry in found.items()} == {
        first.name: "live",
        second.name: "",
        third.name: "card damaged",
        "000000000000": "upload unfinished",
    }
    assert (found[first.name].network, found[first.name].accuracy) == ("linear", 0.98)


def test_a_live_model_that_was_deleted_is_in_the_list(store: ListedStore) -> None:
    """What `current.json` names is shown even where no file of it is left."""
    store.put(CURRENT, b'{"version": "0123456789ab"}', None, {})
    assert [(entry.version, entry.state) for entry in entries(store)] == [("0123456789ab", "live, upload unfinished")]


def test_a_store_that_fails_fails_the_upload(store: ListedStore, tmp_path: Path) -> None:
    """An S3 fault rises as it is: it is not taken for an object that stands there."""

    def fail() -> None:
        raise StoreError("S3 is away")

    store.before = at_call(2, fail)
    with pytest.raises(StoreError, match="S3 is away"):
        upload(make_release(tmp_path, 1), store)
