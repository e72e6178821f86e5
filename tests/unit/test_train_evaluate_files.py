"""Files in the place of a bucket."""

import io
import tracemalloc
from pathlib import Path

import pytest

from handler.errors import ChangedError, MissingError, ModelError, StoreError
from handler.model import Registry
from tests.releases import make_release
from train.errors import PublishError
from train.filestore import FileStore, release_store

KEY = "incoming/set.zip"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "set.zip"
    path.write_bytes(b"0123456789")
    return path


def test_a_file_is_read_by_its_key(path: Path) -> None:
    """Whole, in part, and by its size."""
    store = FileStore({KEY: path})
    peek = store.peek(KEY)
    assert (peek.start, peek.size) == (b"0123456789", 10)
    with store.fetch(peek) as file:
        assert file.read() == b"0123456789"
        assert file.seek(3) == 3
    blob = store.read(KEY)
    assert blob
    assert (blob.body, blob.etag) == (b"0123456789", peek.etag)
    assert store.read(KEY, unless=peek.etag) is None
    assert store.head(KEY).etag == peek.etag


def test_a_file_larger_than_memory_is_not_held_in_it(path: Path) -> None:
    """It is opened, and its start alone is read before it is asked for."""
    with path.open("ab") as file:
        file.truncate(1 << 32)
    store = FileStore({KEY: path})
    tracemalloc.start()
    peek = store.peek(KEY)
    with store.fetch(peek) as file:
        file.seek(-1, io.SEEK_END)
        assert file.read() == b"\0"
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    assert (peek.size, len(peek.start)) == (1 << 32, 1 << 20)


def test_a_file_that_is_written_meanwhile_has_changed(path: Path) -> None:
    """The ETag follows the file."""
    store = FileStore({KEY: path})
    peek = store.peek(KEY)
    path.write_bytes(b"other")
    assert store.head(KEY).etag != peek.etag
    with pytest.raises(ChangedError):
        store.fetch(peek)


def test_what_is_put_is_held_and_compared(path: Path) -> None:
    """A put holds only against the ETag that stands, and files are never written."""
    store = FileStore({KEY: path})
    store.put("predictions/x", io.BytesIO(b"one"), None, {"rows": "1"})
    head = store.head("predictions/x")
    assert head.metadata == {"rows": "1"}
    with pytest.raises(ChangedError):
        store.put("predictions/x", b"two", None, {})
    store.put("predictions/x", b"two", head.etag, {})
    assert store.fetch(store.peek("predictions/x")).read() == b"two"
    with pytest.raises(ChangedError):
        store.put("predictions/x", b"three", head.etag, {})
    for replaces, error in ((None, ChangedError), (store.head(KEY).etag, StoreError)):
        with pytest.raises(error):
            store.put(KEY, b"other", replaces, {})
    assert path.read_bytes() == b"0123456789"


def test_what_is_not_there_is_a_store_error(path: Path) -> None:
    """An unknown key is missing; a file that cannot be read is a fault, and no `OSError`."""
    store = FileStore({KEY: path})
    peek = store.peek(KEY)
    with pytest.raises(MissingError):
        store.read("incoming/other")
    path.unlink()
    for call in (lambda: store.read(KEY), lambda: store.peek(KEY), lambda: store.fetch(peek)):
        with pytest.raises(StoreError, match=KEY):
            call()


def test_a_release_is_live_in_its_store(tmp_path: Path) -> None:
    """The handler's registry loads it."""
    folder = make_release(tmp_path, 1)
    assert Registry(release_store(folder)).current().version == folder.name


def test_a_folder_without_a_usable_release_is_refused(tmp_path: Path) -> None:
    """None, one that was changed, one that this handler cannot run."""
    with pytest.raises(PublishError, match="is no prepared release"):
        release_store(tmp_path)
    with pytest.raises(ModelError, match="preprocessing 0"):
        release_store(make_release(tmp_path, 1, preprocessing=0))
