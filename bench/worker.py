"""The handler in a process of its own, from the event to the complete CSV: `python -m bench.worker RELEASE FOLDER`.

All is wired as on Lambda, S3's client included; only the bucket that it works on is on this machine's disk.
"""

import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench.bucket import Bucket, late
from bench.machine import peak_megabytes
from bench.serving import serve
from handler.app import wire
from handler.delivery import Tools, deliver
from handler.events import unwrap
from handler.model import Registry
from handler.outcomes import Outcome, Written
from handler.ports import Classifier
from handler.predictions import batch_csv_of, folder_of
from handler.settings import INCOMING
from train.filestore import release_store

BUCKET: Final = "digitdrop-bench"
FOLDER: Final = f"{INCOMING}folder/"


def main(arguments: list[str]) -> None:
    """Answer until there are no more requests."""
    release, folder = map(Path, arguments)
    folder.mkdir(parents=True, exist_ok=True)
    serve(lambda request: (contended if "handlers" in request else measured)(request, release, folder))


def measured(request: dict[str, Any], release: Path, folder: Path) -> dict[str, Any]:
    """What one invocation takes: seconds, also by stage, rows, the peak of memory so far, and where the CSV is.

    A request has `drops`, paths of batches, or `loose`, a folder of pictures, and may have `latency`, the seconds of
    each request to the store, and `standing`, the path of the CSV that the folder has before.
    """
    files = _files(request)
    latency = float(request.get("latency", 0))
    standing = {folder_of(FOLDER)[0]: Path(request["standing"])} if "standing" in request else {}
    bucket = Bucket(files | standing, folder)
    tools = replace(wire(), store=late(bucket, latency), queue=None, current_model=_model(release, latency))
    outcomes: list[Outcome] = []
    event = {"Records": [_record(key) for key in files]}
    begun = time.perf_counter()
    invoke(event, tools, outcomes)
    seconds = time.perf_counter() - begun
    stages: Counter[str] = Counter()
    for outcome in outcomes:
        if isinstance(outcome, Written):
            stages.update(outcome.seconds)
    written = [outcome for outcome in outcomes if isinstance(outcome, Written)]
    last = list(files)[-1]
    return {
        "seconds": seconds,
        "stages": dict(stages),
        "drops": len(written),
        "rows": sum(outcome.counts.rows for outcome in written),
        "errors": sum(outcome.counts.errors for outcome in written),
        "megabytes": peak_megabytes(),
        "csv": str(bucket.files[batch_csv_of(last) if "drops" in request else folder_of(last)[0]]),
    }


def contended(request: dict[str, Any], release: Path, folder: Path) -> dict[str, Any]:
    """Several invocations at once, each with a share of the pictures of a folder: all of them write its one CSV.

    They are threads of this process, so that it fits those that wait for the store, as the `latency` has them do.
    """
    files, latency, count = _files(request), float(request["latency"]), int(request["handlers"])
    bucket = Bucket(files, folder)
    tools = replace(wire(), store=late(bucket, latency), queue=None, current_model=_model(release, latency))
    events = [{"Records": [_record(key) for key in list(files)[share::count]]} for share in range(count)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda event: invoke(event, tools, []), events))
    seconds = time.perf_counter() - begun
    csv = bucket.files[folder_of(FOLDER)[0]]
    return {"seconds": seconds, "rows": len(csv.read_bytes().splitlines()) - 1}


def invoke(event: object, tools: Tools, outcomes: list[Outcome]) -> None:
    """What `app.lambda_handler` does of an event without a queue; raises the first failure."""
    with tools.telemetry("bench") as tell:

        def note(outcome: Outcome) -> None:
            outcomes.append(outcome)
            tell(outcome)

        for failure in deliver(unwrap(event), tools, lambda: math.inf, note).values():
            raise failure


@cache
def _model(release: Path, latency: float) -> Callable[[], Classifier]:
    return Registry(late(release_store(release), latency)).current


def _files(request: dict[str, Any]) -> dict[str, Path]:
    if "loose" in request:
        return {f"{FOLDER}{path.name}": path for path in sorted(Path(request["loose"]).iterdir())}
    return {f"{INCOMING}{number}/{Path(path).name}": Path(path) for number, path in enumerate(request["drops"])}


def _record(key: str) -> dict[str, Any]:
    """The keys here are such that S3 does not escape them."""
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": key}},
    }


if __name__ == "__main__":
    main(sys.argv[1:])
