"""From nothing to the CSV of one image, in Lambda's own runtime, beside the TensorFlow peer's start and the floor."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench import ratios, spans
from bench.emulated import local_s3, start
from bench.lanes import in_turns
from bench.plan import CNN, Plan
from bench.results import Line, Section, Table
from bench.worker import BUCKET
from handler.errors import DigitdropError
from infra.emulator import emulator
from infra.place import Place
from infra.roundtrip import download

OURS: Final = "digitdrop"
PEER: Final = "TensorFlow peer"
FLOOR: Final = "floor: interpreter, NumPy, ONNX Runtime, S3 client"
FLOOR_THERE: Final = "the floor in Lambda's runtime"
INTERPRETER: Final = "interpreter alone"
_TRACED: Final = "traced"
_IMPORTS: Final = "imports"
_PICTURE: Final = "incoming/start/7.png"
_CSV: Final = {OURS: "predictions/start/predictions.csv", PEER: f"predictions/{_PICTURE}.csv"}
_EVENT: Final = {
    "Records": [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": BUCKET}, "object": {"key": _PICTURE}},
        }
    ]
}
Run = Mapping[str, Any]


def measure(plan: Plan, picture: bytes, say: Callable[[str], None]) -> Section:
    """Starts of each in turns."""
    program, client = emulator(say), s3_client(plan)
    with local_s3(plan.releases[CNN]) as place:
        variables = dict(plan.environment) | place.environment({}) | {"FLOOR_CLIENT": client}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # the container's image has all bytecode too
        peer = variables | {"MODEL": str((plan.releases[CNN] / "model.h5").resolve()), "TF_CPP_MIN_LOG_LEVEL": "3"}
        place.s3().put_object(Bucket=BUCKET, Key=_PICTURE, Body=picture)
        calls: dict[str, Callable[[], Run]] = {
            OURS: lambda: _start(program, place, OURS, "handler.app.lambda_handler", variables),
            PEER: lambda: _start(program, place, PEER, "bench.peer.app.lambda_handler", peer),
            FLOOR: lambda: _process(["-m", "bench.floor"], variables),
            FLOOR_THERE: lambda: _start(program, place, "", "bench.floor.lambda_handler", variables),
            INTERPRETER: lambda: _process(["-c", "print(0, flush=True)"], variables),
            _TRACED: lambda: _traced(program, variables),
            _IMPORTS: lambda: _imports(program, variables),
        }
        for call in calls.values():
            call()  # bytecode is compiled, files are in memory
        return section(in_turns(calls, plan.starts), client)


def section(runs: Mapping[str, Sequence[Run]], client: str) -> Section:
    """The starts as tables, with the ratios that are asked for."""
    seconds = {name: [run["seconds"] for run in of] for name, of in runs.items() if name not in (_TRACED, _IMPORTS)}
    share = statistics.median(run["client"] / run["seconds"] for run in runs[FLOOR])
    lines: list[Line] = [("", "milliseconds", "least–most", "ours is")]
    for name, of in seconds.items():
        spread = f"{min(of) * 1000:.0f}–{max(of) * 1000:.0f}"
        times = f"{ratios.ratio(seconds[OURS], of):.2f} ×"
        lines.append((name, f"{statistics.median(of) * 1000:.0f}", spread, times))
    parts = _medians([run["parts"] for run in runs[_TRACED]])
    packages = _medians([run["packages"] for run in runs[_IMPORTS]])
    whole = f"{statistics.median(run['seconds'] for run in runs[_TRACED]) * 1000:.0f}"
    tables = [
        Table(
            "Start-up: event sent, upon which the emulator starts the process, to the CSV of one image in S3",
            lines,
            [
                f"Medians of {len(seconds[OURS])} starts in turns; moto is S3.",
                "Floor and interpreter alone are processes, from their start to the end of their work.",
                f"The S3 client is {client}, whose import and construction are {share:.0%} of the floor.",
            ],
        ),
        Table("What a start is spent on, milliseconds", [("", "ms"), *parts, ("in all, so traced", whole)]),
        Table(
            "Its imports by package, each by itself, milliseconds (Python's importtime adds to them)",
            [("", "ms"), *packages],
        ),
    ]
    measured = {
        ratios.PEER_START: ratios.ratio(seconds[PEER], seconds[OURS]),
        ratios.FLOOR_START: ratios.ratio(seconds[OURS], seconds[FLOOR]),
    }
    return Section("start-up", tables, measured, {name: list(of) for name, of in runs.items()})


def seconds(found: Section, name: str) -> float:
    """The median of the starts of one contender."""
    return statistics.median(float(run["seconds"]) for run in found.data[name])


def s3_client(plan: Plan) -> str:
    """The library that the handler talks to S3 with, as a process that wired it tells."""
    program = (
        "import sys, handler.app; handler.app.wire(); "
        "print(next((name for name in ('boto3', 'botocore') if name in sys.modules), 'none'))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=dict(plan.environment), capture_output=True, text=True, check=True)  # noqa: S603  # ours
    return done.stdout.strip()


def _start(program: Path, place: Place, name: str, handler: str, variables: Mapping[str, str]) -> Run:
    s3 = place.s3()
    if name:
        s3.delete_object(Bucket=BUCKET, Key=_CSV[name])
    with tempfile.TemporaryFile() as output:
        found = start(program, handler, variables, _EVENT, output)
    if name and len(download(s3, BUCKET, _CSV[name]).splitlines()) != 2:  # noqa: PLR2004  # header and row
        raise DigitdropError(f"{name} wrote no row: {found.reply}")
    return {"seconds": found.ended - found.begun}


def _traced(program: Path, variables: Mapping[str, str]) -> Run:
    with tempfile.TemporaryFile() as output:
        found = start(program, "bench.traced.lambda_handler", variables, _EVENT, output)
    noted = [(str(name), float(begin), float(end)) for name, begin, end in found.reply["spans"]]
    return {"seconds": found.ended - found.begun, "parts": spans.split(found.begun, found.ended, noted)}


def _imports(program: Path, variables: Mapping[str, str]) -> Run:
    with tempfile.TemporaryFile() as output:
        start(program, "handler.app.lambda_handler", {**variables, "PYTHONPROFILEIMPORTTIME": "1"}, _EVENT, output)
        output.seek(0)
        return {"packages": spans.imports(output.read().decode(errors="replace").splitlines())}


def _process(arguments: Sequence[str], variables: Mapping[str, str]) -> Run:
    """From the start of a process to the line that it prints."""
    begun = time.perf_counter()
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, env=dict(variables), stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # ours
        said = process.communicate()[0] if process.stdout is None else process.stdout.readline()
        return {"seconds": time.perf_counter() - begun, "client": float(said)}


def _medians(runs: Sequence[Mapping[str, float]]) -> list[Line]:
    """A line for each name of the first run, in milliseconds."""
    return [(name, f"{statistics.median(run.get(name, 0) for run in runs) * 1000:.1f}") for name in runs[0]]
