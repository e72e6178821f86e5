"""Events and buckets on disk, and the CSVs that they give, to the byte."""

import json
from pathlib import Path

import pytest

from handler import app
from handler.delivery import Tools
from handler.settings import Settings
from tests.doubles import BUCKET, MemoryQueue, MemoryStore, RowClassifier, Stored, Time

CASES = sorted(path.parent for path in (Path(__file__).parents[1] / "golden").glob("*/event.json"))


def files(folder: Path) -> dict[str, bytes]:
    """What is in a folder, by its path below it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_event_gives_the_csvs_on_disk(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket after an event holds exactly the CSVs in the case's folder `expected`."""
    store = MemoryStore()
    store.objects = {key: Stored(body) for key, body in files(case / "bucket").items()}
    tools = Tools(Settings(BUCKET), store, MemoryQueue(), RowClassifier)
    monkeypatch.setattr(app, "wire", lambda: tools)
    app.lambda_handler(json.loads((case / "event.json").read_text()), Time())
    found = {key: kept.body for key, kept in store.objects.items() if key.startswith("predictions/")}
    assert found == files(case / "expected")
