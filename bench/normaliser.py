"""What each step of the normaliser is worth on hard pictures of MNIST's test digits: `python -m bench.normaliser`.

The pictures are those of `bench.families`; zips with labels.csv may be given as well. Every column of the table
is the way from pictures to digits with one step left out.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from bench.families import FAMILIES, Labelled, made, read_zip
from handler.card import read_card
from handler.doubt import doubt
from handler.images import normalise
from handler.model import OnnxClassifier
from handler.ports import Classifier
from handler.second_look import look_again
from handler.steps import ALL, Steps


@dataclass(frozen=True, slots=True)
class Variant:
    """How pictures are read."""

    steps: Steps = ALL
    again: bool = True
    """Whether what the model is not sure of is read in other ways too."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model made of a set; shares, 0 to 1."""

    right: float
    ok: float
    right_of_ok: float
    """NaN where nothing is `ok`."""


def variants() -> Mapping[str, Variant]:
    """All there is, and each part of it left out or, where it is not done, put in."""
    single = {field.name: getattr(ALL, field.name) for field in fields(ALL)}
    steps = {f"{'without' if on else 'with'} {name}": replace(ALL, **{name: not on}) for name, on in single.items()}
    changed = {name: Variant(found) for name, found in steps.items()}
    return {"all": Variant(), **changed, "without a second look": Variant(again=False)}


def measure(
    sets: Mapping[str, Labelled], classifier: Classifier, variant: Variant
) -> tuple[dict[str, Measured], float]:
    """Each set's shares, and images read in a second, the model's first look apart."""
    seconds, count, results = 0.0, 0, {}
    for name, labelled in sets.items():
        start = time.perf_counter()
        first = [normalise(plane, variant.steps) for plane in labelled.planes]
        seconds += time.perf_counter() - start
        found = classifier.probabilities(np.stack([normal.pixels for normal in first]))
        start = time.perf_counter()
        normals, found = look_again(first, found, classifier, variant.steps) if variant.again else (first, found)
        seconds += time.perf_counter() - start
        count += len(normals)
        right = found.argmax(axis=1) == labelled.labels
        details = [
            doubt(normal.signs, float(f"{sure:.4f}"), classifier.review_below, 0)
            for normal, sure in zip(normals, found.max(axis=1), strict=True)
        ]
        ok = np.array([not detail for detail in details])
        results[name] = Measured(float(right.mean()), float(ok.mean()), float(right[ok].mean()) if ok.any() else np.nan)
    return results, count / seconds


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.normaliser", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("model", type=Path, help="the folder of a release, with card.json and model.onnx")
    parser.add_argument("zips", type=Path, nargs="*", help="zips with labels.csv")
    parser.add_argument("--count", type=int, default=300, help="pictures of each family (%(default)s)")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--all", action="store_true", help="all steps only, nothing left out")
    flags = parser.parse_args(arguments)
    sets = {name: made(name, flags.count) for name in flags.families} | {
        path.stem: read_zip(path) for path in flags.zips
    }
    card = read_card((flags.model / "card.json").read_bytes())
    classifier = OnnxClassifier(card, (flags.model / "model.onnx").read_bytes())
    chosen = {"all": Variant()} if flags.all else variants()
    results = {name: measure(sets, classifier, variant) for name, variant in chosen.items()}
    print(report(sets, results))  # noqa: T201  # the command line is made of these lines
    return 0


def report(sets: Mapping[str, Labelled], results: Mapping[str, tuple[Mapping[str, Measured], float]]) -> str:
    """The table in Markdown: a row for each set, a column for each variant, in per cent; of the first one `ok` too."""
    first, *others = results
    head = [first, "`ok`", "right of `ok`", *others]
    lines = ["| set | of | " + " | ".join(head) + " |", "|---|--:|" + "--:|" * len(head)]
    for name, labelled in sets.items():
        all_, *rest = (measured[name] for measured, _ in results.values())
        shares = [all_.right, all_.ok, all_.right_of_ok, *(found.right for found in rest)]
        lines.append(f"| {name} | {len(labelled.labels)} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")
    rates = [f"{rate:.0f}" for _, rate in results.values()]
    lines.append("| images/s | | " + " | ".join([rates[0], "", "", *rates[1:]]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
