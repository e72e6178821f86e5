"""An evaluation as text for a person; pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from handler.ports import Classifier
from handler.rows import ERROR, REVIEW
from train.calibration import BINS
from train.certainty import reliability_of
from train.rates import Rate
from train.score import Reading, Result, Score

SHOWN: Final = 24
"""Mistakes in the text and on the sheet; the JSON has all."""
_NAMED: Final = 8
NONE: Final = "none"


def percent(rate: Rate) -> str:
    """A share in percent, to two decimals; a dash where it is one of nothing."""
    return "–" if rate.share is None else f"{100 * rate.share:.2f} %"


def printable(name: str) -> str:
    """A name with nothing in it that would move a terminal's cursor or break a line."""
    return name if name.isprintable() else ascii(name)[1:-1]


def interval(rate: Rate) -> str:
    """The 95 % interval of a rate in percent; empty where it is one of nothing."""
    low, high = rate.interval
    return f"({100 * low:.2f}–{100 * high:.2f})" if rate.of else ""


def table(scores: Mapping[str, Score]) -> str:
    """A line for each set, with the 95 % interval of each rate."""
    rates = ("accuracy", "ok", "accuracy of ok")
    lines: list[Sequence[str]] = [("", "labelled", *chain(*((name, "") for name in rates)), "ECE", "review", "error")]
    for name, score in scores.items():
        found = (score.accuracy, score.ok_share, score.ok_accuracy)
        shares = chain(*((percent(rate), interval(rate)) for rate in found))
        others = [str(sum(codes(score, status).values())) for status in (REVIEW, ERROR)]
        lines.append((printable(name), str(score.labelled), *shares, _error(score), *others))
    return f"{aligned(lines)}\n\nIn brackets the 95 % interval of each rate. ECE: calibration error."


def text(result: Result, classifier: Classifier, review_below: float) -> str:
    """All of one set: its rows, the rates with their 95 % intervals, the confusion matrix, and the worst mistakes."""
    score = result.score
    facts = [
        ("rows", f"{result.rows}, of which {score.labelled} are of images with a label"),
        ("accuracy", _of(score.accuracy)),
        ("ok", _of(score.ok_share)),
        ("accuracy of ok", _of(score.ok_accuracy)),
        ("calibration error", f"{_error(score):<10}of {score.confidences.total()} predictions, in {BINS} bins"),
        *((status, _listed(codes(score, status)) or NONE) for status in (REVIEW, ERROR)),
        ("without label", _names(f"{row.image} ({row.code or row.status})" for row in result.unlabelled)),
        ("without row", _names(result.missing)),
    ]
    parts = [
        f"{printable(result.name)}, read by model {classifier.version}, review below {review_below:g}",
        "\n".join(f"{name:<19}{fact}" for name, fact in facts),
        confusion(score, classifier.labels),
        _worst(result.mistakes),
    ]
    return "\n\n".join(parts) + "\n"


def confusion(score: Score, labels: Sequence[str]) -> str:
    """How often each label (lines) was read as each digit (columns), with `none` for errors; a dot is no time."""
    others = sorted({label for label, _ in score.confusion} - set(labels))
    digits = [*labels, ""]
    lines = [("is \\ read", *labels, NONE)]
    for label in [*labels, *others]:
        counts = [score.confusion[label, digit] for digit in digits]
        if any(counts):
            lines.append((printable(label), *(str(count or ".") for count in counts)))
    return aligned(lines)


def codes(score: Score, status: str) -> Mapping[str, int]:
    """Rows of a status by their code, the most frequent first."""
    return {code: count for (found, code), count in score.details.most_common() if found == status}


def _of(rate: Rate) -> str:
    return f"{percent(rate):<10}{interval(rate):<16}{rate.count} of {rate.of}"


def _error(score: Score) -> str:
    return f"{100 * reliability_of(score).error:.2f} %" if score.confidences else "–"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {count}" for code, count in counts.items())


def _names(names: Iterable[str]) -> str:
    found = [printable(name) for name in names]
    more = len(found) - _NAMED
    return f"{len(found)}: {', '.join(found[:_NAMED])}{f' and {more} more' if more > 0 else ''}" if found else NONE


def _worst(mistakes: Sequence[Reading]) -> str:
    if not mistakes:
        return "no mistakes"
    lines = [("mistake", "is", "read", "confidence", "status")]
    for one in mistakes[:SHOWN]:
        frame = f" [{one.frame}]" if one.frame else ""
        sure = f"{one.confidence:.4f}" if one.digit else ""
        lines.append((printable(one.image) + frame, printable(one.label), one.digit or NONE, sure, one.status))
    more = len(mistakes) - SHOWN
    return aligned(lines) + (f"\nand {more} more" if more > 0 else "")


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Cells in columns, the first to the left and all others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )
