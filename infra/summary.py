"""A CSV of predictions against true labels, in a line of numbers; pure."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of one drop."""

    name: str
    rows: int
    statuses: Mapping[str, int]
    correct: int
    seconds: float
    """From the drop to its complete CSV."""

    @property
    def accuracy(self) -> float:
        """Share of the rows whose digit is the true one, 0 to 1; a row without a digit counts as wrong."""
        return self.correct / self.rows if self.rows else 0.0


def read_rows(body: bytes) -> list[Row]:
    """The rows of a CSV of predictions."""
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def summarise(name: str, rows: Sequence[Row], labels: Sequence[int], seconds: float) -> Summary:
    """Compare rows with `labels`, in which an image's label stands at the index that its name begins with."""
    correct = sum(row["digit"] == str(labels[_index(row["image"])]) for row in rows)
    return Summary(name, len(rows), Counter(row["status"] for row in rows), correct, seconds)


def table(summaries: Sequence[Summary]) -> str:
    """Summaries as lines of text, with a header."""
    line = "{:<20}{:>8}{:>8}{:>8}{:>7}{:>10}{:>9}{:>10}"
    lines = [line.format("", "rows", "ok", "review", "error", "accuracy", "seconds", "images/s")]
    for one in summaries:
        counts = [one.statuses.get(status, 0) for status in ("ok", "review", "error")]
        rate = one.rows / one.seconds
        lines.append(
            line.format(one.name, one.rows, *counts, f"{one.accuracy:.2%}", f"{one.seconds:.1f}", f"{rate:.0f}")
        )
    return "\n".join(lines)


def _index(image: str) -> int:
    digits = image[: len(image) - len(image.lstrip("0123456789"))]
    return int(digits)
