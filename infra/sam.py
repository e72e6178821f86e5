"""AWS SAM's command line: the function's image built, and invoked once in the container that SAM makes of it."""

import json
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from infra import engine
from infra.container import FunctionError, outcome
from infra.emulator import VERSION
from infra.place import KEY, Place, isolated
from infra.processes import LocalError
from infra.stack import Stack

IMAGE: Final = "handler:digitdrop"
"""What `sam build` calls the image: the function's name in the template, in small letters, and its DockerTag."""
DOCKERFILE: Final = Path("handler/Dockerfile")
END_SECONDS: Final = 15.0
"""What SAM may take to end once it is asked to: it removes its container meanwhile."""
_BUILD_SECONDS: Final = 1800
_GRACE_SECONDS: Final = 120
"""What `sam local invoke` may take beyond the function's own time, to prepare its image."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What came of one `sam local invoke`."""

    reply: Any
    log: str
    """What SAM and the function wrote meanwhile."""


def require() -> None:
    """Raise `LocalError`, which says how to get it, where Docker or SAM is missing."""
    engine.require()
    if shutil.which("sam") is None:
        raise LocalError(
            f"AWS SAM's command line is missing: pipx install aws-sam-cli=={VERSION} (or: brew install aws-sam-cli), "
            "and try again"
        )


def architecture() -> str:
    """This machine's kind, as the template's parameter Architecture names it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def base() -> str:
    """The image that the function's is built on."""
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("FROM ") for line in lines if line.startswith("FROM "))


def build() -> str:
    """Build the function's image for this machine, as far as it is not built already; gives what SAM said."""
    return _sam(["build", "--parameter-overrides", f"Architecture={architecture()}"], _BUILD_SECONDS).stderr


def container_place(place: Place) -> Place:
    """The same server as containers see it."""
    return replace(place, host=engine.CONTAINER_HOST)


def variables(stack: Stack, place: Place) -> dict[str, str]:
    """What the function's environment has in a container: the stack's own, and the way to this machine's S3 and SQS."""
    inside = container_place(place)
    return dict(stack.environment) | {
        "AWS_ENDPOINT_URL": inside.endpoint,
        "QUEUE_URL": inside.queue_url(stack.queue),
    }


def credentials(place: Place) -> dict[str, str]:
    """What SAM tells a container beside its variables, for one that is started without SAM."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_REGION": place.region,
        "AWS_DEFAULT_REGION": place.region,
    }


def invoke(event: Path, stack: Stack, place: Place) -> Invocation:
    """Hand the event in a file to the function by `sam local invoke`.

    Raises `FunctionError` where the function fails, `LocalError` where SAM does.
    """
    inside = container_place(place)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "variables.json"
        file.write_text(json.dumps({"Parameters": variables(stack, place)}), encoding="utf-8")
        overrides = {
            "Architecture": architecture(),
            "BucketName": stack.bucket,
            "EndpointUrl": inside.endpoint,
        }
        flags = [
            *("--event", str(event), "--env-vars", str(file), "--add-host", engine.ADD_HOST, "--skip-pull-image"),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in overrides.items())),
        ]
        return parsed(_sam(["local", "invoke", *flags], round(stack.timeout) + _GRACE_SECONDS, place))


def parsed(done: "subprocess.CompletedProcess[str]") -> Invocation:
    """The function's reply out of what SAM printed: the last line of its output, all else being the log.

    Raises `FunctionError`, which has that log too, where the function failed.
    """
    *_, last = done.stdout.strip().splitlines() or [""]
    try:
        return Invocation(outcome(200, "", last.encode()), done.stderr)
    except FunctionError as error:
        error.log = done.stderr
        raise


def environment(base: Mapping[str, str], place: Place | None = None) -> dict[str, str]:
    """What SAM itself runs in: nothing in it leads to the user's account, nor reports what it does."""
    found = place.environment(base) if place else isolated(base) | {"AWS_DEFAULT_REGION": "us-east-1"}
    found.pop("AWS_ENDPOINT_URL", None)  # SAM would hand it on to the container, from where it leads elsewhere
    return found | {"SAM_CLI_TELEMETRY": "0"}


def _sam(arguments: Sequence[str], seconds: float, place: Place | None = None) -> "subprocess.CompletedProcess[str]":
    """What SAM printed. However the wait for it ends, SAM has the time to remove its container."""
    try:
        process = subprocess.Popen(  # noqa: S603  # sam, with arguments of ours
            ["sam", *arguments],  # noqa: S607  # wherever it is
            env=environment(os.environ, place),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a terminal's Ctrl-C would reach it too, and ours then interrupt its clearing up
        )
    except OSError as error:
        raise LocalError(f"sam {arguments[0]}: {error}") from error
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise LocalError(f"sam {arguments[0]} did not end within {seconds:g} s") from error
    finally:
        _finish(process)
    if process.returncode:
        raise LocalError(f"sam {arguments[0]} failed:\n{_end(stdout)}{_end(stderr)}")
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _finish(process: "subprocess.Popen[str]") -> None:
    """End a process that still runs as Ctrl-C would, and its whole session where that does not help."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _end(text: str | None, lines: int = 20) -> str:
    return "".join(f"{line}\n" for line in (text or "").splitlines()[-lines:])
