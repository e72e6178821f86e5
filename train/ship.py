"""`python -m train.ship FOLDER`: a prepared release in the place of the one that comes with the project."""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

from handler.errors import DigitdropError
from train.errors import PublishError
from train.publish import CARD, DIGITS, PRETRAINED, Release, read_release

MAX_BYTES: Final = 3_000_000
"""Of all its files together: everybody who clones the project has them."""


def ship(folder: Path) -> Release:
    """Copy the release in `folder` to `PRETRAINED`, where nothing else is left, and commit it yourself.

    Raises `PublishError` where it is not whole, too large, or no model of digits that was trained here, by a recipe
    that makes it again.
    """
    release = read_release(folder)
    if tuple(release.card["labels"]) != DIGITS or not release.card["training"]:
        raise PublishError(f"{folder} was not trained here: what comes with the project must be made by `make train`")
    names = [*release.card["files"], CARD]
    size = sum((folder / name).stat().st_size for name in names)
    if size > MAX_BYTES:
        raise PublishError(f"{folder} has {size:,} bytes, more than {MAX_BYTES:,}: make the network smaller")
    if folder.resolve() != PRETRAINED.resolve():
        shutil.rmtree(PRETRAINED, ignore_errors=True)
        PRETRAINED.mkdir(parents=True)
        for name in names:
            shutil.copyfile(folder / name, PRETRAINED / name)
    return read_release(PRETRAINED)


def main(arguments: list[str]) -> int:
    """Do it; 0, or 1 after a line that says what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m train.ship", description=__doc__)
    parser.add_argument("folder", type=Path, help="such as artifacts/models/VERSION")
    folder = parser.parse_args(arguments).folder
    try:
        release = ship(folder)
    except DigitdropError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # the command line is made of these lines
        return 1
    print(f"{PRETRAINED} is model {release.version}, accuracy {release.accuracy:.4f}: commit it")  # noqa: T201  # likewise
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
