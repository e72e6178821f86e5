"""The running local stack: server, resources, model and workers, as one thing that begins and ends."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from errno import EADDRINUSE
from pathlib import Path
from typing import IO, Final

from handler.cores import cores
from infra.emulator import emulator
from infra.engine import bridge_host, require
from infra.place import HOST, Place
from infra.processes import Child, LocalError, Processes, how_it_ended, revive
from infra.resources import create, publish
from infra.stack import Stack, scaled
from infra.template import read_stack
from infra.worker import Job
from train.publish import PRETRAINED

TEMPLATE: Final = Path("template.yaml")
BUCKET: Final = "digitdrop-local"
HANDLER: Final = "handler.app:lambda_handler"
HERE: Final = "python"
"""The runtime that is nothing but the workers' own processes."""
EMULATED: Final = "rie"
"""Lambda's own Runtime Interface Client and Emulator."""
CONTAINER: Final = "container"
"""None of ours: nothing polls the queue, and whoever has the function's container invokes it, where it reaches S3."""
_LEAST_EMULATED_SECONDS: Final = 10
"""The emulator counts the start of the function as part of an invocation; Lambda gives it as much beside that."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run the stack."""

    port: int
    """0: any that is free."""
    speed: float = 1.0
    parameters: Mapping[str, str] | None = None
    """Of the template, where they are not its defaults."""
    handler: str = HANDLER
    runtime: str = HERE
    model: Path = PRETRAINED
    """Folder of the release that is live in it."""
    output: IO[bytes] | None = None
    """Where server and workers write to; None: where this process does."""
    command: str = "make up"
    """What starts it, as an error may advise it."""


@dataclass(frozen=True, slots=True)
class Running:
    """The stack as it runs."""

    place: Place
    stack: Stack
    server: Child
    workers: tuple[Child, ...]
    say: Callable[[str], None]

    def tend(self) -> None:
        """Start workers again that have died; `LocalError` where the server has, with all that it held."""
        status = self.server.process.poll()
        if status is not None:
            raise LocalError(f"the moto server {how_it_ended(status)}, and its objects are gone: start the stack again")
        for worker in self.workers:
            news = revive(worker)
            if news:
                back = "" if worker.again_at is None else f"; what it held comes back within {self.stack.visibility} s"
                self.say(news + back)


@contextmanager
def running(plan: Plan, say: Callable[[str], None]) -> Iterator[Running]:
    """The stack, up to the end of the `with`; `LocalError` where it cannot be started."""
    program = str(emulator(say)) if plan.runtime == EMULATED else ""
    host = HOST
    if plan.runtime == CONTAINER:
        require()
        host = bridge_host(say)
    listening = listen(plan.port, host, plan.command)
    place = Place(listening.getsockname()[1], host=host)
    with Processes(plan.output) as processes:
        base = place.environment(os.environ)
        stack = scaled(stack_at(place, plan.parameters or {}), plan.speed)
        if program:
            stack = _with_time_to_start(stack, plan.speed)
        server = processes.start(
            "the moto server", "infra.server", [str(listening.fileno())], base, descriptor=listening.fileno()
        )
        listening.close()
        create(stack, place)
        publish(stack, place, plan.model, say)
        count = 0 if plan.runtime == CONTAINER else max(1, min(stack.max_concurrency, os.cpu_count() or 1))
        jobs = [job_of(f"worker {number}", plan.handler, program, place, stack) for number in range(1, count + 1)]
        spare = {"WORKERS": f"{max(0, cores() // max(1, count) - 1)}"}  # each of them begins as many processes more
        environment = spare | base | dict(stack.environment)
        workers = [processes.start(job.name, "infra.worker", [job.to_json()], environment) for job in jobs]
        yield Running(place, stack, server, tuple(workers), say)


def listen(port: int, host: str = HOST, command: str = "make up") -> socket.socket:
    """A socket that listens at one address of this machine alone; `LocalError` where the port cannot be had."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        reason = "is taken by another program" if error.errno == EADDRINUSE else f"cannot be used ({error.strerror})"
        raise LocalError(f"port {port} {reason}; choose another: {command} PORT={max(port, 5000) + 1}") from error


def stack_at(place: Place, parameters: Mapping[str, str]) -> Stack:
    """What the template describes, with these parameters; `LocalError` where it cannot be read."""
    try:
        text = TEMPLATE.read_text(encoding="utf-8")
    except OSError as error:
        raise LocalError(f"{TEMPLATE} cannot be read ({error.strerror}): run this in the project's folder") from error
    return read_stack(text, place, {"BucketName": BUCKET, **parameters})


def _with_time_to_start(stack: Stack, speed: float) -> Stack:
    """The stack with invocations long enough for the emulator; messages must stay hidden for longer than that."""
    timeout = max(stack.timeout, _LEAST_EMULATED_SECONDS)
    if stack.timeout < timeout and stack.visibility <= timeout + stack.window:
        raise LocalError(
            f"a speed of {speed:g} hides messages for {stack.visibility} s, and in the emulator an invocation may "
            f"take {timeout:g} s: choose a lower one"
        )
    return replace(stack, timeout=timeout)


def job_of(name: str, handler: str, program: str, place: Place, stack: Stack) -> Job:
    """What one execution environment of the function needs to know; `program` is the emulator, or ""."""
    return Job(
        name=name,
        handler=handler,
        port=place.port,
        queue=stack.queue,
        batch_size=stack.batch_size,
        window=stack.window,
        reports_failures=stack.reports_failures,
        function=stack.function,
        timeout=stack.timeout,
        memory_mb=stack.memory_mb,
        emulator=program,
    )
