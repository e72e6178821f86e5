"""What an evaluation leaves in its folder: a text, the same numbers for a program, and pictures."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from handler.settings import Settings
from train import report
from train.certainty import curve_of, reliability_of
from train.dropping import pictures
from train.errors import INSTALL
from train.score import Reading, Score

PICTURES: Final = ("mistakes.png", "reliability.png", "risk_coverage.png")
_log = logging.getLogger(__name__)


def write(folder: Path, text: str, numbers: Mapping[str, Any]) -> None:
    """Print `text`, and write it and `numbers` to `report.txt` and `report.json` in `folder`, made where it is not."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.txt").write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    _log.info("\n%s", text)


@contextmanager
def drawing(folder: Path) -> Iterator[None]:
    """Where the pictures of a folder are drawn; without Matplotlib, which the numbers do not need, none are, it says.

    Those of an earlier evaluation are gone then.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        for name in PICTURES:
            (folder / name).unlink(missing_ok=True)
        _log.warning(
            "Report: %s; no %s, since %s is not installed: %s", folder, " or ".join(PICTURES), error.name, INSTALL
        )
        return
    _log.info("Report and pictures: %s", folder)


def draw_mistakes(name: str, mistakes: Sequence[Reading], path: Path, settings: Settings, png: Path) -> None:
    """Draw the first of `mistakes`, rows of the file at `path`, beside what the model saw of them."""
    from train import sheet  # noqa: PLC0415  # Matplotlib

    worst = [mistake for mistake in mistakes if mistake.digit][: report.SHOWN]
    count = f"the most confident {len(worst)} of {len(mistakes)} mistakes" if mistakes else "no mistakes"
    planes = pictures(path, {mistake.number for mistake in worst}, settings)
    sheet.draw(f"{report.printable(name)}: {count}", worst, planes, png)


def draw_confidence(scores: Mapping[str, Score], review_below: float, folder: Path) -> None:
    """Write `reliability.png`, of the last of `scores`, and `risk_coverage.png`, of each, to `folder`."""
    from train import plots  # noqa: PLC0415  # likewise

    shown = {report.printable(name).replace("$", r"\$"): score for name, score in scores.items()}
    last = next(reversed(shown))
    plots.reliability({last: reliability_of(shown[last])}, folder / "reliability.png")
    curves = {name: curve_of(score, review_below) for name, score in shown.items()}
    plots.risk_coverage(curves, review_below, folder / "risk_coverage.png")
