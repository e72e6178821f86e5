"""`make demo`: the whole system once, on this machine: model, drops, queue, function, CSVs, and what they are worth."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from infra.digits import digits
from infra.processes import LocalError
from infra.roundtrip import Drop, deliver
from infra.running import Plan, running
from infra.samples import loose, zipped
from infra.summary import summarise, table

FOLDER: Final = Path("artifacts/demo")
LEAST_ACCURACY: Final = 0.97
"""Of the zip; below it there is something wrong with the model."""
_LOOSE: Final = 50
_LIMIT_SECONDS: Final = 180
_LOG_LINES: Final = 40


def demo(model: Path, say: Callable[[str], None]) -> None:
    """Run it with the release in the folder `model`.

    Raises `LocalError` where a CSV does not come whole in time, or the zip is not read well enough.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = digits(say)
    say(f"Saving {len(found.images):,} digits as pictures")
    pictures = loose(found.images[:_LOOSE])
    drops = [
        Drop(
            name=f"{found.name}.zip",
            objects={f"demo/{found.name}.zip": zipped(found.images)},
            csv=f"demo/{found.name}.zip.csv",
            rows=len(found.images),
            file=FOLDER / f"{found.name}.zip.csv",
        ),
        Drop(
            name="loose/",
            objects={f"demo/loose/{name}": body for name, body in pictures.items()},
            csv="demo/loose/predictions.csv",
            rows=len(pictures),
            file=FOLDER / "loose.csv",
        ),
    ]
    log = FOLDER / "workers.log"
    with log.open("wb") as output, running(Plan(port=0, model=model, output=output), say) as stack:
        window = stack.stack.window
        say(f"Dropping {' and '.join(drop.name for drop in drops)}, and waiting for their CSVs")
        try:
            answers = deliver(stack, drops, _LIMIT_SECONDS)
        except LocalError as error:
            raise LocalError(f"{error}\n--- the end of {log}:\n{_end(log)}") from error
    summaries = [
        summarise(drop.name, answer.rows, found.labels, answer.seconds)
        for drop, answer in zip(drops, answers, strict=True)
    ]
    say(f"\n{table(summaries)}\n")
    say(f"Seconds run from the drop to its whole CSV, the queue's gathering of messages ({window:g} s) included.")
    say(f"CSVs: {', '.join(str(drop.file) for drop in drops)}; log of the workers: {log}")
    for summary, drop in zip(summaries, drops, strict=True):
        if summary.rows != drop.rows:
            raise LocalError(f"{summary.name}: {summary.rows} rows, where {drop.rows} were expected")
    if summaries[0].accuracy < LEAST_ACCURACY:
        raise LocalError(
            f"{summaries[0].name}: an accuracy of {summaries[0].accuracy:.2%} is below {LEAST_ACCURACY:.0%}"
        )


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
