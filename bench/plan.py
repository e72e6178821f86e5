"""How much is measured, with which models, and in which processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.lanes import Lane
from bench.worker import BUCKET
from handler.card import PREPROCESSING
from handler.errors import DigitdropError
from infra.place import Place
from train.publish import CARD, PRETRAINED, RELEASES

FOLDER: Final = Path("artifacts/bench")
MLP: Final = "mlp"
CNN: Final = "cnn"
NETWORKS: Final = (MLP, CNN)
_RECIPE: Final = ("--network", MLP, "--neurons", "100", "--epochs", "10", "--seed", "0")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured; the defaults are the full form."""

    releases: Mapping[str, Path]
    """Folder of the model of each network."""
    rounds: int = 5
    starts: int = 7
    images: int = 10_000
    """In a zip; at most the 10,000 of MNIST's test set."""
    mixed: int = 10_000
    loose: int = 2_000
    peer_images: int = 100
    """That the TensorFlow peer reads one by one, in seconds; its rate is the same for more."""
    counts: Sequence[int] = (1_000, 10_000, 100_000, 1_000_000)
    """Images in a zip, for memory and growth; the last is compared with `compared`."""
    compared: int = 10_000
    memory_rounds: int = 5
    idx: int = 60_000
    members: Sequence[int] = (10, 100, 1_000, 10_000)
    """In each archive of drops that have as many images as the last."""
    standing: Sequence[int] = (1_000, 10_000, 100_000, 1_000_000)
    """Rows that a folder's CSV has before one more image comes."""
    handlers: Sequence[int] = (1, 2, 4, 8)
    at_once: int = 5_000
    """Images in the zip of each of several handlers that work at once."""
    contended: int = 50
    """Loose images of each of several handlers that write one CSV."""
    cost_images: int = 5_000
    folder: Path = FOLDER
    environment: Mapping[str, str] = field(
        default_factory=lambda: Place(0).environment(os.environ) | {"DIGITDROP_BUCKET": BUCKET}
    )

    def worker(self, network: str, number: int = 0, megabytes: int = 0) -> Lane:
        """The handler in a process of its own; `number` tells apart those that run at once.

        As many as it begins itself are right for this machine, or for a function of so many `megabytes`.
        """
        out = self.folder / "out" / f"{network}-{number}-{megabytes}"
        size = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(megabytes)} if megabytes else {}
        return Lane("bench.worker", [str(self.releases[network]), str(out)], {**self.environment, **size})


SHORT: Final[Mapping[str, object]] = {
    "rounds": 3,
    "starts": 3,
    "images": 2_000,
    "mixed": 200,
    "loose": 200,
    "peer_images": 20,
    "counts": (1_000, 10_000, 40_000),
    "memory_rounds": 1,
    "idx": 5_000,
    "members": (10, 100, 1_000),
    "standing": (1_000, 10_000),
    "handlers": (1, 2),
    "at_once": 1_000,
    "contended": 20,
    "cost_images": 1_000,
}
"""For CI: small enough to end within three minutes."""


def releases(say: Callable[[str], None]) -> dict[str, Path]:
    """The model that is shipped, and an mlp: the one of `artifacts/models`, which is trained where there is none."""
    found = _mlp()
    if found is None:
        say("Training the mlp, once")
        command = [sys.executable, "-m", "train", *_RECIPE]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours
        found = _mlp()
        if found is None:
            raise DigitdropError(f"the mlp could not be trained: {done.stderr.strip()[-300:]}")
    return {MLP: found, CNN: PRETRAINED}


def _mlp() -> Path | None:
    """The newest that this handler can use."""
    paths = sorted(RELEASES.glob(f"*/{CARD}"), key=lambda path: path.stat().st_mtime)
    cards = [(path.parent, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    fit = [at for at, card in cards if (card.get("network"), card.get("preprocessing")) == (MLP, PREPROCESSING)]
    return fit[-1] if fit else None
