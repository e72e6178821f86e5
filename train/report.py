"""An evaluation as text for a person, and as JSON for a program; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from handler.ports import Classifier
from handler.rows import ERROR, REVIEW
from train.score import Rate, Reading, Result, Score

SHOWN: Final = 24
"""Mistakes in the text and on the sheet; the JSON has all."""
_NAMED: Final = 8
_NONE: Final = "none"


def percent(rate: Rate) -> str:
    """A share in percent, to two decimals; a dash where it is one of nothing."""
    return "–" if rate.share is None else f"{100 * rate.share:.2f} %"


def printable(name: str) -> str:
    """A name with nothing in it that would move a terminal's cursor or break a line."""
    return name if name.isprintable() else ascii(name)[1:-1]


def table(results: Sequence[Result], pooled: Score) -> str:
    """A line for each set, and one for all of them as if they were one."""
    lines: list[Sequence[str]] = [("", "labelled", "accuracy", "ok", "accuracy of ok", "review", "error")]
    for name, score in [*((result.name, result.score) for result in results), ("all", pooled)]:
        shares = [percent(rate) for rate in (score.accuracy, score.ok_share, score.ok_accuracy)]
        others = [str(sum(_codes(score, status).values())) for status in (REVIEW, ERROR)]
        lines.append((printable(name), str(score.labelled), *shares, *others))
    return _aligned(lines)


def text(result: Result, classifier: Classifier) -> str:
    """All of one set: what its rows are, the rates, the confusion matrix, and the worst mistakes."""
    score = result.score
    facts = [
        ("rows", f"{result.rows}, of which {score.labelled} are of images with a label"),
        ("accuracy", _of(score.accuracy)),
        ("ok", _of(score.ok_share)),
        ("accuracy of ok", _of(score.ok_accuracy)),
        *((status, _listed(_codes(score, status)) or _NONE) for status in (REVIEW, ERROR)),
        ("without label", _names(f"{row.image} ({row.code or row.status})" for row in result.unlabelled)),
        ("without row", _names(result.missing)),
    ]
    parts = [
        f"{printable(result.name)}, read by model {classifier.version}",
        "\n".join(f"{name:<16}{fact}" for name, fact in facts),
        confusion(score, classifier.labels),
        _worst(result.mistakes),
    ]
    return "\n\n".join(parts) + "\n"


def confusion(score: Score, labels: Sequence[str]) -> str:
    """How often each label (lines) was read as each digit (columns), with `none` for errors; a dot is no time."""
    others = sorted({label for label, _ in score.confusion} - set(labels))
    digits = [*labels, ""]
    lines = [("is \\ read", *labels, _NONE)]
    for label in [*labels, *others]:
        counts = [score.confusion[label, digit] for digit in digits]
        if any(counts):
            lines.append((printable(label), *(str(count or ".") for count in counts)))
    return _aligned(lines)


def as_json(result: Result) -> dict[str, Any]:
    """All numbers of one set, every rate with its counts, and every mistake."""
    return {
        "name": result.name,
        "rows": result.rows,
        **score_json(result.score),
        "mistakes": [_reading_json(reading) for reading in result.mistakes],
        "without_label": [_reading_json(reading) for reading in result.unlabelled],
        "without_row": list(result.missing),
    }


def score_json(score: Score) -> dict[str, Any]:
    """The numbers that add up over sets."""
    matrix: dict[str, dict[str, int]] = {}
    for (label, digit), count in sorted(score.confusion.items()):
        matrix.setdefault(label, {})[digit or _NONE] = count
    return {
        "labelled": score.labelled,
        "accuracy": _rate_json(score.accuracy),
        "ok": _rate_json(score.ok_share),
        "accuracy_of_ok": _rate_json(score.ok_accuracy),
        "details": {status: _codes(score, status) for status in (REVIEW, ERROR)},
        "confusion": matrix,
    }


def _rate_json(rate: Rate) -> dict[str, float | None]:
    return {"count": rate.count, "of": rate.of, "share": rate.share}


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {name: value for name, value in asdict(reading).items() if name != "number"}


def _codes(score: Score, status: str) -> Mapping[str, int]:
    """Rows of a status by their code, the most frequent first."""
    return {code: count for (found, code), count in score.details.most_common() if found == status}


def _of(rate: Rate) -> str:
    return f"{percent(rate):<10}{rate.count} of {rate.of}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {count}" for code, count in counts.items())


def _names(names: Iterable[str]) -> str:
    found = [printable(name) for name in names]
    more = len(found) - _NAMED
    return f"{len(found)}: {', '.join(found[:_NAMED])}{f' and {more} more' if more > 0 else ''}" if found else _NONE


def _worst(mistakes: Sequence[Reading]) -> str:
    if not mistakes:
        return "no mistakes"
    lines = [("mistake", "is", "read", "confidence", "status")]
    for one in mistakes[:SHOWN]:
        frame = f" [{one.frame}]" if one.frame else ""
        sure = f"{one.confidence:.4f}" if one.digit else ""
        lines.append((printable(one.image) + frame, printable(one.label), one.digit or _NONE, sure, one.status))
    more = len(mistakes) - SHOWN
    return _aligned(lines) + (f"\nand {more} more" if more > 0 else "")


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    """Cells in columns, the first to the left and all others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )
