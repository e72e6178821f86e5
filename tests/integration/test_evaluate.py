"""`python -m train evaluate`: labelled zips through the handler's own code, from the command line to the reports."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from mypy_boto3_s3 import S3Client
from numpy.typing import NDArray
from PIL import Image

from handler.delivery import Tools, deliver
from handler.events import unwrap
from handler.model import Registry
from handler.settings import Settings
from handler.store import S3Store
from tests.doubles import BUCKET, MemoryStore, RowClassifier, bar, encoded, s3_event, zipped
from tests.releases import ListedStore, make_release
from train import __main__ as program
from train import data, dropping, evaluate
from train.calibration import expected_calibration_error
from train.labels import LabelsError
from train.publish import PRETRAINED, upload
from train.rates import Rate

Members = dict[str, bytes]
BARS = {"3": bar(2, 20), "2": bar(4, 20), "1": bar(6, 20), "0": bar(8, 20)}
"""By the digit that `RowClassifier` is sure to read in them."""
UNSURE = encoded(bar(20, 8))
"""Read as a 4, for review."""


@pytest.fixture(autouse=True)
def _no_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITDROP_BUCKET", raising=False)


@pytest.fixture
def rows_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`RowClassifier` is the live model, whatever the store holds."""
    monkeypatch.setattr(Registry, "current", lambda _registry: RowClassifier())


def write(folder: Path, name: str, labels: dict[str, str], members: Members) -> Path:
    """A zip of `members` and their labels."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("file", "label"), *labels.items()])
    path = folder / name
    path.write_bytes(zipped({**members, "labels.csv": file.getvalue().encode()}))
    return path


def report_of(folder: Path) -> dict[str, Any]:
    """A report as a program reads it."""
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def rate(count: int, of: int) -> dict[str, Any]:
    """As a report has it."""
    return {"count": count, "of": of, "share": count / of, "interval": list(Rate(count, of).interval)}


def noise(seed: int) -> NDArray[np.uint8]:
    """A picture that each linear model reads as something else."""
    return np.random.default_rng(seed).integers(0, 255, (28, 28), np.uint8)


@pytest.mark.usefixtures("rows_read")
def test_every_kind_of_row_is_counted_where_it_belongs(tmp_path: Path) -> None:
    """Right, wrong, for review, broken, of several frames, named like a formula, without label, without row."""
    frames = [Image.fromarray(BARS[digit]) for digit in ("3", "2", "1")]
    file = io.BytesIO()
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:])
    members = {
        "right.png": encoded(BARS["3"]),
        "wrong.png": encoded(BARS["2"]),
        "=1+1.png": encoded(BARS["1"]),
        'comma, "quote".png': encoded(BARS["0"]),
        "unsure.png": UNSURE,
        "torn.png": encoded(BARS["0"])[:-20],
        "pages.tif": file.getvalue(),
        "LICENSE": b"MIT",
    }
    labels = {
        "right.png": "3",
        "wrong.png": "9",
        "=1+1.png": "1",
        'comma, "quote".png': "0",
        "unsure.png": "4",
        "torn.png": "0",
        "pages.tif": "2",
        "gone.png": "5",
    }
    path = write(tmp_path, "set.zip", labels, members)

    result = evaluate.evaluate([path], MemoryStore(), tmp_path / "out")["set"]

    score = result.score
    assert (result.rows, score.labelled) == (10, 9)
    assert (score.accuracy, score.ok_share, score.ok_accuracy) == (Rate(5, 9), Rate(7, 9), Rate(4, 7))
    assert score.details == {("review", "low-confidence"): 1, ("error", "truncated"): 1}
    assert [(one.image, one.frame, one.digit) for one in result.mistakes] == [
        ("wrong.png", "", "2"),
        ("pages.tif", "0", "3"),
        ("pages.tif", "2", "1"),
        ("torn.png", "", ""),
    ]
    assert [one.image for one in result.unlabelled] == ["LICENSE"]
    assert result.missing == ["gone.png"]
    assert report_of(tmp_path / "out" / "set")["accuracy"] == rate(5, 9)


@pytest.mark.usefixtures("rows_read")
def test_the_sheet_shows_each_mistake_beside_what_the_model_saw(tmp_path: Path) -> None:
    """The pictures of its rows are drawn, also of a later frame, and odd names do no harm."""
    members = {"a.png": encoded(BARS["3"]), "$\\frac{$ \n字.png": encoded(255 - BARS["1"]), "c.png": encoded(BARS["0"])}
    path = write(tmp_path, "$set_{.zip", dict.fromkeys(members, "0"), members)
    found = dropping.pictures(path, {1, 2}, Settings("x"))

    evaluate.evaluate([path], MemoryStore(), tmp_path)

    assert sorted(found) == [1, 2]
    assert np.array_equal(np.rint(found[1] * 255), 255 - BARS["1"])
    sheet = matplotlib.image.imread(tmp_path / "$set_{" / "mistakes.png")
    assert sheet.shape[0] > 200
    assert sheet[..., :3].min() == 0


@pytest.mark.usefixtures("rows_read")
def test_several_sets_have_a_table_and_a_pooled_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has its folder, and what is pooled is counted row by row."""
    model = make_release(tmp_path, 1)
    one = write(tmp_path, "one.zip", {"a": "3", "b": "3"}, {"a": encoded(BARS["3"]), "b": encoded(BARS["2"])})
    two = write(tmp_path, "two.zip", {"a": "3"}, {"a": encoded(BARS["3"])})
    out = tmp_path / "out"

    assert program.main(["evaluate", str(one), str(two), "--model", str(model), "--out", str(out)]) == 0

    found = report_of(out)
    assert [(one["name"], one["accuracy"]["count"]) for one in found["sets"]] == [("one.zip", 1), ("two.zip", 1)]
    assert found["pooled"]["accuracy"] == rate(2, 3)
    last = (out / "report.txt").read_text("utf-8")
    assert last.splitlines()[3].split()[:5] == ["all", "3", "66.67", "%", "(20.77–93.85)"]
    printed = capsys.readouterr().out
    assert last in printed
    for name in ("one", "two"):
        assert (out / name / "report.txt").read_text("utf-8") in printed
        for plot in ("mistakes", "reliability", "risk_coverage"):
            assert (out / name / f"{plot}.png").stat().st_size
    assert {path.name for path in out.glob("*.png")} == {"reliability.png", "risk_coverage.png"}


@pytest.mark.usefixtures("rows_read")
def test_another_threshold_can_be_tried(tmp_path: Path) -> None:
    """Rows change as they would with `ReviewBelow`, and the report says which threshold it is of."""
    model = ["--model", str(make_release(tmp_path, 1))]
    path = write(tmp_path, "set.zip", {"a": "3", "b": "4"}, {"a": encoded(BARS["3"]), "b": UNSURE})
    found = {}
    for words in ([], ["--review-below", "0.5"], ["--review-below", "0.99"]):
        assert program.main(["evaluate", str(path), *words, *model, "--out", str(tmp_path)]) == 0
        one = report_of(tmp_path / "set")
        found[one["review_below"]] = (one["ok"]["count"], one["settings"])
    assert {threshold: count for threshold, (count, _) in found.items()} == {0.8: 1, 0.5: 2, 0.99: 0}
    assert len({digest for _, digest in found.values()}) == 3


def test_the_numbers_are_those_of_the_csv_that_the_function_writes(tmp_path: Path) -> None:
    """A real release: what the CSV of a drop says is right by its own labels, and wrong by others."""
    release = make_release(tmp_path, 1)
    bucket = ListedStore()
    upload(release, bucket)
    pictures = {f"{seed:02}.png": encoded(noise(seed)) for seed in range(30)}
    bucket.put("incoming/x.zip", zipped(pictures), None, {})
    tools = Tools(Settings(BUCKET), bucket, None, Registry(bucket).current)
    assert deliver(unwrap(s3_event("incoming/x.zip")), tools, lambda: 300) == {}
    rows = list(csv.DictReader(io.StringIO(bucket.text("predictions/x.zip.csv"))))
    labels = {row["image"]: row["digit"] for row in rows}
    changed = {name: str((int(labels[name]) + 1) % 10) for name in ("03.png", "17.png")}
    path = write(tmp_path, "y.zip", labels | changed, pictures)

    assert program.main(["evaluate", str(path), "--model", str(release), "--out", str(tmp_path / "out")]) == 0

    found = report_of(tmp_path / "out" / "y")
    assert found["model"] == release.name
    assert found["accuracy"] == rate(28, 30)
    assert found["ok"]["count"] == sum(row["status"] == "ok" for row in rows)
    curve = found["risk_coverage"]
    here = curve["review_below"].index(found["review_below"])
    assert curve["labelled"]["ok"][here] == pytest.approx(found["ok"]["share"], abs=1e-6)
    assert curve["labelled"]["accuracy_of_ok"][here] == pytest.approx(found["accuracy_of_ok"]["share"], abs=1e-6)
    sure = np.array([float(row["confidence"]) for row in rows])
    right = np.array([row["image"] not in changed for row in rows])
    assert found["calibration_error"] == pytest.approx(expected_calibration_error(sure, right))
    wrong = sorted((row for row in rows if row["image"] in changed), key=lambda row: -float(row["confidence"]))
    assert [(one["image"], one["digit"]) for one in found["mistakes"]] == [
        (row["image"], row["digit"]) for row in wrong
    ]


def test_a_buckets_live_model_gives_the_same_report_as_its_folder(
    s3: S3Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--bucket`, its variable and `--model` differ in where the model is from; the shipped one is the default."""
    monkeypatch.chdir(tmp_path)
    release = make_release(tmp_path / "artifacts" / "models", 1)
    newer = make_release(tmp_path / "artifacts" / "models", 2)
    shipped = make_release(tmp_path, 3)
    shutil.copytree(shipped, PRETRAINED)
    upload(release, S3Store(BUCKET, s3))
    path = write(tmp_path, "set.zip", {"1.png": "1"}, {"1.png": encoded(noise(1))})

    def run(*words: str) -> dict[str, Any]:
        assert program.main(["evaluate", str(path), *words]) == 0
        return report_of(tmp_path / "artifacts" / "evaluation" / "set")

    by_folder = run("--model", str(release))
    assert by_folder["model"] == release.name
    assert run("--bucket", BUCKET) == by_folder
    assert run()["model"] == shipped.name
    monkeypatch.setenv("DIGITDROP_BUCKET", BUCKET)
    assert run() == by_folder
    assert run("--model", str(newer))["model"] == newer.name
    assert [key["Key"] for key in s3.list_objects_v2(Bucket=BUCKET, Prefix="predictions/").get("Contents", [])] == []


def refusal(path: Path, out: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command says when it refuses a zip."""
    assert program.main(["evaluate", str(path), *words, "--out", str(out)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert not list(out.rglob("report.*"))
    return printed.err


def test_a_set_that_cannot_be_evaluated_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No labels, no zip, no file, no name in common, no model: each is an error with exit code 1, and no report."""
    model = ["--model", str(make_release(tmp_path, 1))]
    out = tmp_path / "out"
    bare = tmp_path / "bare.zip"
    bare.write_bytes(zipped({"1.png": b""}))
    assert "has no labels.csv" in refusal(bare, out, capsys, *model)
    bare.write_bytes(b"no zip")
    assert "cannot be read as a zip (truncated" in refusal(bare, out, capsys, *model)
    missing = tmp_path / "nowhere.zip"
    assert refusal(missing, out, capsys, *model) == f"error: {missing}: No such file or directory\n"
    other = write(tmp_path, "other.zip", {"b.png": "1"}, {"a.png": encoded(BARS["1"])})
    said = refusal(other, out, capsys, *model)
    assert "it names 'b.png', and the zip has 'a.png'; write the paths as they are in the zip" in said
    assert "is no prepared release" in refusal(other, out, capsys, "--model", str(out))
    good = write(tmp_path, "good.zip", {"a.png": "1"}, {"a.png": encoded(BARS["1"])})
    assert "bare.zip" in refusal(good, out, capsys, str(bare), *model)
    odd = write(tmp_path, "labels.csv", {"a.png": "1"}, {"a.png": encoded(BARS["1"])})
    assert "rename it to DATA.zip" in refusal(odd, out, capsys, *model)


@pytest.mark.usefixtures("rows_read")
def test_a_zip_that_the_function_would_not_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function's own caps hold."""
    monkeypatch.setattr(evaluate, "Settings", lambda bucket, **_: Settings(bucket, max_object_bytes=10))
    path = write(tmp_path, "set.zip", {"a.png": "1"}, {"a.png": encoded(BARS["1"])})
    with pytest.raises(LabelsError, match=r"set\.zip cannot be read \(too-large\)"):
        evaluate.evaluate([path], MemoryStore(), tmp_path)


def test_a_fault_of_the_handler_is_raised_and_not_counted(tmp_path: Path) -> None:
    """A model that fails is no set of wrong answers."""

    class Broken(RowClassifier):
        def probabilities(self, _images: object) -> Any:  # noqa: ANN401  # it gives none
            raise ZeroDivisionError

    path = write(tmp_path, "set.zip", {"a.png": "1"}, {"a.png": encoded(BARS["1"])})
    with pytest.raises(ZeroDivisionError):
        list(dropping.predict(path, Broken(), Settings("x")))


def test_two_zips_of_one_name_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    """Their reports would lie in one folder."""
    with pytest.raises(LabelsError, match="have one name: rename one of them"):
        evaluate.evaluate([tmp_path / "a" / "x.zip", tmp_path / "b" / "x.zip"], MemoryStore(), tmp_path)


def test_two_models_are_one_too_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The flags contradict each other."""
    with pytest.raises(SystemExit):
        program.main(["evaluate", "x.zip", "--model", str(tmp_path), "--bucket", BUCKET])
    assert "--model and --bucket name a model each" in capsys.readouterr().err


def test_evaluating_needs_no_tensorflow(tmp_path: Path) -> None:
    """It runs where TensorFlow and Keras cannot be imported."""
    model = make_release(tmp_path, 1)
    path = write(tmp_path, "set.zip", {"1.png": "1"}, {"1.png": encoded(noise(1))})
    source = "import sys; sys.modules |= dict.fromkeys(('tensorflow', 'keras')); from train.__main__ import main; "
    source += "sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", source, "evaluate", str(path), "--model", str(model), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)  # noqa: S603  # ours
    assert done.returncode == 0, done.stderr
    assert "accuracy " in done.stdout


def test_mnist_is_read_as_a_drop_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`evaluate --mnist` writes the test set as a zip of PNGs, and reports on it as on any other."""
    images = np.stack([bar(6, 20), bar(4, 20), bar(6, 20)])
    labels = np.array([1, 2, 7], np.uint8)
    monkeypatch.setattr(data, "load_mnist", lambda: data.Mnist(images, labels, images, labels))
    folder = make_release(tmp_path / "models", 1)
    assert program.main(["evaluate", "--mnist", "--model", str(folder), "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "mnist-test" / "report.json").read_text())
    assert (found["rows"], found["labelled"]) == (3, 3)
    with zipfile.ZipFile(tmp_path / "mnist-test.zip") as archive:
        assert archive.read("labels.csv") == b"file,label\n00000.png,1\n00001.png,2\n00002.png,7\n"
