"""How fast, how small and how dear digitdrop is, in one run: `make bench`, or `make bench FLAGS=--short`."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench import costs, drawings, growth, machine, memory, plots, results, starts, throughput
from bench.plan import FOLDER, SHORT, Plan, releases
from bench.rates import OURS, PEER
from bench.ratios import verdicts
from bench.results import Section
from handler.errors import DigitdropError
from train.data import load_mnist

README: Final = Path("bench/README.md")
TEXT: Final = FOLDER / "report.txt"
FULL: Final = 1_000_000
"""Images of the largest zip that the ratios are asked for."""
VALUES: Final = FOLDER / "results.json"


def main(arguments: list[str]) -> int:
    """Measure all, print it and keep it; 1 where rows or memory are not as they must be, whatever the speed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--short", action="store_true", help="small drops, within minutes")
    parser.add_argument("--rounds", type=int, help="runs of each in turns")
    parser.add_argument("--largest", type=int, help="images of the largest zip, and rows of the largest CSV")
    parser.add_argument("--keep", action="store_true", help=f"put the report into {README} too")
    flags = parser.parse_args(arguments)
    machine.by_itself()
    try:
        return _measure(_plan(flags), keep=flags.keep)
    except KeyboardInterrupt:
        _say("Stopped; nothing of it is left running")
        return 130
    except DigitdropError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # the command line is made of these lines
        return 1


def _plan(flags: argparse.Namespace) -> Plan:
    plan = Plan(releases(_say))
    changes: dict[str, Any] = dict(SHORT) if flags.short else {}
    if flags.rounds:
        changes |= dict.fromkeys(("rounds", "starts", "memory_rounds"), flags.rounds)
    plan = replace(plan, **changes)
    if flags.largest:
        counts = [count for count in plan.counts if count <= max(flags.largest, plan.compared)]
        plan = replace(plan, counts=counts, standing=[rows for rows in plan.standing if rows <= flags.largest])
    return plan


def _measure(plan: Plan, *, keep: bool = False) -> int:
    begun = time.monotonic()
    picture = drawings.mnist(load_mnist().x_test[0], np.random.default_rng(0))[1]
    start = _told(starts.measure(plan, picture, _say))
    rates = _told(throughput.measure(plan))
    peaks, curve = memory.measure(plan)
    _told(peaks)
    grown, curves = growth.measure(plan, curve)
    _told(grown)
    seconds = {OURS: starts.seconds(start, starts.OURS), PEER: starts.seconds(start, starts.PEER)}
    cost = _told(costs.measure(plan, seconds))
    plots.throughput(rates.data, FOLDER / "throughput.png")
    plots.memory(curve, memory.MOST_MEGABYTES, FOLDER / "memory.png")
    plots.growth(curves, FOLDER / "growth.png")
    return _report(plan, [start, rates, peaks, grown, cost], time.monotonic() - begun, keep=keep)


def _told(section: Section) -> Section:
    """Print a section as soon as it is measured: what comes after it takes minutes."""
    for table in section.tables:
        _say(f"\n{table.text()}\n")
    return section


def _report(plan: Plan, sections: Sequence[Section], seconds: float, *, keep: bool) -> int:
    found = verdicts({name: value for section in sections for name, value in section.measured.items()})
    about = machine.about() | {"took": f"{seconds:.0f} s"}
    notes = [] if plan.counts[-1] >= FULL else [f"The largest zip had {plan.counts[-1]:,} images, and not {FULL:,}."]
    notes += (
        [] if plan.images >= plan.compared else [f"Zips had {plan.images:,} images: a short form, of no great worth."]
    )
    text = results.text(sections, found, about, notes)
    TEXT.write_text(f"{text}\n", encoding="utf-8")
    if keep:
        README.write_text(results.kept(README.read_text(encoding="utf-8"), text), encoding="utf-8")
    VALUES.write_text(json.dumps(results.as_json(sections, found, about), indent=1), encoding="utf-8")
    _say(f"\n{results.reached(found, notes).text()}\n\n{results.described(about)}")
    _say(f"\nAll of it is in {TEXT}, all runs in {VALUES}, plots beside them.")
    faults = [fault for section in sections for fault in section.faults]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)  # noqa: T201  # the command line is made of these lines
    return 1 if faults else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # likewise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
