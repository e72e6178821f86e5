"""Labelled zips through the handler's own code, from an S3 event to the CSV, and what its rows are worth."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from handler.model import Reader, Registry
from handler.rows import image_cell
from handler.settings import Settings
from train import numbers, report, reports
from train.dropping import BUCKET, predict
from train.labels import LabelsError, read_labels
from train.score import Result, judge, pool

EVALUATIONS: Final = Path("artifacts/evaluation")
"""Where reports are written, those of each zip in a folder of its name."""
_log = logging.getLogger(__name__)


def evaluate(
    zips: Sequence[Path], models: Reader, out: Path = EVALUATIONS, review_below: float | None = None
) -> Mapping[str, Result]:
    """Read each zip with the live model of `models`, and write what comes of it: reports, mistakes, confidence.

    They go to `out`, into a folder named after the zip, and for several zips a report of all to `out` itself. With
    `review_below` another threshold than the model's own is tried.
    Raises `LabelsError` for a zip without usable labels, before anything is read, and what the handler raises.
    """
    named = _named(zips)
    labels = {name: read_labels(path) for name, path in named.items()}
    classifier, settings = Registry(models).current(), Settings(BUCKET, review_below=review_below)
    threshold = classifier.review_below if review_below is None else review_below
    made_by = {"schema": 2, "model": classifier.version, "settings": settings.digest(), "review_below": threshold}
    results = {}
    for name, path in named.items():
        shown = report.printable(str(path))
        _log.info("Reading %s, %d labelled files, with model %s", shown, len(labels[name]), classifier.version)
        result = judge(path.name, predict(path, classifier, settings), labels[name])
        if not result.score.labelled:
            raise LabelsError(_nothing_in_common(path, result))
        folder = out / name
        reports.write(folder, report.text(result, classifier, threshold), made_by | numbers.as_json(result, threshold))
        with reports.drawing(folder):
            reports.draw_mistakes(path.name, result.mistakes, path, settings, folder / "mistakes.png")
            reports.draw_confidence({path.name: result.score}, threshold, folder)
        results[name] = result
    if len(results) > 1:
        scores = {result.name: result.score for result in results.values()}
        scores["all"] = pool(scores.values())
        sets = [{"name": one.name, "rows": one.rows, **numbers.score_json(one.score)} for one in results.values()]
        pooled = numbers.score_json(scores["all"]) | numbers.curve_json(scores["all"], threshold)
        reports.write(out, report.table(scores) + "\n", made_by | {"sets": sets, "pooled": pooled})
        with reports.drawing(out):
            reports.draw_confidence(scores, threshold, out)
    return results


def _named(zips: Sequence[Path]) -> dict[str, Path]:
    """Each zip by the name of its reports' folder."""
    named: dict[str, Path] = {}
    for path in zips:
        if path.stem in named:
            raise LabelsError(f"the reports of {named[path.stem]} and {path} have one name: rename one of them")
        named[path.stem] = path
    return named


def _nothing_in_common(path: Path, result: Result) -> str:
    first = next(iter(result.unlabelled), None)
    if first and first.image == image_cell(path.name):
        return f"{path} cannot be read ({first.code}): README says what that means, and what the limits are"
    found = f"{first.image!a}" if first else "nothing"
    return (
        f"no file that labels.csv of {path} names is in it: it names {result.missing[0]!a}, and the zip has {found}; "
        "write the paths as they are in the zip"
    )
