"""Memory and time against the number of images in one drop, each run in a process of its own."""

import statistics
from functools import partial
from pathlib import Path
from typing import Final

from bench import ratios, samples
from bench.curves import Curve, points
from bench.lanes import Answer, in_turns
from bench.plan import CNN, Plan
from bench.rates import incomplete, per_image
from bench.results import Line, Section, Table

MOST_GROWTH: Final = 1.10
MOST_MEGABYTES: Final = 250
_WARMING: Final = 100
"""Images that a process reads before it is measured."""


def measure(plan: Plan) -> tuple[Section, Curve]:
    """Memory, and the curve of time, against the number of images in a zip."""
    calls = {str(count): partial(_alone, plan, samples.zipped(samples.MNIST, count), count) for count in plan.counts}
    calls["idx"] = partial(_alone, plan, samples.idx(plan.idx), plan.idx)
    runs = in_turns(calls, plan.memory_rounds)
    curve = Curve(
        "images in one zip (cnn)",
        "images",
        "image",
        points(runs, {count: float(count) for count in plan.counts}),
        "Below, what a drop costs once weighs: asking for the model, for its CSV and for its source.",
    )
    peaks = {name: [answer["megabytes"] for answer in answers] for name, answers in runs.items()}
    small, large = str(plan.compared), str(plan.counts[-1])
    measured = {
        ratios.MEGABYTES: statistics.median(peaks[small]),
        ratios.MEMORY_GROWTH: ratios.ratio(peaks[large], peaks[small]),
        ratios.TIME_GROWTH: ratios.ratio(per_image(runs[large]), per_image(runs[small])),
    }
    lines: list[Line] = [("images", "peak MB", "least–most", f"against {plan.compared:,}")]
    for name, of in peaks.items():
        label = f"{int(name):,}" if name.isdecimal() else f"{plan.idx:,} as IDX"
        against = f"{statistics.median(of) / measured[ratios.MEGABYTES]:.2f} ×"
        lines.append((label, f"{statistics.median(of):.0f}", f"{min(of):.0f}–{max(of):.0f}", against))
    note = f"The largest resident set of the whole process. The ratios are of {plan.counts[-1]:,} images."
    tables = [Table("Memory: a zip of PNGs, cnn, each run in a process of its own", lines, [note]), curve.table()]
    faults = [
        *incomplete(runs),
        *([] if measured[ratios.MEGABYTES] <= MOST_MEGABYTES else [f"{plan.compared:,} images take {peaks[small]} MB"]),
        *(
            []
            if measured[ratios.MEMORY_GROWTH] <= MOST_GROWTH
            else [f"memory grows from {peaks[small]} to {peaks[large]}"]
        ),
    ]
    return Section("memory", tables, measured, dict(runs), faults), curve


def _alone(plan: Plan, path: Path, count: int) -> Answer:
    with plan.worker(CNN) as lane:
        lane.ask({"drops": [str(samples.zipped(samples.MNIST, _WARMING))]})
        return lane.ask({"drops": [str(path)]}) | {"expected": count}
