"""`python -m train`: flags to functions."""

import logging
import os
import sys
from argparse import Namespace

from handler.errors import DigitdropError, StoreError
from train import flags as command_line
from train import listing, publish, registry
from train.errors import INSTALL, PublishError


def main(arguments: list[str]) -> int:
    """Do what the command line asks for; 0, or 1 after a line that says what went wrong."""
    flags = command_line.parse(arguments, os.environ)
    commands = {"train": _train, "publish": _publish, "activate": _activate, "evaluate": _evaluate, "list": _list}
    _prepare_output()
    try:
        commands[flags.command](flags)
    except DigitdropError as error:
        return _failed(str(error))
    except ModuleNotFoundError as error:  # the environment is that of `make demo`, which trains nothing
        return _failed(f"{error.name} is not installed, and `{flags.command}` needs it here: {INSTALL}")
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    return 0


def _failed(reason: str, status: int = 1) -> int:
    print(f"error: {' '.join(reason.splitlines())}", file=sys.stderr)  # noqa: T201  # the command line is made of these lines
    return status


def _train(flags: Namespace) -> None:
    store = _store(flags.bucket) if flags.bucket else None
    if store:
        registry.live_version(store)  # a bucket that cannot be reached is better known before than after training
    from train import data, release  # noqa: PLC0415  # takes seconds, and `list` does not need it

    terms = release.Terms(flags.min_accuracy, flags.review_below)
    made = release.train(command_line.recipe(flags), terms, data.load_mnist())
    _upload(made, store)


def _publish(flags: Namespace) -> None:
    store = _store(flags.bucket) if flags.bucket else None
    if store:
        registry.live_version(store)
    if flags.model.is_dir():
        if flags.labels:
            raise PublishError(f"the labels of {flags.model} are in its card: --labels is for a FILE.h5")
        made = publish.read_release(flags.model)
        publish.require(made.accuracy, flags.min_accuracy)
        _upload(made, store)
        return
    from train import data, release  # noqa: PLC0415  # takes seconds, and a prepared release does not need it

    labels = flags.labels or publish.DIGITS
    terms = release.Terms(flags.min_accuracy, flags.review_below, labels)
    _upload(release.prepare(flags.model, terms, data.load_mnist()), store)


def _upload(made: publish.Release, store: registry.Store | None) -> None:
    _say(f"model {made.version} is in {made.folder}")
    if store is None:
        _say(f"no bucket is given, so it is not uploaded; python -m train publish {made.folder} --bucket B does it")
        return
    try:
        before = publish.upload(made.folder, store)
    except DigitdropError as error:
        raise PublishError(f"{error} (to upload it again: python -m train publish {made.folder})") from error
    _say_live(made.version, before)


def _say_live(version: str, before: str | None) -> None:
    _say(f"model {version} is live" + (", as it was" if before == version else f"; before it: {before or 'none'}"))


def _activate(flags: Namespace) -> None:
    _say_live(flags.version, registry.activate(_store(flags.bucket), flags.version))


def _list(flags: Namespace) -> None:
    found = listing.entries(_store(flags.bucket))
    if not found:
        _say("no models yet: python -m train publishes one")
        return
    width = max(10, *(len(entry.network) for entry in found))
    row = f"{{:12}}  {{:{width}}}  {{:>8}}  {{:25}}  {{}}"
    _say(row.format("version", "network", "accuracy", "created", "state"))
    for entry in found:
        accuracy = "" if entry.accuracy is None else f"{entry.accuracy:.4f}"
        _say(row.format(entry.version, entry.network, accuracy, entry.created, entry.state).rstrip())


def _evaluate(flags: Namespace) -> None:
    from train import evaluate, filestore  # noqa: PLC0415  # ONNX Runtime, which `list` does not need

    is_live = flags.bucket and not flags.model
    models = _store(flags.bucket) if is_live else filestore.release_store(flags.model or publish.PRETRAINED)
    out = flags.out or evaluate.EVALUATIONS
    zips = list(flags.zips)
    if flags.mnist:
        from train import data, testset  # noqa: PLC0415  # which other sets do not need

        mnist = data.load_mnist()
        zips.insert(0, out / "mnist-test.zip")
        testset.write(zips[0], mnist.x_test, mnist.y_test)
    if zips:
        evaluate.evaluate(zips, models, out, flags.review_below)
    if flags.strangers:
        from train import acceptance  # noqa: PLC0415  # Matplotlib, whose fonts strangers are drawn with

        acceptance.evaluate_strangers(models, flags.strangers, out, flags.review_below)


def _store(bucket: str) -> registry.Store:
    from handler.store import S3Store  # noqa: PLC0415  # boto3 takes half a second, and --help does not need it

    try:
        return S3Store(bucket)
    except Exception as error:  # boto3 and botocore share no base, and neither is known here
        raise StoreError(f"no client for S3 ({error}): see AWS_ENDPOINT_URL, AWS_PROFILE and the like") from error


def _prepare_output() -> None:
    """What `train` logs is this program's output; what TensorFlow says at its start is not."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logger = logging.getLogger("train")
    logger.handlers = [logging.StreamHandler(sys.stdout)]
    logger.setLevel(logging.INFO)
    logger.propagate = False  # TensorFlow's libraries give the root logger a handler of their own
    logging.getLogger("digitdrop").handlers = [logging.NullHandler()]  # what fails in it comes back as an error


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the command line is made of these lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
