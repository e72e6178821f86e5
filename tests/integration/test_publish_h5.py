"""Somebody's `.h5`, from the command line to the CSV: published with names of its own, read by the handler."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handler.model import Registry
from handler.store import S3Store
from tests.doubles import BUCKET, bar, encoded, s3_event, zipped
from tests.integration.conftest import Make
from tests.unit.h5makers import bars_set, linear, sequential, source, write
from train import __main__ as program
from train import data

pytestmark = pytest.mark.xdist_group("keras")  # so that one worker imports TensorFlow, not each

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs `python -m train` in an empty folder, with bars in MNIST's place: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)
    monkeypatch.setattr(data, "load_mnist", bars_set)

    def made(*arguments: str) -> tuple[int, str, str]:
        code = program.main([*arguments])
        said = capfd.readouterr()
        return code, said.out, said.err

    return made


def their(path: Path) -> Path:
    """A model of flat images, 0 to 255, and logits; where there is ink for many digits, it says 3 rather than 7."""
    model, weights = linear((784,), activation="linear", gain=4 / 255)
    bias = np.array([0, 0, 0, 1, 0, 0, 0, 0.5, 0, 0], np.float32)
    return write(path, model, {"dense": {**weights["dense"], "dense/bias:0": bias}})


def test_a_foreign_model_labels_the_rows_of_a_csv(make: Make, run: Run, tmp_path: Path) -> None:
    """The card says what was found out and what was asked for; the next drop is read so, in those words."""
    path = their(tmp_path / "their.h5")
    flags = ("--labels", ",".join(NAMES), "--min-accuracy", "0.8", "--bucket", BUCKET)
    code, said, _ = run("publish", str(path), *flags)
    assert code == 0
    assert "their.h5 reads 784 numbers from 0 to 255, and gives logits" in said
    lines = [line.partition(", ")[0] for line in said.splitlines() if "accuracy" in line]
    assert [line.partition(" ")[2] for line in lines] == ["training images", "training images", "test set"]
    store = S3Store(BUCKET)
    function = make(Registry(store).current)
    version = Registry(store).current().version
    assert f"model {version} is live" in said
    card = json.loads(function.text(f"models/{version}/card.json"))
    assert card["labels"] == list(NAMES)
    assert card["input"] == {"shape": [784], "range": [0, 255]}
    assert card["output"] == "logits"
    assert store.read(f"models/{version}/model.h5").body == path.read_bytes()  # type: ignore[union-attr]  # it is there
    function.drop("incoming/b.zip", zipped({"wide.png": encoded(bar(4, 20)), "tall.png": encoded(bar(20, 4))}))
    assert function.deliver(s3_event("incoming/b.zip")) == []
    assert [row[:3] for row in function.rows("predictions/b.zip.csv")] == [
        ["wide.png", "", "seven"],
        ["tall.png", "", "three"],
    ]
    assert function.text("predictions/b.zip.csv").count(version) == 2


@pytest.mark.parametrize(
    ("make_file", "words"),
    [
        (lambda path: write(path, sequential(source(28, 28), {"class_name": "Lambda", "config": {}}), {}), "'Lambda'"),
        (lambda path: path.write_text("no model"), "their.h5 is not an HDF5 file"),
        (lambda path: path.write_bytes(their(path).read_bytes()[:5000]), "it is damaged"),
        (lambda path: write(path, *linear(gain=0.0)), "is below --min-accuracy 0.97: not published; train it longer"),
    ],
    ids=["lambda", "text", "cut", "bad"],
)
def test_a_refusal_is_one_line(
    make: Make, run: Run, tmp_path: Path, make_file: Callable[[Path], object], words: str
) -> None:
    """On stderr, with exit code 1; nothing goes to the bucket, and nothing is prepared."""
    make_file(tmp_path / "their.h5")
    code, _, errors = run("publish", "their.h5", "--bucket", BUCKET)
    assert code == 1
    error = next(line for line in errors.splitlines() if line.startswith("error: "))
    assert words in error
    assert "Traceback" not in errors
    assert "Contents" not in make().s3.list_objects_v2(Bucket=BUCKET)
    assert not (tmp_path / "artifacts").exists()
