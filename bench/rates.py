"""The runs of the throughput section as tables, and the ratios that are asked for; pure."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench import ratios
from bench.lanes import Answer
from bench.plan import CNN, MLP, NETWORKS, Plan
from bench.ratios import figure, ratio
from bench.results import Line, Section, Table
from bench.samples import MIXED, MNIST, SMALL
from handler.stopwatch import STAGES

LATENCY: Final = 0.02
"""Seconds of each request to the store, for loose images."""
LOOSE: Final = "loose"
DROPS: Final[Mapping[str, str]] = {
    MNIST: "zip of PNGs, 28×28",
    SMALL: "zip of small scans",
    MIXED: "zip of mixed pictures",
    LOOSE: "loose PNGs",
}
OURS: Final = "digitdrop"
PEER: Final = "TensorFlow peer, image by image"
KERAS: Final = "Keras in batches, Pillow"
DECODING: Final = "decoding alone"
NETWORK: Final = "network alone"
Runs = Mapping[str, Sequence[Answer]]
"""By what was measured."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The fastest of several ways to do one thing."""

    way: str
    runs: Sequence[Answer]


def section(plan: Plan, runs: Runs, faults: Sequence[str]) -> Section:
    """The runs as tables, with the ratios that are asked for."""
    decoding = fastest(runs, f"{DECODING}, ")
    network = {net: fastest(runs, f"{NETWORK}, {net}, ") for net in NETWORKS}
    of = {name: per_image(answers) for name, answers in runs.items()}
    mlp, cnn = (of[f"{OURS}, {net}, {MNIST}"] for net in (MLP, CNN))
    measured = {
        ratios.PEER: ratio(of[f"{PEER}, {MLP}"], mlp),
        ratios.KERAS: ratio(of[f"{KERAS}, {MLP}"], mlp),
        ratios.DECODING: ratio(per_image(decoding.runs), mlp),
        ratios.NETWORK: ratio(per_image(network[CNN].runs), cnn),
        ratios.SMALL: ratio(mlp, of[f"{OURS}, {MLP}, {SMALL}"]),
        ratios.LOOSE: LATENCY / statistics.median(of[f"{OURS}, {MLP}, {LOOSE}"]),
    }
    notes = [
        f"Medians of {plan.rounds} rounds in which all take turns. {PEER}: {plan.peer_images} of the images.",
        f"Floors, the fastest of what was tried: {DECODING}, {decoding.way}, a process a core; "
        + "; ".join(f"{NETWORK}, {net}, {floor.way}" for net, floor in network.items())
        + ".",
        f"Loose: {plan.loose} in one event, each request to the store takes {LATENCY * 1000:.0f} ms.",
    ]
    tables = [
        Table("Throughput, warm, event to complete CSV: images a second (least–most)", _lines(runs), notes),
        Table("Where its time goes, by the handler's own stages, microseconds an image", stages(runs)),
    ]
    return Section("throughput", tables, measured, dict(runs), [*faults, *incomplete(runs)])


def per_image(answers: Sequence[Answer]) -> list[float]:
    """Seconds an image, of each run."""
    return [answer["seconds"] / answer["expected"] for answer in answers]


def fastest(runs: Runs, prefix: str) -> Floor:
    """Of those whose name begins so the one with the lowest median."""
    of = {name.removeprefix(prefix): answers for name, answers in runs.items() if name.startswith(prefix)}
    way = min(of, key=lambda name: statistics.median(per_image(of[name])))
    return Floor(way, of[way])


def incomplete(runs: Runs) -> list[str]:
    """What has not as many rows as there were images, or rows that are errors."""
    return [
        f"{name}: {answer['rows']} rows, {answer.get('errors', 0)} of them errors, of {answer['expected']} images"
        for name, answers in runs.items()
        for answer in answers
        if answer["rows"] != answer["expected"] or answer.get("errors", 0)
    ]


def stages(runs: Runs) -> list[Line]:
    """What each stage takes of an image's time; loose images wait for the store in several of them at once."""
    lines: list[Line] = [("", *STAGES, "in all")]
    for net in NETWORKS:
        for drop, text in DROPS.items():
            answers = runs[f"{OURS}, {net}, {drop}"]
            spent: Counter[str] = Counter()
            for answer in answers:
                spent.update({stage: answer["stages"].get(stage, 0.0) for stage in STAGES})
            images = sum(answer["expected"] for answer in answers)
            cells = (figure(spent[stage] / images * 1e6) for stage in STAGES)
            lines.append((f"{net}, {text}", *cells, figure(statistics.median(per_image(answers)) * 1e6)))
    return lines


def _lines(runs: Runs) -> list[Line]:
    names = {f"{OURS}, {{}}, {drop}": f"{OURS}, {text}" for drop, text in DROPS.items()}
    names |= {f"{name}, {{}}": name for name in (PEER, KERAS)}
    ways = [name.removeprefix(f"{NETWORK}, {MLP}, ") for name in runs if name.startswith(f"{NETWORK}, {MLP}, ")]
    names |= {f"{NETWORK}, {{}}, {way}": f"{NETWORK}, {way}" for way in ways}
    lines: list[Line] = [("", *NETWORKS)]
    lines += [(text, *(_rate(runs[name.format(net)]) for net in NETWORKS)) for name, text in names.items()]
    decoders = [name for name in runs if name.startswith(DECODING)]
    return [*lines, *((name, _rate(runs[name]), "") for name in decoders)]


def _rate(answers: Sequence[Answer]) -> str:
    found = [1 / seconds for seconds in per_image(answers)]
    return f"{figure(statistics.median(found))} ({figure(min(found))}–{figure(max(found))})"
