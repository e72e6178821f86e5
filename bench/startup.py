"""Start-up of the function's container beside a TensorFlow handler's: `python -m bench.startup`, needs Docker and SAM.

What is timed runs from the start of the container's process, as Docker has it, to the answer of its first invocation,
when the CSV of a one-image drop is in S3: emulator, interpreter, imports, S3 client, model, picture, prediction, CSV.
The two take turns, so that what else the machine does meets both.
"""

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Final

from bench import machine
from handler.errors import DigitdropError
from handler.predictions import folder_of
from infra import engine, sam
from infra.roundtrip import download
from infra.running import CONTAINER, Plan, Running, running
from infra.samples import loose
from train.data import load_mnist
from train.publish import PRETRAINED

PEER: Final = "digitdrop-peer:latest"
_TENSORFLOW: Final = ("tensorflow-cpu", "tensorflow")
"""What requirements.in has, by the kind of machine."""
_PACKAGES: Final = ("keras", "numpy", "pillow", "boto3")
_MEMORY_MB: Final = 1769
_TIMEOUT: Final = 60
_BUILD_SECONDS: Final = 1800


@dataclass(slots=True)
class Contender:
    """An image whose start is measured."""

    name: str
    image: str
    csv: Callable[[str], str]
    """The key of the CSV that a drop's key gives."""
    seconds: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    """Measure and print; 0, or 1 after a line that says what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--rounds", type=int, default=7, help="starts of each (%(default)s)")
    flags = parser.parse_args(arguments)
    machine.by_itself()
    try:
        sam.require()
        _measure(flags.rounds)
    except KeyboardInterrupt:
        _say("Stopped; nothing of it is left running")
        return 130
    except DigitdropError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # the command line is made of these lines
        return 1
    return 0


def _measure(rounds: int) -> None:
    sam.build()
    picture = next(iter(loose(load_mnist().x_test[:1]).values()))
    with tempfile.TemporaryFile() as output, running(Plan(port=0, runtime=CONTAINER, output=output), _say) as stack:
        _say(f"Building the peer ({', '.join(pins())})")
        build_peer()
        contenders = [
            Contender("digitdrop", sam.IMAGE, lambda key: folder_of(key)[0]),
            Contender("TensorFlow peer", PEER, lambda key: f"predictions/{key}.csv"),
        ]
        for number in range(rounds):
            for contender in contenders:
                _start(contender, stack, f"incoming/start-{number}/7.png", picture)
    _say(report(contenders, engine.image_bytes(sam.base())))


def _start(contender: Contender, stack: Running, key: str, picture: bytes) -> None:
    """One start: a new container, its first invocation, and the CSV of it."""
    s3, bucket = stack.place.s3(), stack.stack.bucket
    s3.put_object(Bucket=bucket, Key=key, Body=picture)
    event = {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": bucket}, "object": {"key": key}},
            }
        ]
    }
    variables = sam.variables(stack.stack, stack.place) | sam.credentials(stack.place)
    with engine.environment(contender.image, variables, _MEMORY_MB, _TIMEOUT) as box:
        box.invoke(event)
        contender.seconds.append(time.time() - box.begun)
        contender.peaks.append(box.peak_bytes())
    lines = download(s3, bucket, contender.csv(key)).decode().splitlines()
    if len(lines) != 2:  # noqa: PLR2004  # header and one row
        raise DigitdropError(f"{contender.name} wrote {len(lines)} lines where two were expected")


def build_peer() -> None:
    """The peer's image, with the packages of the versions that this project pins and the model that it ships."""
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted((Path(__file__).parent / "peer").iterdir()):
            if file.is_file():
                shutil.copy(file, folder)
        shutil.copy(PRETRAINED / "model.h5", folder)
        (Path(folder) / "requirements.txt").write_text("\n".join(pins()), encoding="utf-8")
        engine.docker(
            *("build", "--quiet", "--tag", PEER, "--build-arg", f"BASE={sam.base()}", folder), seconds=_BUILD_SECONDS
        )


def pins() -> list[str]:
    """The peer's packages, of the versions that are installed here; of TensorFlow's two names the one that is."""
    for name in _TENSORFLOW:
        with suppress(metadata.PackageNotFoundError):
            return [f"{package}=={metadata.version(package)}" for package in (name, *_PACKAGES)]
    raise DigitdropError("what the peer needs is not installed here: pip install -r requirements.txt")


def report(contenders: list[Contender], base_bytes: int) -> str:
    """The table: medians, their spread, and how they compare with the last one's, the peer's."""
    line = "{:<18}{:>10}{:>16}{:>10}{:>13}{:>13}"
    lines = [line.format("", "start-up", "least–most", "peer is", "peak memory", "image adds")]
    last = statistics.median(contenders[-1].seconds)
    for one in contenders:
        median = statistics.median(one.seconds)
        spread = f"{min(one.seconds):.2f}–{max(one.seconds):.2f} s"
        peak = f"{max(one.peaks) / 2**20:.0f} MB"
        added = f"{(engine.image_bytes(one.image) - base_bytes) / 1000**2:.0f} MB"
        lines.append(line.format(one.name, f"{median:.2f} s", spread, f"{last / median:.2f} ×", peak, added))
    count, machine = len(contenders[0].seconds), f"{os.cpu_count()} cores, {platform.machine()}"
    lines.append(
        f"Medians of {count} alternating starts: container's start to first CSV of a one-image drop. {machine},"
    )
    lines.append(f"{_MEMORY_MB} MB of memory each; the base image has {base_bytes / 1000**2:.0f} MB.")
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the command line is made of these lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
