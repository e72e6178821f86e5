"""How often what is no digit comes out as `ok`: strangers through the handler's own code, from a zip to the CSV."""

import io
import logging
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from handler.model import Reader, Registry
from handler.ports import Classifier
from handler.rows import ERROR, OK, REVIEW
from handler.settings import Settings
from train import reports, strangers
from train.dropping import BUCKET, predict
from train.numbers import rate_json
from train.report import aligned, codes, interval, percent
from train.score import Score, judge, pool

_log = logging.getLogger(__name__)


def evaluate_strangers(models: Reader, count: int, out: Path, review_below: float | None = None) -> Mapping[str, Score]:
    """Read `count` strangers of each kind with the live model of `models`: a score for each kind, and one for `all`.

    Of these `ok_share` is the rate of false accepts. A report, and for each kind the most confident of them as a
    picture, are written to the folder `strangers` in `out`.
    """
    classifier, settings = Registry(models).current(), Settings(BUCKET, review_below=review_below)
    threshold = classifier.review_below if review_below is None else review_below
    folder = out / "strangers"
    folder.mkdir(parents=True, exist_ok=True)
    scores = false_accepts(classifier, settings, count, folder)
    made_by = {"schema": 1, "model": classifier.version, "settings": settings.digest(), "review_below": threshold}
    heading = f"What is no digit, {count} pictures of each kind, read by model {classifier.version}, review below "
    reports.write(folder, f"{heading}{threshold:g}\n\n{table(scores)}\n", made_by | {"kinds": as_json(scores)})
    _log.info("Report and false accepts: %s", folder)
    return scores


def false_accepts(
    classifier: Classifier, settings: Settings, count: int, sheets: Path | None = None
) -> Mapping[str, Score]:
    """A score of `count` strangers of each kind, and one of `all`; with `sheets`, a picture of each kind's in it."""
    scores = {}
    with tempfile.TemporaryDirectory() as private:
        for kind in strangers.KINDS:
            path = Path(private, f"{kind}.zip")
            names = _write(path, kind, count)
            result = judge(kind, predict(path, classifier, settings), dict.fromkeys(names, kind))
            scores[kind] = result.score
            if sheets:
                accepted = [row for row in result.mistakes if row.status == OK]
                reports.draw_mistakes(kind, accepted, path, settings, sheets / f"{kind}.png")
    return scores | {"all": pool(scores.values())}


def table(scores: Mapping[str, Score]) -> str:
    """A line for each kind: how many are `ok`, and for which reasons the others are not."""
    reasons = list(_reasons(scores["all"]))
    lines = [("", "pictures", "ok", "", *reasons)]
    for kind, score in scores.items():
        found = _reasons(score)
        counts = (str(found[reason]) for reason in reasons)
        lines.append((kind, str(score.labelled), percent(score.ok_share), interval(score.ok_share), *counts))
    return f"{aligned(lines)}\n\nIn brackets the 95 % interval of the rate of false accepts."


def as_json(scores: Mapping[str, Score]) -> dict[str, Any]:
    """The rate of false accepts of each kind with its interval, and the reasons of the others."""
    return {kind: {"ok": rate_json(score.ok_share), "reasons": _reasons(score)} for kind, score in scores.items()}


def _reasons(score: Score) -> Counter[str]:
    return Counter({code: count for status in (REVIEW, ERROR) for code, count in codes(score, status).items()})


def _write(path: Path, kind: str, count: int) -> list[str]:
    """A zip of `count` strangers as arrays; gives their names in it."""
    names = [f"{seed:05}.npy" for seed in range(count)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for seed, name in enumerate(names):
            file = io.BytesIO()
            np.save(file, strangers.draw(kind, seed))
            archive.writestr(name, file.getvalue())
    return names
