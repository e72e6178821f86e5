"""Memory and time against the number of images in one drop, each run in a process of its own."""

import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from bench import ratios, samples
from bench.curves import Curve, points
from bench.lanes import Answer, in_turns
from bench.plan import CNN, Plan
from bench.rates import Runs, incomplete, per_image
from bench.results import Line, Section, Table

MOST_GROWTH: Final = 1.10
MOST_MEGABYTES: Final = 250
_OTHERS: Final = 500
"""Pictures of other kinds; those that are held at a time are fewer."""
_WARMING: Final = 100
"""Images that a process reads before it is measured."""


def measure(plan: Plan) -> tuple[Section, Curve]:
    """Memory, and the curve of time, against the number of images in a zip; memory of other drops beside it."""
    zips = {str(count): (samples.zipped(samples.MNIST, count), count) for count in plan.counts}
    others = {
        f"{plan.idx:,} as IDX": (samples.idx(plan.idx), plan.idx),
        f"{_OTHERS:,} small scans": (samples.zipped(samples.SMALL, _OTHERS), _OTHERS),
        f"{_OTHERS:,} mixed pictures": (samples.zipped(samples.MIXED, _OTHERS), _OTHERS),
    }
    calls = {name: partial(_alone, plan, path, count) for name, (path, count) in (zips | others).items()}
    return section(plan, in_turns(calls, plan.memory_rounds))


def section(plan: Plan, runs: Runs) -> tuple[Section, Curve]:
    """The runs as tables, with the ratios that are asked for, and what is wrong with them."""
    why = "Below, what a drop costs once weighs: asking for the model, for its CSV and for its source."
    units = {count: float(count) for count in plan.counts}
    curve = Curve("images in one zip (cnn)", "images", "image", points(runs, units), why)
    peaks = {name: [answer["megabytes"] for answer in answers] for name, answers in runs.items()}
    small, large = str(plan.compared), str(plan.counts[-1])
    measured = {
        ratios.MEGABYTES: statistics.median(peaks[small]),
        ratios.MEMORY_GROWTH: ratios.ratio(peaks[large], peaks[small]),
        ratios.TIME_GROWTH: ratios.ratio(per_image(runs[large]), per_image(runs[small])),
    }
    lines: list[Line] = [("images", "peak MB", "least–most", f"against {plan.compared:,}")]
    for name, of in peaks.items():
        median = statistics.median(of)
        cells = (f"{median:.0f}", f"{min(of):.0f}–{max(of):.0f}", f"{median / measured[ratios.MEGABYTES]:.2f} ×")
        lines.append((f"{int(name):,}" if name.isdecimal() else name, *cells))
    whole = "The largest resident set of the whole process, and of those that it has begun."
    note = f"{whole} The ratios are of {plan.counts[-1]:,} images."
    table = Table("Memory: a zip of PNGs and other drops, cnn, each run in a process of its own", lines, [note])
    wrong = [*incomplete(runs), *faults(measured)]
    return Section("memory", [table, curve.table()], measured, dict(runs), wrong), curve


def faults(measured: Mapping[str, float]) -> list[str]:
    """What is wrong with the memory."""
    megabytes, growth = measured[ratios.MEGABYTES], measured[ratios.MEMORY_GROWTH]
    found = [f"the cnn takes {megabytes:.0f} MB, and at most {MOST_MEGABYTES} are right"]
    more = [f"the largest zip takes {growth:.2f} × the memory, and at most {MOST_GROWTH} × are right"]
    return found * (megabytes > MOST_MEGABYTES) + more * (growth > MOST_GROWTH)


def _alone(plan: Plan, path: Path, count: int) -> Answer:
    with plan.worker(CNN) as lane:
        lane.ask({"drops": [str(samples.zipped(samples.MNIST, _WARMING))]})
        return lane.ask({"drops": [str(path)]}) | {"expected": count}
