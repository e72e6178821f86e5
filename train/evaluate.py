"""Labelled zips through the handler's own code, from an S3 event to the CSV, and what its rows are worth."""

import csv
import io
import json
import logging
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

from handler.batches import read_batch
from handler.contents import SNIFF_BYTES, sniff
from handler.delivery import Tools, deliver
from handler.errors import MissingError
from handler.events import unwrap
from handler.luminance import Plane
from handler.model import Reader, Registry
from handler.ports import Classifier
from handler.predictions import batch_csv_of
from handler.rows import image_cell
from handler.settings import INCOMING, Settings
from train import report
from train.errors import INSTALL
from train.filestore import FileStore
from train.labels import LabelsError, read_labels
from train.score import Result, judge, pool

EVALUATIONS: Final = Path("artifacts/evaluation")
"""Where reports are written, those of each zip in a folder of its name."""
_BUCKET: Final = "evaluation"
_log = logging.getLogger(__name__)


def evaluate(zips: Sequence[Path], models: Reader, out: Path = EVALUATIONS) -> Mapping[str, Result]:
    """Read each zip with the live model of `models`, and write `report.txt`, `report.json` and `mistakes.png` of it.

    They go to `out`, into a folder named after the zip, and for several zips a report of all to `out` itself.
    Raises `LabelsError` for a zip without usable labels, before anything is read, and what the handler raises.
    """
    named = _named(zips)
    labels = {name: read_labels(path) for name, path in named.items()}
    classifier, settings = Registry(models).current(), Settings(_BUCKET)
    made_by = {"schema": 1, "model": classifier.version, "settings": settings.digest()}
    results = {}
    for name, path in named.items():
        shown = report.printable(str(path))
        _log.info("Reading %s, %d labelled files, with model %s", shown, len(labels[name]), classifier.version)
        result = judge(path.name, predict(path, classifier, settings), labels[name])
        if not result.score.labelled:
            raise LabelsError(_nothing_in_common(path, result))
        _write(out / name, report.text(result, classifier), made_by | report.as_json(result))
        _draw(result, path, settings, out / name / "mistakes.png")
        results[name] = result
    if len(results) > 1:
        pooled = pool(result.score for result in results.values())
        sets = [{"name": one.name, "rows": one.rows, **report.score_json(one.score)} for one in results.values()]
        everything = made_by | {"sets": sets, "pooled": report.score_json(pooled)}
        _write(out, report.table(list(results.values()), pooled) + "\n", everything)
        _log.info("Report of all: %s", out)
    return results


def predict(path: Path, classifier: Classifier, settings: Settings) -> Iterator[Mapping[str, str]]:
    """The rows of the CSV that the handler writes when the file at `path` is dropped, by column.

    Raises whatever made the delivery fail.
    """
    key = f"{INCOMING}{path.name}"
    store = FileStore({key: path})
    event = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": settings.digitdrop_bucket},
            "object": {"key": quote_plus(key, errors="surrogateescape")},
        },
    }
    tools = Tools(settings, store, None, lambda: classifier)
    for failure in deliver(unwrap({"Records": [event]}), tools, lambda: math.inf).values():
        raise failure
    try:
        blob = store.read(batch_csv_of(key))
    except MissingError as error:
        raise LabelsError(f"{path} has no CSV of its own under that name: rename it to DATA.zip") from error
    body = blob.body if blob else b""
    yield from csv.DictReader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""), strict=True)


def pictures(path: Path, numbers: Collection[int], settings: Settings) -> Mapping[int, Plane]:
    """The pictures of some rows of `predict`, by the row's number, as luminance (H, W) 0–1; read anew."""
    found: dict[int, Plane] = {}
    with path.open("rb") as file:
        kind = sniff(file.read(SNIFF_BYTES), path.name)
        file.seek(0)
        for number, picture in enumerate(read_batch(file, kind, path.name, settings)):
            if number in numbers and picture.plane is not None:
                found[number] = picture.plane
            if len(found) == len(numbers):
                break
    return found


def _named(zips: Sequence[Path]) -> dict[str, Path]:
    """Each zip by the name of its reports' folder."""
    named: dict[str, Path] = {}
    for path in zips:
        if path.stem in named:
            raise LabelsError(f"the reports of {named[path.stem]} and {path} have one name: rename one of them")
        named[path.stem] = path
    return named


def _draw(result: Result, path: Path, settings: Settings, png: Path) -> None:
    try:
        from train import sheet  # noqa: PLC0415  # Matplotlib, which the numbers do not need
    except ModuleNotFoundError as error:
        png.unlink(missing_ok=True)  # of an earlier evaluation
        _log.warning("Report: %s; no %s, since %s is not installed: %s", png.parent, png.name, error.name, INSTALL)
        return
    worst = [mistake for mistake in result.mistakes if mistake.digit][: report.SHOWN]
    count = f"the most confident {len(worst)} of {len(result.mistakes)} mistakes" if result.mistakes else "no mistakes"
    planes = pictures(path, {mistake.number for mistake in worst}, settings)
    sheet.draw(f"{report.printable(result.name)}: {count}", worst, planes, png)
    _log.info("Report and mistakes: %s", png.parent)


def _write(folder: Path, text: str, numbers: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.txt").write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    _log.info("\n%s", text)


def _nothing_in_common(path: Path, result: Result) -> str:
    first = next(iter(result.unlabelled), None)
    if first and first.image == image_cell(path.name):
        return f"{path} cannot be read ({first.code}): README says what that means, and what the limits are"
    found = f"{first.image!a}" if first else "nothing"
    return (
        f"no file that labels.csv of {path} names is in it: it names {result.missing[0]!a}, and the zip has {found}; "
        "write the paths as they are in the zip"
    )
