"""`python -m infra.local up`, `send`, `invoke`, `demo`: what `template.yaml` describes, on this machine alone."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from handler.errors import DigitdropError
from infra import demo
from infra.directions import directions
from infra.invoke import invoke
from infra.place import DEFAULT_PORT, isolated
from infra.processes import interruptible
from infra.running import CONTAINER, EMULATED, HANDLER, HERE, Plan, running
from infra.send import send
from train.publish import PRETRAINED

_TEND_SECONDS: Final = 0.2
_RUNTIMES: Final = (
    "python: the function runs in a process of ours; rie: in Lambda's own client and emulator; container: nowhere, "
    "and S3 answers where `sam local invoke` finds it (%(default)s)"
)


def main(arguments: list[str]) -> int:
    """Do what the command line asks for; 0, or 1 after a line that says what went wrong."""
    flags = _parser().parse_args(arguments)
    interruptible()
    environment = isolated(os.environ)  # before any client is made: none may see the user's own account
    os.environ.clear()
    os.environ.update(environment)
    try:
        if flags.command == "demo":
            demo.demo(flags.model, _say)
            return 0
        plan = Plan(
            flags.port,
            flags.speed,
            dict(flags.parameter),
            flags.handler,
            flags.runtime,
            model=flags.model,
            command=_command(flags),
        )
        if flags.command == "send":
            send(flags.event, plan, _say)
            return 0
        if flags.command == "invoke":
            invoke(flags.event, plan, _say)
            return 0
        return _up(plan)
    except KeyboardInterrupt:
        _say("Stopped; nothing of it is left running")
        return 0 if flags.command == "up" else 130
    except (DigitdropError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # the command line is made of these lines
        return 1


def _up(plan: Plan) -> int:
    with running(plan, _say) as stack:
        _say(directions(stack, plan.speed))
        while True:
            stack.tend()
            time.sleep(_TEND_SECONDS)


def _command(flags: argparse.Namespace) -> str:
    """The command that was given, as make has it."""
    runtime = "" if flags.command == "invoke" or flags.runtime == HERE else f" RUNTIME={flags.runtime}"
    return f"make {flags.command}{runtime}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the stack and keep it up until Ctrl-C")
    up.add_argument("--speed", type=_speed, default=1.0, help="divides every time of the template (%(default)g)")
    one = commands.add_parser("send", help="hand one event to the function, beside a stack that is up")
    one.add_argument("event", type=Path, metavar="EVENT.json", help="such as those in infra/events")
    one.set_defaults(speed=1.0, model=PRETRAINED)  # a queue's times have no part in it, and the model is there already
    up.add_argument("--runtime", choices=(HERE, EMULATED, CONTAINER), default=HERE, help=_RUNTIMES)
    one.add_argument("--runtime", choices=(HERE, EMULATED), default=HERE, help=_RUNTIMES)
    sam = commands.add_parser("invoke", help="hand sample events to the function's own container, by sam local invoke")
    sam.add_argument("event", type=Path, nargs="?", metavar="EVENT.json", help="one alone (all of infra/events)")
    sam.set_defaults(speed=1.0, runtime=CONTAINER, handler=HANDLER)
    for command in (up, one):
        command.add_argument("--handler", default=HANDLER, metavar="MODULE:FUNCTION", help="the function (%(default)s)")
    for command in (up, one, sam):
        _add_shared(command)
    whole = commands.add_parser("demo", help="start it on a free port, drop MNIST's test set, sum up the CSVs, end")
    for command in (up, sam, whole):
        text = "the prepared release that is live in it (%(default)s)"
        command.add_argument("--model", type=Path, default=PRETRAINED, metavar="FOLDER", help=text)
    return parser


def _add_shared(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=_port, default=DEFAULT_PORT, help="where S3 and SQS answer here (%(default)s)")
    command.add_argument(
        "--parameter",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of template.yaml; may be given several times",
    )


def _port(text: str) -> int:
    if not (text.isdecimal() and 0 <= int(text) <= 65_535):  # noqa: PLR2004  # the ports there are
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535, or 0 for any that is free")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 1 <= speed <= 1000:  # noqa: PLR2004  # beyond, no invocation would have time to begin
        raise argparse.ArgumentTypeError(f"{text!r} must be a number from 1 to 1000")
    return speed


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} must be NAME=VALUE")
    return name, value


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the command line is made of these lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
