"""Rows of the handler's CSV against labels, in numbers; pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from handler.doubt import ALWAYS
from handler.rows import ERROR, OK
from train.rates import Rate


@dataclass(frozen=True, slots=True)
class Reading:
    """A row of the CSV, beside what its image shows."""

    number: int
    """Of the row in its CSV, from 0."""
    image: str
    frame: str
    label: str
    """Empty where the image has none."""
    digit: str
    """Empty on `error`."""
    confidence: float
    """0 to 1; 0 on `error`."""
    status: str
    code: str
    """The code that `detail` begins with; empty on `ok`."""

    @property
    def is_right(self) -> bool:
        """Whether the digit is the label, as text; a row without a digit is wrong."""
        return self.digit == self.label


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of labelled rows; those of several sets add up."""

    right: int
    labelled: int
    ok_right: int
    ok: int
    details: Counter[tuple[str, str]]
    """Rows that are not `ok`, by status and code."""
    confusion: Counter[tuple[str, str]]
    """Rows by label and digit; the digit of an error is empty."""
    confidences: Counter[tuple[float, bool, bool]]
    """Rows with a digit by confidence, whether it is right, and whether the confidence decides on its review."""

    @property
    def accuracy(self) -> Rate:
        """Right rows of the labelled ones, whatever their status; an error is wrong."""
        return Rate(self.right, self.labelled)

    @property
    def ok_share(self) -> Rate:
        """Rows that nobody has to look at, of the labelled ones."""
        return Rate(self.ok, self.labelled)

    @property
    def ok_accuracy(self) -> Rate:
        """Right rows of those that nobody has to look at."""
        return Rate(self.ok_right, self.ok)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one data set."""

    name: str
    rows: int
    """Of the CSV, labelled or not."""
    score: Score
    mistakes: Sequence[Reading]
    """All rows that are wrong, the most confident first and errors last."""
    unlabelled: Sequence[Reading]
    """Rows of images that have no label; they are in no other number."""
    missing: Sequence[str]
    """Images that have a label and no row; they are in no other number."""


def read(rows: Iterable[Mapping[str, str]], labels: Mapping[str, str]) -> Iterator[Reading]:
    """The rows of a CSV, cells by column, each with the label of its image."""
    for number, row in enumerate(rows):
        yield Reading(
            number=number,
            image=row["image"],
            frame=row["frame"],
            label=labels.get(row["image"], ""),
            digit=row["digit"],
            confidence=float(row["confidence"] or 0),
            status=row["status"],
            code=row["detail"].partition(":")[0],
        )


def judge(name: str, rows: Iterable[Mapping[str, str]], labels: Mapping[str, str]) -> Result:
    """What the rows of a data set's CSV are worth by its labels, (image: label), taken one by one."""
    count = right = ok = ok_right = 0
    details: Counter[tuple[str, str]] = Counter()
    confusion: Counter[tuple[str, str]] = Counter()
    confidences: Counter[tuple[float, bool, bool]] = Counter()
    mistakes: list[Reading] = []
    unlabelled: list[Reading] = []
    missing = dict.fromkeys(labels)
    for reading in read(rows, labels):
        count += 1
        missing.pop(reading.image, None)
        if not reading.label:
            unlabelled.append(reading)
            continue
        confusion[reading.label, reading.digit] += 1
        right += reading.is_right
        if reading.status == OK:
            ok, ok_right = ok + 1, ok_right + reading.is_right
        else:
            details[reading.status, reading.code] += 1
        if reading.digit:
            confidences[reading.confidence, reading.is_right, reading.code not in ALWAYS] += 1
        if not reading.is_right:
            mistakes.append(reading)
    mistakes.sort(key=lambda reading: (reading.status == ERROR, -reading.confidence))
    score = Score(right, count - len(unlabelled), ok_right, ok, details, confusion, confidences)
    return Result(name, count, score, mistakes, unlabelled, list(missing))


def pool(scores: Iterable[Score]) -> Score:
    """All sets as if they were one."""
    return reduce(_add, scores)


def _add(one: Score, other: Score) -> Score:
    return Score(
        one.right + other.right,
        one.labelled + other.labelled,
        one.ok_right + other.ok_right,
        one.ok + other.ok,
        one.details + other.details,
        one.confusion + other.confusion,
        one.confidences + other.confidences,
    )
