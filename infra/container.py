"""The function in Lambda's own runtime: the real Runtime Interface Client under the real Runtime Interface Emulator.

The emulator starts the client at its first invocation, and anew after the client died or took too long. The emulator
itself is started anew here. It takes one request at a time: a second one crashes it.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from infra.place import HOST
from infra.processes import LocalError, how_it_ended

_PATH: Final = "/2015-03-31/functions/function/invocations"
_START_SECONDS: Final = 10.0
_GRACE_SECONDS: Final = 15.0
"""What an invocation may take beyond its timeout: Lambda's 10 s for the start of the function, and some to answer."""


class FunctionError(LocalError):
    """The function failed: it raised, took too long, or its process died."""

    log = ""
    """What was logged meanwhile, where that is known."""


@dataclass(frozen=True, slots=True)
class _Emulator:
    """A running emulator."""

    process: subprocess.Popen[bytes]
    port: int
    lifeline: int
    """The writing end of the pipe that the client lives by: the emulator gives it a process group of its own."""


class Container:
    """One execution environment of the function, started when it is first needed."""

    def __init__(self, program: str, handler: str, environment: Mapping[str, str], timeout: int) -> None:
        self._program = program
        self._handler = handler
        self._environment = environment
        self._timeout = timeout
        self._emulator: _Emulator | None = None

    def invoke(self, event: object) -> Any:  # noqa: ANN401  # a function may reply anything
        """What the function replies to an event; `FunctionError` where it fails, and the next call begins anew."""
        if self._emulator and self._emulator.process.poll() is not None:
            self.end()
        running = self._emulator = self._emulator or self._start()
        try:
            return post(running.port, event, self._timeout)
        except (OSError, http.client.HTTPException) as error:
            status = running.process.poll()
            self.end()  # it is in no state to be asked again
            told = repr(error) if status is None else f"the emulator {how_it_ended(status)}"
            raise FunctionError(f"no answer from the function's runtime: {told}") from error

    def end(self) -> None:
        """End emulator and client, if they run."""
        if self._emulator is None:
            return
        self._emulator.process.kill()
        self._emulator.process.wait()
        os.close(self._emulator.lifeline)
        self._emulator = None

    def _start(self) -> _Emulator:
        reading, writing = os.pipe()
        port, api = free_ports(2)
        addresses = [f"--runtime-interface-emulator-address={HOST}:{port}", f"--runtime-api-address={HOST}:{api}"]
        client = [sys.executable, "-u", "-m", "infra.lifeline", str(reading), "awslambdaric", self._handler]
        emulator = [self._program, "--log-level=error", *addresses, *client]
        process = subprocess.Popen(  # noqa: S603  # a verified program, with arguments of ours
            [sys.executable, "-m", "infra.tied", str(os.getpid()), *emulator],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[reading],
        )
        os.close(reading)
        started = self._emulator = _Emulator(process, port, writing)
        end = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < end:
            with suppress(OSError), socket.create_connection((HOST, port), 1):
                return started
            time.sleep(0.02)
        self.end()
        raise FunctionError(f"the emulator did not start: it {how_it_ended(process.returncode)}")


def post(port: int, event: object, timeout: int) -> Any:  # noqa: ANN401  # likewise
    """What the function under the emulator at `port` replies; `FunctionError` where the emulator says that it failed.

    Raises `OSError` or `HTTPException` where there is no answer.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout + _GRACE_SECONDS)
    try:
        connection.request("POST", _PATH, json.dumps(event))
        response = connection.getresponse()
        return outcome(response.status, response.getheader("X-Amz-Function-Error", ""), response.read())
    finally:
        connection.close()


def outcome(status: int, error: str, body: bytes) -> Any:  # noqa: ANN401  # likewise
    """The function's reply; `FunctionError` with the reason where an answer of the emulator says that it failed.

    `error` is the answer's header X-Amz-Function-Error, by which Lambda itself tells, or "".

    The emulator answers 200 to a function that raised, with the error as JSON, and to one that took too long, with a
    sentence; to one whose process died, 502.
    """
    text = body.decode(errors="replace").strip()
    try:
        reply = json.loads(text)
    except ValueError:
        raise FunctionError(text or f"an empty answer with status {status}") from None
    if isinstance(reply, dict) and {"errorType", "errorMessage"} <= reply.keys():
        raise FunctionError(f"{reply['errorType']}: {reply['errorMessage']}")
    if status != HTTPStatus.OK or error:
        raise FunctionError(f"{error or status}: {text}")
    return reply


def lambda_environment(base: Mapping[str, str], function: str, memory_mb: int, timeout: int) -> dict[str, str]:
    """`base` with what Lambda itself tells a function; the emulator adds the rest. Times in whole seconds."""
    return dict(base) | {
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "LAMBDA_TASK_ROOT": str(Path.cwd()),
    }


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that are free now."""
    listening = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports: list[int] = [server.getsockname()[1] for server in listening]
    for server in listening:
        server.close()
    return ports
