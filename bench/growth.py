"""Time against what else grows: members of an archive, rows of a folder's CSV, handlers at once."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench import samples
from bench.curves import Curve, points
from bench.lanes import Answer, in_turns, together
from bench.plan import MLP, Plan
from bench.rates import LATENCY, incomplete
from bench.results import Section


def measure(plan: Plan, first: Curve) -> tuple[Section, list[Curve]]:
    """The other curves, and all of them as data."""
    found, faults = [first], []
    for curve_of in (_members, _standing, _handlers, _contended):
        curve, wrong = curve_of(plan)
        found.append(curve)
        faults += wrong
    data = {curve.name: curve.as_json() for curve in found}
    return Section("growth", [curve.table() for curve in found[1:]], {}, data, faults), found


def _members(plan: Plan) -> tuple[Curve, list[str]]:
    total = plan.members[-1]
    with plan.worker(MLP) as lane:
        calls = {
            str(count): _asking(lane.ask, [str(samples.zipped(samples.MNIST, count))] * (total // count), total)
            for count in plan.members
        }
        runs = _measured(calls, plan.rounds)
    why = "Below, what an archive costs once weighs: its CSV is looked for, written, and its source checked twice."
    name = f"members of each archive, {total:,} images in all, in one event (mlp)"
    return Curve(name, "members", "image", points(runs, dict.fromkeys(plan.members, total)), why), incomplete(runs)


def _standing(plan: Plan) -> tuple[Curve, list[str]]:
    request = {"loose": str(samples.loose(1))}
    with plan.worker(MLP) as lane:
        csv = Path(lane.ask(request)["csv"])
        calls: dict[str, Callable[[], Answer]] = {}
        for rows in plan.standing:
            more = request | {"standing": str(samples.extended(csv, rows))}
            calls[str(rows)] = partial(_expecting, lane.ask, more, 1)
        runs = _measured(calls, plan.rounds)
    why = "Every commit reads and writes the folder's whole CSV; below, what a commit costs once weighs."
    units = {rows: float(rows) for rows in plan.standing}
    name = "rows in the CSV that one more image comes to (mlp)"
    return Curve(name, "rows", "row", points(runs, units), why), incomplete(runs)


def _handlers(plan: Plan) -> tuple[Curve, list[str]]:
    request = {"drops": [str(samples.zipped(samples.MNIST, plan.at_once))]}
    with ExitStack() as stack:
        lanes = [stack.enter_context(plan.worker(MLP, number)) for number in range(max(plan.handlers))]

        def at_once(count: int) -> Answer:
            answers = together(lanes[:count], [request] * count)
            slowest = max(answer["seconds"] for answer in answers)
            rows = sum(answer["rows"] for answer in answers)
            return {"seconds": slowest, "rows": rows, "expected": count * plan.at_once}

        runs = _measured({str(count): partial(at_once, count) for count in plan.handlers}, plan.rounds)
    why = "One handler keeps some of the cores busy and several keep all of them; more wait for each other."
    units = {count: float(count * plan.at_once) for count in plan.handlers}
    name = f"handlers at once, {plan.at_once:,} images each, on this machine's cores (mlp)"
    return Curve(name, "handlers", "image", points(runs, units), why), incomplete(runs)


def _contended(plan: Plan) -> tuple[Curve, list[str]]:
    with plan.worker(MLP) as lane:
        calls: dict[str, Callable[[], Answer]] = {}
        for count in plan.handlers:
            images_ = count * plan.contended
            request = {"loose": str(samples.loose(images_)), "latency": LATENCY, "handlers": count}
            calls[str(count)] = partial(_expecting, lane.ask, request, images_)
        runs = _measured(calls, plan.rounds)
    why = "Of those that write one CSV at the same time one wins; the others read it anew, and try again after a pause."
    units = {count: float(count * plan.contended) for count in plan.handlers}
    name = f"handlers at once that write one folder's CSV, {plan.contended} images each, 20 ms a request (mlp)"
    return Curve(name, "handlers", "image", points(runs, units), why), incomplete(runs)


def _asking(ask: Callable[[Mapping[str, Any]], Answer], drops: list[str], rows: int) -> Callable[[], Answer]:
    return partial(_expecting, ask, {"drops": drops}, rows)


def _expecting(ask: Callable[[Mapping[str, Any]], Answer], request: Mapping[str, Any], rows: int) -> Answer:
    return ask(request) | {"expected": rows}


def _measured(calls: Mapping[str, Callable[[], Answer]], rounds: int) -> dict[str, list[Answer]]:
    """Runs in turns, after one that does not count; a curve of time alone has no memory."""
    in_turns(calls, 1)
    return {
        name: [{key: value for key, value in answer.items() if key != "megabytes"} for answer in answers]
        for name, answers in in_turns(calls, rounds).items()
    }
