"""Publishing through boto3 to moto: what S3 itself refuses, and a crash before every call."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from handler.model import Registry
from handler.ports import Blob
from handler.store import S3Store
from tests.releases import make_release
from train import __main__ as program
from train.errors import PublishError
from train.listing import entries
from train.publish import upload

BUCKET = "digits"


class Crash(Exception):  # noqa: N818  # the process is gone: no error that anything may catch
    """The end of a process, at a call of S3."""


class Fragile:
    """`train.registry.Store` that ends the process at its n-th call, from 0: before the call, or once it is done."""

    def __init__(self, store: S3Store, calls: int, *, done: bool) -> None:
        self._store = store
        self._left = calls
        self._done = done

    def _call(self) -> bool:
        self._left -= 1
        if self._left == -1 and not self._done:
            raise Crash
        return self._left == -1

    def read(self, key: str, unless: str = "") -> Blob | None:
        """As `S3Store.read`."""
        last = self._call()
        found = self._store.read(key, unless)
        if last:
            raise Crash
        return found

    def put(self, key: str, body: bytes, replaces: str | None, metadata: Mapping[str, str]) -> None:
        """As `S3Store.put`."""
        last = self._call()
        self._store.put(key, body, replaces, metadata)
        if last:
            raise Crash

    def folders(self, prefix: str) -> list[str]:
        """As `S3Store.folders`."""
        return self._store.folders(prefix)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    """An empty bucket of moto's, in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield S3Store(BUCKET)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_leaves_a_whole_model_live(store: S3Store, tmp_path: Path, *, done: bool) -> None:
    """The model before is live and loads, until the very last call is done; the upload can be run again."""
    live = make_release(tmp_path, 0)
    upload(live, store)
    for call in range(6):  # four files, the pointer's read, its write
        new = make_release(tmp_path, 1 + call)
        with pytest.raises(Crash):
            upload(new, Fragile(store, call, done=done))
        switched = done and call == 5
        assert Registry(store).current().version == (new if switched else live).name
        assert upload(new, store) == (new if switched else live).name
        assert Registry(store).current().version == new.name
        live = new
    upload(make_release(tmp_path, 9), Fragile(store, 6, done=done))


def test_the_first_upload_that_crashes_leaves_no_model_live(store: S3Store, tmp_path: Path) -> None:
    """In a new bucket too, nothing is live before the end."""
    folder = make_release(tmp_path, 1)
    with pytest.raises(Crash):
        upload(folder, Fragile(store, 5, done=False))
    assert [entry.state for entry in entries(store)] == [""]
    assert upload(folder, store) is None
    assert [entry.state for entry in entries(store)] == ["live"]


def test_s3_refuses_to_write_over_a_published_file(store: S3Store, tmp_path: Path) -> None:
    """The same bytes are accepted, others are not, whoever wrote them."""
    folder = make_release(tmp_path, 1)
    store.put(f"models/{folder.name}/model.h5", (folder / "model.h5").read_bytes(), None, {})
    upload(folder, store)
    other = make_release(tmp_path, 2)
    store.put(f"models/{other.name}/model.h5", b"another", None, {})
    with pytest.raises(PublishError, match="never written over"):
        upload(other, store)
    assert Registry(store).current().version == folder.name


def test_publish_activate_and_list_from_the_command_line(
    store: S3Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two releases are published, the first is activated again, and the list shows it live."""
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    for folder in (first, second):
        assert program.main(["publish", str(folder), "--bucket", BUCKET]) == 0
    assert program.main(["activate", first.name, "--bucket", BUCKET]) == 0
    assert Registry(store).current().version == first.name
    capsys.readouterr()
    assert program.main(["list", "--bucket", BUCKET]) == 0
    _head, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == [first.name, second.name]
    assert [row.endswith("live") for row in rows] == [True, False]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("command", [["list"], ["activate", "0123456789ab"], []])
def test_a_bucket_that_is_not_there_is_an_error_before_any_training(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so, and the exit code is 1."""
    assert program.main([*command, "--bucket", "no-such-bucket"]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert "NoSuchBucket" in printed.err
    assert printed.err.count("\n") == 1
