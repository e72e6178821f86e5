"""Whether rows are complete and right: against a simple path that reads one picture at a time."""

import csv
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench import samples
from handler.images import normalise
from handler.model import Registry
from handler.pictures import read_frames
from train.filestore import release_store

LEAST_ACCURACY: Final[Mapping[str, float]] = {samples.MNIST: 0.96, samples.SMALL: 0.93, samples.MIXED: 0.85}
"""Of the weaker network, with room for fewer pictures than these are known of."""
_PIXELS: Final = 50_000_000
_ROUNDING: Final = 0.00015
"""A group of pictures may differ from one alone in the last of four decimals."""


def expected(path: Path, numbers: Iterable[int], release: Path) -> dict[int, tuple[str, float]]:
    """Digit and confidence of some members of a zip, by their number, each read alone."""
    classifier = Registry(release_store(release)).current()
    found = {}
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        for number in numbers:
            plane = next(iter(read_frames(archive.read(names[number]), _PIXELS, 1)))
            (shares,) = classifier.probabilities(normalise(plane).pixels[None])
            best = int(shares.argmax())
            found[number] = classifier.labels[best], float(shares[best])
    return found


def faults(
    rows: Sequence[Mapping[str, str]],
    names: Sequence[str],
    labels: Sequence[int],
    simple: Mapping[int, tuple[str, float]],
    least: float,
) -> list[str]:
    """What is wrong with the rows of a zip with these `names` and `labels`, beside what the `simple` path says."""
    found = []
    if [row["image"] for row in rows] != list(names):
        return [f"{len(rows)} rows, which are not those of the {len(names)} images in their order"]
    errors = [row["image"] for row in rows if row["status"] == "error"]
    if errors:
        found.append(f"{len(errors)} rows are errors, the first one that of {errors[0]}")
    right = sum(row["digit"] == str(label) for row, label in zip(rows, labels, strict=True)) / len(rows)
    if right < least:
        found.append(f"only {right:.1%} of the digits are right, where {least:.0%} are expected at least")
    for number, (digit, share) in simple.items():
        row = rows[number]
        if row["digit"] != digit or abs(float(row["confidence"] or 0) - share) > _ROUNDING:
            found.append(f"{row['image']} is {row['digit']} ({row['confidence']}), read alone {digit} ({share:.4f})")
    return found


def check(csv_path: Path, path: Path, kind: str, release: Path, some: int = 100) -> list[str]:
    """What is wrong with the CSV of a zip of `samples`; `some` of its pictures are read in the simple way."""
    with csv_path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    numbers = range(0, len(names), max(1, len(names) // some))
    simple = expected(path, numbers, release)
    told = faults(rows, names, samples.labels(len(names), kind), simple, LEAST_ACCURACY[kind])
    return [f"{path.name}, {release.name}: {fault}" for fault in told]
