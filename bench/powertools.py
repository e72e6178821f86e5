"""What Powertools adds to the function's start: `python -m bench.powertools`.

Fresh processes import what the handler imports, in turn with and without Powertools' formatter and metrics, imported
and constructed. Bytecode is compiled before the first of them.
"""

import os
import statistics
import subprocess
import sys
from typing import Final

PAIRS: Final = 15
_BEFORE: Final = """
import time
begun = time.perf_counter()
import handler.delivery, handler.model, handler.store
"""
_POWERTOOLS: Final = """
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics
LambdaPowertoolsFormatter(service="digitdrop")
EphemeralMetrics(namespace="digitdrop", service="digitdrop")
"""
_AFTER: Final = """
print(time.perf_counter() - begun)
"""


def main() -> None:
    """Measure, and print the medians with the load of the machine."""
    programs = {"without": _BEFORE + _AFTER, "with": _BEFORE + _POWERTOOLS + _AFTER}
    for program in programs.values():
        _milliseconds(program)
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(PAIRS):
        for name, program in programs.items():
            found[name].append(_milliseconds(program))
    for name, times in found.items():
        _say(f"{name:8} {statistics.median(times):6.0f} ms, {min(times):.0f} to {max(times):.0f}")
    differences = [one - other for one, other in zip(found["with"], found["without"], strict=True)]
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    _say(f"Powertools adds {statistics.median(differences):.0f} ms, the median of {PAIRS} pairs; load {load}")


def _milliseconds(program: str) -> float:
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    return float(ran.stdout) * 1000


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the command line is made of these lines


if __name__ == "__main__":
    main()
