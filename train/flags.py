"""The command line of `python -m train`: every flag, with its bounds."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from train.recipe import DEFAULTS, NETWORKS, Recipe

BUCKET: Final = "DIGITDROP_BUCKET"
_LABEL: Final = re.compile("[A-Za-z0-9]{1,8}")


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """The flags, checked: `command` ("train" where none is given), `bucket` ("" where there is none), and the rest.

    Prints what is wrong and exits with 2 where a flag is out of its bounds.
    """
    parser = _parser()
    flags = parser.parse_args(arguments)
    if flags.command == "evaluate" and flags.model and flags.bucket:
        parser.error("--model and --bucket name a model each: leave one of them out")
    if flags.command == "evaluate" and not (flags.zips or flags.mnist or flags.strangers):
        parser.error("nothing to read: give DATA.zip, --mnist, --strangers N, or several of them")
    flags.bucket = flags.bucket or environment.get(BUCKET, "")
    if flags.command in ("activate", "list") and not flags.bucket:
        parser.error(f"no bucket: give --bucket, or set {BUCKET}")
    if flags.network != "mlp" and (flags.neurons or flags.hidden_layers):
        parser.error(f"--neurons and --hidden-layers shape the mlp: leave them out with --network {flags.network}")
    return flags


def recipe(flags: argparse.Namespace) -> Recipe:
    """How the network of these flags is trained."""
    names = ("neurons", "hidden_layers", "epochs", "batch_size", "learning_rate", "seed")
    given = {name: value for name in names if (value := getattr(flags, name)) is not None}
    return replace(DEFAULTS[flags.network], **given)


def _parser() -> argparse.ArgumentParser:
    default, deep = DEFAULTS["mlp"], DEFAULTS["cnn"]
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train a network on MNIST, and publish it in the bucket. Without a bucket it is only prepared.",
        epilog="The endpoint and the credentials are those of boto3 (AWS_ENDPOINT_URL, AWS_PROFILE, …).",
    )
    add = parser.add_argument
    add("--network", choices=NETWORKS, default=default.network, help=f"which network; default {default.network}")
    add("--neurons", type=_whole(1, 4096), help=f"of each hidden layer of the mlp; default {default.neurons}")
    add("--hidden-layers", type=_whole(1, 8), help=f"of the mlp; default {default.hidden_layers}")
    add("--epochs", type=_whole(1, 1000), help=f"default {default.epochs}; cnn {deep.epochs}")
    add("--batch-size", type=_whole(1, 60_000), help=f"default {default.batch_size}; cnn {deep.batch_size}")
    text = f"of Adam; default {default.learning_rate}; cnn {deep.learning_rate}, of AdamW at its highest"
    add("--learning-rate", type=_real(1e-7, 1), help=text)
    add("--seed", type=_whole(0, (1 << 32) - 1), default=default.seed, help="same seed, same weights; default 0")
    _add_terms(parser, 0.97, None)
    _add_bucket(parser, "")
    parser.set_defaults(command="train")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands, instead of training")
    publish = commands.add_parser("publish", help="publish a model that is trained already")
    publish.add_argument("model", type=Path, metavar="FILE.h5", help="or the folder of a prepared release")
    text = "ten names in place of 0 to 9, comma separated, each of 1 to 8 letters and digits"
    publish.add_argument("--labels", type=_labels, help=text)
    _add_terms(publish, argparse.SUPPRESS, argparse.SUPPRESS)
    activate = commands.add_parser("activate", help="make another published model live, or roll back")
    activate.add_argument("version", metavar="VERSION")
    evaluate = commands.add_parser("evaluate", help="read labelled images as the function does, and say how well")
    evaluate.add_argument("zips", type=Path, nargs="*", metavar="DATA.zip", help="with labels.csv (file,label) in it")
    text = "draw N pictures of each kind of what is no digit, and say how many come out as ok"
    evaluate.add_argument("--strangers", type=_whole(1, 100_000), default=0, metavar="N", help=text)
    evaluate.add_argument(
        "--mnist", action="store_true", help="read MNIST's test set, as a zip of PNGs, before the others"
    )
    text = "of a prepared release; default: the live model of --bucket, or without one the model that is shipped"
    evaluate.add_argument("--model", type=Path, metavar="FOLDER", help=text)
    evaluate.add_argument("--out", type=Path, metavar="FOLDER", help="for the reports; default: artifacts/evaluation")
    text = "try this threshold in place of the model's own"
    evaluate.add_argument("--review-below", type=_real(0, 1), default=argparse.SUPPRESS, help=text)
    listing = commands.add_parser("list", help="show the published models, and which one is live")
    for name, command in (("publish", publish), ("activate", activate), ("evaluate", evaluate), ("list", listing)):
        command.set_defaults(command=name)
        _add_bucket(command, argparse.SUPPRESS)
    return parser


def _add_terms(parser: argparse.ArgumentParser, min_accuracy: float | str, review_below: str | None) -> None:
    """A command's own default is none at all, or it would replace what was given before the command."""
    text = "a model below this, on the test images, is refused; default 0.97"
    parser.add_argument("--min-accuracy", type=_real(0, 1), default=min_accuracy, help=text)
    text = "predictions of less confidence are marked for review; default: what held-out images say, else 0.8"
    parser.add_argument("--review-below", type=_real(0, 1), default=review_below, help=text)


def _add_bucket(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--bucket", default=default, help=f"default: the environment variable {BUCKET}")


def _labels(text: str) -> tuple[str, ...]:
    labels = tuple(label.strip() for label in text.split(","))
    if len(labels) != len("0123456789"):
        raise argparse.ArgumentTypeError(f"{text!r} are {len(labels)} names: ten are needed, separated by commas")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise argparse.ArgumentTypeError(f"{label!r} must be of 1 to 8 letters and digits, A to Z, a to z, 0 to 9")
        if labels.count(label) > 1:
            raise argparse.ArgumentTypeError(f"{label!r} is there {labels.count(label)} times: all must be different")
    return labels


def _whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        return int(_bounded(text, int, low, high))

    return convert


def _real(low: float, high: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        return _bounded(text, float, low, high)

    return convert


def _bounded(text: str, kind: Callable[[str], float], low: float, high: float) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not low <= number <= high:  # which NaN is not
        name = "a whole number" if kind is int else "a number"
        raise argparse.ArgumentTypeError(f"{text!r} must be {name} from {low:.10g} to {high:.10g}")
    return number
