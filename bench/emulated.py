"""Functions in Lambda's own runtime on this machine, each started anew, and the S3 that they find."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from bench.lanes import LOG
from bench.worker import BUCKET
from handler.errors import DigitdropError
from handler.store import S3Store
from infra.container import free_ports, lambda_environment, post
from infra.place import HOST, Place
from infra.processes import Processes
from infra.running import listen
from train.publish import upload

_SECONDS: Final = 300
"""A start takes a second or two; on a machine that does much else a hundred times as long."""


@dataclass(frozen=True, slots=True)
class Start:
    """A function from nothing to its first reply."""

    begun: float
    """On the clock of `time.time`: when its event was sent, upon which the emulator starts its process."""
    ended: float
    reply: Any


def start(program: Path, handler: str, environment: Mapping[str, str], event: object, output: IO[bytes]) -> Start:
    """One start under the emulator `program`; all that is printed goes to `output`."""
    port, api = free_ports(2)
    addresses = [f"--runtime-interface-emulator-address={HOST}:{port}", f"--runtime-api-address={HOST}:{api}"]
    reading, writing = os.pipe()
    client = [sys.executable, "-m", "infra.lifeline", str(reading), "awslambdaric", handler]
    command = ["-m", "infra.tied", str(os.getpid()), str(program), "--log-level=error", *addresses, *client]
    with subprocess.Popen(  # noqa: S603  # a verified program, with arguments of ours
        [sys.executable, *command],
        env=lambda_environment(environment, "digitdrop-bench", 1769, _SECONDS),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=[reading],
    ) as process:
        os.close(reading)
        try:
            _await(process, port)
            begun = time.time()
            reply = post(port, event, _SECONDS)
            return Start(begun, time.time(), reply)
        finally:
            process.kill()
            os.close(writing)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.02)
    raise DigitdropError("the emulator did not start")


@contextmanager
def local_s3(release: Path) -> Iterator[Place]:
    """Moto's S3 in a process of its own, with a bucket in which the release is live."""
    listening = listen(0, HOST, "make bench")
    place = Place(listening.getsockname()[1])
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("ab") as log, Processes(log) as processes:
        descriptor = listening.fileno()
        environment = place.environment(os.environ)
        processes.start("the moto server", "infra.server", [str(descriptor)], environment, descriptor=descriptor)
        listening.close()
        client = place.s3()
        client.create_bucket(Bucket=BUCKET)
        upload(release, S3Store(BUCKET, client))
        yield place
