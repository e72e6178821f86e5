"""What the benchmark measures is the handler, from the event to the CSV."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import lanes
from bench.lanes import Lane
from bench.worker import BUCKET
from handler.stopwatch import STAGES
from infra.place import Place
from infra.strokes import drawn
from tests.doubles import encoded, zipped
from train.publish import PRETRAINED

PICTURES = {f"{number}.png": encoded(image) for number, image in enumerate(drawn(12)[0])}


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    """The handler with the model that is shipped, in a process of its own."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "LOG", folder / "log.txt")
        environment = Place(0).environment(os.environ) | {"DIGITDROP_BUCKET": BUCKET}
        with Lane("bench.worker", [str(PRETRAINED), str(folder / "out")], environment) as lane:
            yield lane


@pytest.fixture
def loose(tmp_path: Path) -> str:
    """A folder of pictures."""
    for name, body in PICTURES.items():
        (tmp_path / name).write_bytes(body)
    return str(tmp_path)


def test_a_batch_is_read_whole(worker: Lane, tmp_path: Path) -> None:
    """With its rows, its CSV, the handler's own stages, and the memory of its process; and again when asked again."""
    path = tmp_path / "batch.zip"
    path.write_bytes(zipped(PICTURES))
    for _ in range(2):
        answer = worker.ask({"drops": [str(path), str(path)]})
        assert (answer["drops"], answer["rows"], answer["errors"]) == (2, 24, 0)
        assert set(answer["stages"]) == set(STAGES)
        assert 30 < answer["megabytes"] < 1000
        lines = Path(answer["csv"]).read_text().splitlines()
        assert [line.partition(",")[0] for line in lines[1:]] == list(PICTURES)


def test_loose_pictures_make_one_csv_and_wait_for_the_store(worker: Lane, loose: str) -> None:
    """Several requests one after the other cannot take less than they wait."""
    answer = worker.ask({"loose": loose, "latency": 0.02})
    assert answer["rows"] == 12
    assert answer["seconds"] > 4 * 0.02
    assert len(Path(answer["csv"]).read_text().splitlines()) == 13


def test_one_more_picture_joins_a_standing_csv(worker: Lane, loose: str, tmp_path: Path) -> None:
    """The rows that stood there before are in it too."""
    standing = Path(worker.ask({"loose": loose})["csv"]).rename(tmp_path.with_suffix(".csv"))
    for name in list(PICTURES)[1:]:
        (tmp_path / name).unlink()
    answer = worker.ask({"loose": loose, "standing": str(standing)})
    assert answer["rows"] == 1
    assert len(Path(answer["csv"]).read_text().splitlines()) == 13


def test_several_handlers_write_one_csv(worker: Lane, loose: str) -> None:
    """None of them loses a row of another."""
    assert worker.ask({"loose": loose, "latency": 0.001, "handlers": 3})["rows"] == 12
