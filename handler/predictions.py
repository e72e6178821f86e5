"""Rows to a CSV and back, the merging of a folder's CSV, and where each CSV lies."""

import csv
import heapq
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from handler.errors import OUT_OF_TIME, PredictionsError
from handler.rows import ERROR, REVIEW, Row
from handler.settings import INCOMING, PREDICTIONS

COLUMNS: Final = ("image", "frame", "digit", "confidence", "status", "detail", "model")
CLASSES: Final = 10
PROBABILITY_COLUMNS: Final = tuple(f"p{number}" for number in range(CLASSES))
BLOCK_ROWS: Final = 256
"""Rows that are made into lines at a time."""
LONGEST_KEY: Final = 1024
"""Bytes that S3 takes as a key."""
_NONE: Final = ("",) * CLASSES
_FOLDER_CSV: Final = "predictions.csv"
_QUOTED: Final = frozenset(',"\r\n')


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a CSV has, and how many of them are errors or for review."""

    rows: int = 0
    errors: int = 0
    reviews: int = 0
    cut: bool = False
    """Whether time ended before the rows did."""

    def metadata(self) -> dict[str, str]:
        """As the CSV object's metadata says it."""
        return {"rows": str(self.rows), "errors": str(self.errors), "reviews": str(self.reviews)}


def counts_of(rows: Iterable[Row]) -> Counts:
    """How many rows there are of each kind."""
    statuses = [row.status for row in rows]
    return Counts(len(statuses), statuses.count(ERROR), statuses.count(REVIEW))


def folder_of(key: str) -> tuple[str, str]:
    """The key of the CSV of a loose image's folder, and what the image is called in it."""
    folder, slash, name = key.removeprefix(INCOMING).rpartition("/")
    return f"{PREDICTIONS}{folder}{slash}{_FOLDER_CSV}", name


def batch_csv_of(key: str) -> str:
    """The key of a batch's CSV; empty where it would be a folder's, or longer than S3 allows."""
    csv_key = f"{PREDICTIONS}{key.removeprefix(INCOMING)}.csv"
    taken = csv_key == folder_of(key)[0]
    return "" if taken or len(csv_key.encode()) > LONGEST_KEY else csv_key


def write_csv(rows: Iterable[Row], file: BinaryIO, *, probabilities: bool) -> Counts:
    """Write header and rows to `file`; of the rows no more than `BLOCK_ROWS` are held."""
    columns = COLUMNS + (PROBABILITY_COLUMNS if probabilities else ())
    file.write(_line(columns))
    counts = Counts()
    rows = iter(rows)
    while block := list(islice(rows, BLOCK_ROWS)):
        file.write(_lines(_cells(block, probabilities=probabilities), len(columns)))
        more = counts_of(block)
        cut = counts.cut or any(row.detail.startswith(f"{OUT_OF_TIME}:") for row in block if row.detail)
        counts = Counts(counts.rows + more.rows, counts.errors + more.errors, counts.reviews + more.reviews, cut)
    return counts


def has_probabilities(file: BinaryIO, key: str) -> bool:
    """Whether a CSV of ours has the ten more columns; `PredictionsError` if its header or its end is not ours."""
    file.seek(0)
    header = file.readline(1000)
    file.seek(max(0, file.seek(0, io.SEEK_END) - 1))
    is_whole = file.read() == b"\n"
    file.seek(0)
    for more, columns in ((False, COLUMNS), (True, COLUMNS + PROBABILITY_COLUMNS)):
        if header == _line(columns) and is_whole:
            return more
    raise PredictionsError(f"{key} is not a CSV that this function wrote: move it away, and drop the images again")


def read_csv(file: BinaryIO, key: str) -> Iterator[Row]:
    """The rows of a folder's CSV, one by one; `PredictionsError` where it is not as this module writes it."""
    width = len(COLUMNS) + CLASSES * has_probabilities(file, key)
    text = io.TextIOWrapper(file, "utf-8", newline="")
    lines = csv.reader(text, strict=True)
    last = ("", -1)
    try:
        next(lines)
        for cells in lines:
            image, frame, digit, confidence, status, detail, model, *shares = cells
            row = Row(image, frame, digit, confidence, status, detail, model, tuple(shares) if any(shares) else ())
            if len(cells) != width or _place(row) < last:
                raise PredictionsError(f"row {cells[:2]} of {key} was changed by hand: move the CSV away, drop again")
            last = _place(row)
            yield row
    except PredictionsError:
        raise
    except (csv.Error, ValueError, TypeError) as error:
        raise PredictionsError(f"{key} is damaged ({error}): move it away, and drop the images again") from error
    finally:
        text.detach()


def merge(old: Iterable[Row], fresh: Iterable[Row], replaced: Collection[str]) -> Iterator[Row]:
    """The rows of `old` (sorted) without those of the images in `replaced`, and those of `fresh`, sorted.

    Sorted is by image, then frame. `old` is taken row by row; only `fresh` is held.
    """
    kept = (row for row in old if row.image not in replaced)
    return heapq.merge(kept, sorted(fresh, key=_place), key=_place)


def _place(row: Row) -> tuple[str, int]:
    return row.image, int(row.frame) if row.frame else -1


def _cells(block: Sequence[Row], *, probabilities: bool) -> list[tuple[str, ...]]:
    if probabilities:
        return [row[:-1] + (row.probabilities or _NONE) for row in block]
    return [row[:-1] for row in block]


def _lines(block: Sequence[Sequence[str]], width: int) -> bytes:
    """Lines of `width` cells, quoted where need be: hardly ever, as a look at all of them together shows."""
    text = "".join([",".join(cells) + "\n" for cells in block])
    rows = len(block)
    is_plain = '"' not in text and "\r" not in text
    if is_plain and text.count(",") == rows * (width - 1) and text.count("\n") == rows:
        return text.encode()
    return b"".join(map(_line, block))


def _line(cells: Iterable[str]) -> bytes:
    return (",".join(_quoted(cell) for cell in cells) + "\n").encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if not _QUOTED.isdisjoint(cell) else cell
