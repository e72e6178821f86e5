"""`make deploy`: the function's image, built and handed to AWS SAM, which asks the first time and remembers.

What `sam deploy --guided` was told stands in samconfig.toml. `--parameter-overrides` on a command line replaces all of
it, and `--guided` would propose and save the template's defaults instead: a later deployment is given none, and builds
for the processor that was chosen then.
"""

import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from infra import engine, sam
from infra.processes import LocalError

CONFIG: Final = Path("samconfig.toml")
DEFAULT: Final = "x86_64"
"""The template's own Architecture, which holds where something else is saved, and not that."""
STAND_IN: Final = "digitdrop.stand-in"
"""The label of CI's base image, which its children inherit; `.ci/base/build` sets it."""


def main(flags: list[str]) -> int:
    """Build and deploy, with `flags` for `sam deploy`; SAM's own status, or 1 after a line that says what is wrong."""
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches SAM too, whose end is waited for
    try:
        sam.require()
        build, deploy = commands(saved(_config(), environment_of(flags)), sam.architecture(), flags)
        status = _run(build)
        if status:
            return status
        refuse_stand_in(engine.labels(sam.IMAGE))
        return _run(deploy)
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # the command line is made of these lines
        return 1


def commands(parameters: str, machine: str, flags: Sequence[str]) -> tuple[list[str], list[str]]:
    """How to build and how to deploy, with the parameters that are saved, or none, on a machine of this kind; pure.

    The first time SAM asks, and this machine's kind is what it proposes.
    """
    if not parameters:
        first = ["--parameter-overrides", f"Architecture={machine}"]
        return ["sam", "build", *first], ["sam", "deploy", "--guided", *first, *flags]
    found = re.search(r'\bArchitecture(?:,ParameterValue)?="?(\w+)', parameters)
    kind = found[1] if found else DEFAULT
    return ["sam", "build", "--parameter-overrides", f"Architecture={kind}"], ["sam", "deploy", *flags]


def saved(config: Mapping[str, Any], environment: str) -> str:
    """The parameters that an earlier deployment saved in SAM's configuration, as one line; "" where there are none.

    SAM writes them as a line, and reads lists of such lines and tables too.
    """
    value: Any = config
    for name in (environment, "deploy", "parameters", "parameter_overrides"):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        value = [f"{name}={text}" for name, text in value.items()]
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def environment_of(flags: Sequence[str]) -> str:
    """The part of SAM's configuration that `sam deploy` is told to take."""
    words = [word for flag in flags for word in flag.split("=", 1)]
    return next((value for name, value in pairwise(words) if name == "--config-env"), "default")


def refuse_stand_in(labels: Mapping[str, str]) -> None:
    """Raise `LocalError`, which says what to do, for an image that is built on CI's base image and not on AWS's."""
    if STAND_IN in labels:
        raise LocalError(
            f"the image was built on CI's stand-in for AWS's base image, and is not for production: "
            f"docker pull {sam.base()}, and make deploy again"
        )


def _config() -> Mapping[str, Any]:
    try:
        return tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise LocalError(f"{CONFIG} cannot be read: {error}") from error


def _run(command: Sequence[str]) -> int:
    """A command's status; it asks and tells on this terminal, and sees the user's own account."""
    print(" ".join(command), flush=True)  # noqa: T201  # likewise
    return subprocess.run(command, check=False).returncode  # noqa: S603  # sam, with arguments of ours


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
