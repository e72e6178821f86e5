"""`python -m train`: flags to functions."""

import os
import sys
from argparse import Namespace

from handler.errors import DigitdropError, StoreError
from train import flags as command_line
from train import listing, output, publish, registry
from train.errors import INSTALL, PublishError
from train.output import failed, say


def main(arguments: list[str]) -> int:
    """Do what the command line asks for; 0, or 1 after a line that says what went wrong."""
    flags = command_line.parse(arguments, os.environ)
    commands = {"train": _train, "publish": _publish, "activate": _activate, "evaluate": _evaluate, "list": _list}
    output.prepare()
    try:
        commands[flags.command](flags)
    except DigitdropError as error:
        return failed(str(error))
    except ModuleNotFoundError as error:  # the environment is that of `make demo`, which trains nothing
        return failed(f"{error.name} is not installed, and `{flags.command}` needs it here: {INSTALL}")
    except BrokenPipeError:
        return output.unread()
    except OSError as error:
        return failed(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return failed("interrupted", 130)
    return 0


def _train(flags: Namespace) -> None:
    store = _store(flags.bucket) if flags.bucket else None
    from train import data, release  # noqa: PLC0415  # takes seconds, and `list` does not need it

    terms = release.Terms(flags.min_accuracy, flags.review_below)
    made = release.train(command_line.recipe(flags), terms, data.load_mnist())
    _upload(made, store)


def _publish(flags: Namespace) -> None:
    store = _store(flags.bucket) if flags.bucket else None
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
    say(f"model {made.version} is in {made.folder}")
    if store is None:
        say(f"no bucket is given, so it is not uploaded; python -m train publish {made.folder} --bucket B does it")
        return
    try:
        before = publish.upload(made.folder, store)
    except DigitdropError as error:
        raise PublishError(f"{error} (to upload it again: python -m train publish {made.folder})") from error
    _say_live(made.version, before)


def _say_live(version: str, before: str | None) -> None:
    say(f"model {version} is live" + (", as it was" if before == version else f"; before it: {before or 'none'}"))


def _activate(flags: Namespace) -> None:
    _say_live(flags.version, registry.activate(_store(flags.bucket), flags.version))


def _list(flags: Namespace) -> None:
    found = listing.entries(_store(flags.bucket))
    if not found:
        say("no models yet: python -m train publishes one")
        return
    width = max(10, *(len(entry.network) for entry in found))
    row = f"{{:12}}  {{:{width}}}  {{:>8}}  {{:25}}  {{}}"
    say(row.format("version", "network", "accuracy", "created", "state"))
    for entry in found:
        accuracy = "" if entry.accuracy is None else f"{entry.accuracy:.4f}"
        say(row.format(entry.version, entry.network, accuracy, entry.created, entry.state).rstrip())


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
    """The bucket, once it was read from: what is wrong is better known before a training than after it."""
    from handler.store import S3Store  # noqa: PLC0415  # boto3 takes half a second, and --help does not need it

    try:
        store = S3Store(bucket)
    except Exception as error:  # boto3 and botocore share no base, and neither is known here
        raise StoreError(f"no client for S3 ({error}): see AWS_ENDPOINT_URL, AWS_PROFILE and the like") from error
    try:
        registry.live_version(store)
    except StoreError as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or "not set, so that AWS itself is asked"
        raise StoreError(
            f"bucket {bucket} cannot be read ({error}): see to its name, to AWS_ENDPOINT_URL ({endpoint}), "
            "and to the credentials: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from error
    return store


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
