"""One event handed to the function as Lambda would hand it over, beside a stack that is up."""

import json
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from handler.errors import DigitdropError
from infra.emulator import emulator
from infra.place import HOST, Place
from infra.processes import LocalError
from infra.running import EMULATED, Plan, job_of, stack_at
from infra.worker import invoker


def send(path: Path, plan: Plan, say: Callable[[str], None]) -> None:
    """Invoke the function once with the event in the JSON file at `path`, and say what it replied.

    Whatever the event names lies in the bucket of the stack at the plan's port; its queue is not asked.
    Raises `LocalError` where the file holds no JSON, no stack is up, or the function fails.
    """
    event = event_in(path)
    place = Place(plan.port)
    _check_up(place)
    stack = stack_at(place, plan.parameters or {})
    program = str(emulator(say)) if plan.runtime == EMULATED else ""
    os.environ.update(place.environment(os.environ) | dict(stack.environment))
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s", level=logging.WARNING)
    invoke = invoker(job_of("the function", plan.handler, program, place, stack))
    try:
        reply = invoke(event)
    except DigitdropError:
        raise
    except Exception as error:  # a function may raise anything
        raise LocalError(f"the function raised {type(error).__name__}: {error}") from error
    say(f"{path.name}: the function replied {json.dumps(reply)}")


def event_in(path: Path) -> object:
    """The event in a JSON file; `LocalError` where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{path} cannot be read ({error.strerror}): samples are in infra/events") from error
    except ValueError as error:
        raise LocalError(f"{path} is not JSON ({error}): samples are in infra/events") from error


def _check_up(place: Place) -> None:
    try:
        with socket.create_connection((HOST, place.port), 5):
            return
    except OSError as error:
        raise LocalError(
            f"no stack is up at {place.endpoint} ({error.strerror}): make up in another terminal, "
            "and the same PORT= for both"
        ) from error
