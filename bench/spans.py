"""What a start was spent on, out of the notes of `bench.traced` and what Python tells of imports; pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

Span = tuple[str, float, float]
"""What, and when it began and ended."""
BEFORE: Final = "emulator, interpreter, Lambda's client"
IMPORTS: Final = "imports"
CLIENT: Final = "S3 client made"
POINTER: Final = "model pointer"
FILES: Final = "model fetched"
LOAD: Final = "model load"
PREDICTION: Final = "first prediction"
FETCH: Final = "drop fetched"
WRITE: Final = "write: CSV looked for, written, source checked"
REST: Final = "all else"
PARTS: Final = (BEFORE, IMPORTS, CLIENT, POINTER, FILES, LOAD, PREDICTION, FETCH, WRITE, REST)
_STANDARD: Final = "standard library"
_KNOWN: Final = {
    **{name: name for name in ("numpy", "onnxruntime", "boto3", "botocore", "s3transfer", "urllib3", "PIL")},
    **{name: name for name in ("aws_lambda_powertools", "handler", "awslambdaric", "dateutil", "jmespath")},
    **dict.fromkeys(("infra", "bench"), "of the benchmark"),
}


def split(begun: float, ended: float, spans: Sequence[Span]) -> dict[str, float]:
    """Seconds of each of `PARTS` of a start; what overlaps counts in each, so all else may be below 0."""
    found = dict.fromkeys(PARTS, 0.0)
    last = max((end for name, _, end in spans if name == "run"), default=ended)
    for name, begin, end in spans:
        found[_part(name, begin, last)] += end - begin
    found[BEFORE] = min(begin for _, begin, _ in spans) - begun
    found[REST] = ended - begun - sum(found.values())
    return found


def _part(name: str, begin: float, predicted: float) -> str:
    known = {"import": IMPORTS, "client": CLIENT, "load": LOAD, "run": PREDICTION}
    if name in known:
        return known[name]
    if "models/current.json" in name:
        return POINTER
    if " models/" in name:
        return FILES
    return WRITE if begin >= predicted or not name.startswith("GetObject") else FETCH


def imports(lines: Iterable[str]) -> dict[str, float]:
    """Seconds of the imports of each package by itself, out of what `python -X importtime` prints.

    Of several processes the last one counts, from where its interpreter is ready.
    """
    spent: Counter[str] = Counter()
    for line in lines:
        head, _, name = line.rpartition("|")
        own = head.removeprefix("import time:").partition("|")[0].strip()
        if line.startswith("import time:") and name.strip() == "site":
            spent.clear()
        elif line.startswith("import time:") and own.isdecimal():
            spent[_KNOWN.get(name.strip().partition(".")[0], _STANDARD)] += int(own)
    return {name: microseconds / 1e6 for name, microseconds in spent.most_common()}
