"""`make invoke`: the function in its own container, handed each sample event by `sam local invoke`; and the CSV."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from handler.errors import EventError
from handler.events import unwrap
from handler.settings import INCOMING, PREDICTIONS
from infra import sam
from infra.container import FunctionError
from infra.digits import digits
from infra.processes import LocalError
from infra.roundtrip import download
from infra.running import BUCKET, CONTAINER, Plan, Running, running
from infra.samples import zipped
from infra.send import event_in
from infra.summary import Row, read_rows, summarise, table

EVENTS: Final = Path("infra/events")
FOLDER: Final = Path("artifacts/invoke")
_IMAGES: Final = 100
_SHOWN: Final = 5
DROP: Final = f"{INCOMING}monday.zip"
"""What the sample events name."""
_CSV: Final = f"{PREDICTIONS}monday.zip.csv"
FILE: Final = FOLDER / "monday.zip.csv"


def invoke(event: Path | None, plan: Plan, say: Callable[[str], None]) -> None:
    """Build the image if need be, start the local S3 with a model, drop a batch, and hand over one event, or each.

    Whatever one event is, what the function logged and replied is shown; where it names the drop, its CSV must come.
    Raises `LocalError` where Docker, SAM or the event is missing, where the function fails, and where no whole CSV is.
    """
    sam.require()
    events = [event] if event else sorted(EVENTS.glob("*.json"))
    naming = {path: names_the_drop(event_in(path)) for path in events}
    say(f"Building the function's image for {sam.architecture()} (sam build)")
    sam.build()
    found = digits(say)
    batch = zipped(found.images[:_IMAGES])
    FOLDER.mkdir(parents=True, exist_ok=True)
    summaries = []
    with (FOLDER / "log.txt").open("wb") as output:
        own = replace(plan, runtime=CONTAINER, output=output)
        with running(own, say) as stack:
            inside = sam.container_place(stack.place)
            say(f"S3 answers at {stack.place.endpoint}; containers find it at {inside.endpoint}")
            s3 = stack.place.s3()
            s3.put_object(Bucket=stack.stack.bucket, Key=DROP, Body=batch)
            for path, named in naming.items():
                s3.delete_object(Bucket=stack.stack.bucket, Key=_CSV)
                begun = time.monotonic()
                hand_over(path, stack, output, say, aloud=event is not None)
                seconds = time.monotonic() - begun
                if named:
                    rows = _whole(path, download(s3, stack.stack.bucket, _CSV))
                    summaries.append(summarise(path.stem, rows, found.labels, seconds))
    if summaries:
        say(f"\n{table(summaries)}\n")
        say("Seconds are those of the whole command, the making of a new container included.")
        say(f"{FILE} begins:\n{_beginning(FILE)}")
    say(f"What SAM and the function logged: {output.name}")


def hand_over(path: Path, stack: Running, log: BinaryIO, say: Callable[[str], None], *, aloud: bool) -> None:
    """One event to the container; says what the function replied and, `aloud`, logged, which `log` gets in any case.

    Raises `FunctionError` after that.
    """

    def note(logged: str) -> None:
        log.write(f"--- {path}\n{logged}".encode())
        if aloud:
            say(logged.rstrip())

    try:
        answer = sam.invoke(path, stack.stack, stack.place)
    except FunctionError as error:
        note(error.log)
        raise
    note(answer.log)
    say(f"sam local invoke -e {path}: the function replied {json.dumps(answer.reply)}")


def names_the_drop(event: object) -> bool:
    """Whether an event is one from which the CSV of the drop must follow."""
    try:
        messages = unwrap(event).messages
    except EventError:
        return False
    return any(drop.bucket == BUCKET and drop.key == DROP for message in messages for drop in message.drops)


def _whole(path: Path, body: bytes) -> Sequence[Row]:
    rows: Sequence[Row] = read_rows(body)
    if len(rows) != _IMAGES:
        raise LocalError(f"{path.name}: a CSV of {len(rows)} rows, where {_IMAGES} were expected; see {FOLDER}/log.txt")
    FILE.write_bytes(body)
    return rows


def _beginning(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(f"  {line}" for line in lines[: _SHOWN + 1])
