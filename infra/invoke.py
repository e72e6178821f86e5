"""`make invoke`: the function in its own container, handed each sample event by `sam local invoke`; and the CSV."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from handler.settings import PREDICTIONS
from infra import sam
from infra.digits import digits
from infra.processes import LocalError
from infra.roundtrip import download
from infra.running import CONTAINER, Plan, Running, running
from infra.samples import zipped
from infra.summary import Row, Summary, read_rows, summarise, table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVENTS: Final = Path("infra/events")
FOLDER: Final = Path("artifacts/invoke")
_IMAGES: Final = 100
_SHOWN: Final = 5
_DROP: Final = "monday.zip"
"""What the sample events name."""


def invoke(event: Path | None, plan: Plan, say: Callable[[str], None]) -> None:
    """Build the image if need be, start the local S3 with a model, drop a batch, and hand over one event, or each.

    Raises `LocalError` where Docker or SAM is missing, where the function fails, and where no whole CSV comes of it.
    """
    sam.require()
    events = [event] if event else sorted(EVENTS.glob("*.json"))
    say(f"Building the function's image for {sam.architecture()} (sam build)")
    sam.build()
    found = digits(say)
    batch = zipped(found.images[:_IMAGES])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "log.txt").open("wb") as output:
        own = replace(plan, runtime=CONTAINER, output=output)
        with running(own, say) as stack:
            inside = sam.container_place(stack.place)
            say(f"S3 answers at {stack.place.endpoint}; containers find it at {inside.endpoint}")
            s3 = stack.place.s3()
            s3.put_object(Bucket=stack.stack.bucket, Key=f"{stack.stack.prefix}{_DROP}", Body=batch)
            summaries = [_hand_over(path, stack, s3, found.labels, output, say) for path in events]
    file = FOLDER / f"{_DROP}.csv"
    say(f"\n{table(summaries)}\n")
    say("Seconds are those of the whole command, the making of a new container included.")
    say(f"{file} begins:\n{_beginning(file)}")
    say(f"What SAM and the function logged: {output.name}")


def _hand_over(  # noqa: PLR0913, PLR0917  # one step of the above
    path: Path, stack: Running, s3: "S3Client", labels: Sequence[int], log: BinaryIO, say: Callable[[str], None]
) -> Summary:
    """One event to the container, which has no CSV to find; gives what its CSV is worth."""
    bucket, key = stack.stack.bucket, f"{PREDICTIONS}{_DROP}.csv"
    s3.delete_object(Bucket=bucket, Key=key)
    begun = time.monotonic()
    answer = sam.invoke(path, stack.stack, stack.place)
    seconds = time.monotonic() - begun
    log.write(f"--- {path}\n{answer.log}".encode())
    body = download(s3, bucket, key)
    rows: Sequence[Row] = read_rows(body)
    if len(rows) != _IMAGES:
        raise LocalError(f"{path.name}: a CSV of {len(rows)} rows, where {_IMAGES} were expected; see {log.name}")
    (FOLDER / f"{_DROP}.csv").write_bytes(body)
    say(f"sam local invoke -e {path}: the function replied {json.dumps(answer.reply)}")
    return summarise(path.stem, rows, labels, seconds)


def _beginning(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(f"  {line}" for line in lines[: _SHOWN + 1])
