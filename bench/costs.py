"""Dollars for a million images at several sizes of the function, beside the peers."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from bench import prices, samples
from bench.lanes import Answer, Lane, in_turns
from bench.plan import MLP, NETWORKS, Plan
from bench.prices import SIZES, Work
from bench.quota import quotas
from bench.rates import KERAS, OURS, PEER, incomplete, per_image
from bench.ratios import figure
from bench.results import Line, Section, Table
from handler.cores import cores

BATCH: Final = 10_000
"""Images of an invocation; the TensorFlow peer's has one."""
_WARMING: Final = 2
"""Runs before it is measured: in the first one the handler begins what helps it."""
Lanes = Mapping[int, Lane]
"""The handler's process by megabytes; each size has the peers' same one."""
Found = Mapping[str, Mapping[int, Work]]
"""By contender and by megabytes, those that fit."""


def measure(plan: Plan, start: Mapping[str, float]) -> Section:
    """Rates under each size's share of the processors, and what they cost; `start` has seconds of one by contender.

    Where processes cannot be held to a share, they have all cores and what they would take is computed.
    """
    with ExitStack() as stack:
        holds = stack.enter_context(quotas({size: prices.cpus(size) for size in SIZES}))
        sizes = SIZES if holds else SIZES[-1:]
        lanes = _lanes(plan, stack, sizes)
        calls: dict[str, Callable[[], Answer]] = {}
        for size in sizes:
            for name, (by_size, request, rows) in lanes.items():
                lane = by_size[size]
                for _ in range(_WARMING):
                    _held(None, lane, request, rows)
                calls[f"{name}, {size}"] = partial(_held, holds.get(size), lane, request, rows)
        runs = in_turns(calls, plan.rounds)
    found = {name: _works(name, runs, measured=bool(holds)) for name in lanes}
    how = (
        "Processes were held to Lambda's share of the processors by a control group."
        if holds
        else f"Computed from {cores()} cores: this machine holds no process to a share of them."
    )
    tables = [
        Table(f"Cost: dollars for a million images, warm, in batches of {BATCH:,} (images a second)", _lines(found)),
        Table(
            f"Cost with a start for every {BATCH:,} images: dollars for a million images",
            _with_start(found, start),
            _notes(found, how),
        ),
    ]
    data = {
        "runs": dict(runs),
        "dollars a million": {
            name: {size: work.dollars for size, work in works.items()} for name, works in found.items()
        },
    }
    return Section("cost", tables, {}, data, incomplete(runs))


def _lanes(plan: Plan, stack: ExitStack, sizes: Sequence[int]) -> dict[str, tuple[Lanes, dict[str, Any], int]]:
    """Each contender's process for each size, what it is asked, and how many rows it gives."""
    png = str(samples.zipped(samples.MNIST, plan.cost_images))
    models = {net: str(plan.releases[net] / "model.h5") for net in NETWORKS}
    found: dict[str, tuple[Lanes, dict[str, Any], int]] = {}
    for net in NETWORKS:
        ours = {size: stack.enter_context(plan.worker(net, megabytes=size)) for size in sizes}
        found[f"{OURS}, {net}"] = ours, {"drops": [png]}, plan.cost_images
    keras, peer = (
        dict.fromkeys(sizes, stack.enter_context(Lane(f"bench.peer.{module}", list(models.values()), plan.environment)))
        for module in ("in_batches", "one_by_one")
    )
    for net in NETWORKS:
        request = {"model": models[net], "zip": png, "csv": str(plan.folder / "keras.csv")}
        found[f"{KERAS}, {net}"] = keras, request, plan.cost_images
    some = max(1, plan.peer_images // 5)
    found[f"{PEER}, {MLP}"] = peer, {"model": models[MLP], "zip": png, "count": some}, some
    return found


def _held(hold: Callable[[int], None] | None, lane: Lane, request: Mapping[str, Any], rows: int) -> Answer:
    if hold:
        hold(lane.pid)
    return lane.ask(request) | {"expected": rows}


def _works(name: str, runs: Mapping[str, Sequence[Answer]], *, measured: bool) -> dict[int, Work]:
    """An invocation at each size that the contender's memory fits into."""
    found, images = {}, 1 if name.startswith(PEER) else BATCH
    for size in SIZES:
        answers = runs[f"{name}, {size if measured else SIZES[-1]}"]
        seconds = statistics.median(per_image(answers)) * images
        if not measured:
            seconds = prices.slowed(seconds, prices.cpus(size), min(cores(), prices.cpus(SIZES[-1])))
        if max(answer["megabytes"] for answer in answers) < size:
            found[size] = Work(size, seconds, images)
    return found


def _lines(found: Found) -> list[Line]:
    lines: list[Line] = [("", *(f"{size:,} MB" for size in SIZES))]
    for name, works in found.items():
        cells = (
            f"{works[size].dollars:.4f} ({figure(works[size].images / works[size].seconds)}/s)"
            if size in works
            else "does not fit"
            for size in SIZES
        )
        lines.append((name, *cells))
    return lines


def _with_start(found: Found, start: Mapping[str, float]) -> list[Line]:
    """The same, and a start for each 10,000 images, which is computed of its time on a whole processor."""
    lines: list[Line] = [("", *(f"{size:,} MB" for size in SIZES))]
    for name, works in found.items():
        begin = start[OURS if name.startswith(OURS) else PEER]
        cells = []
        for size in SIZES:
            if size in works:
                once = Work(size, prices.slowed(begin, min(1.0, prices.cpus(size))), BATCH)
                dollars = works[size].dollars + once.gigabyte_seconds * prices.DOLLARS_A_GB_SECOND
                cells.append(f"{dollars:.4f}")
            else:
                cells.append("does not fit")
        lines.append((name, *cells))
    return lines


def _notes(found: Found, how: str) -> list[str]:
    notes = [how, "List prices of Lambda, x86, us-east-1 (bench/prices.py). S3, SQS and the free tier are left out."]
    notes += ["A start's time on a smaller share is computed, as if nothing but the processor counted."]
    for name, works in found.items():
        if works:
            cheapest = min(works.values(), key=lambda work: work.dollars)
            fastest = min(works.values(), key=lambda work: work.seconds)
            notes.append(f"{name}: cheapest with {cheapest.megabytes:,} MB, fastest with {fastest.megabytes:,} MB.")
    return notes
