"""The `labels.csv` of a zip of labelled images."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from handler.errors import DigitdropError, UnreadableError
from handler.inflation import inflate
from handler.members import is_ignored
from handler.rows import image_cell
from handler.zips import Entry, walk

LABELS: Final = "labels.csv"
MOST_BYTES: Final = 256 << 20
"""Of `labels.csv`: enough for some ten million images."""
_COLUMNS: Final = ("file", "label")


class LabelsError(DigitdropError):
    """A data set cannot be evaluated: it is no zip, or its labels do not say what its images show."""


def read_labels(path: Path) -> Mapping[str, str]:
    """What each image of the zip at `path` shows, by the image's cell in the handler's CSV, in the file's order.

    A name in `labels.csv` is one in the zip, or in the folder of the zip that `labels.csv` is in.
    Raises `LabelsError`, which names the zip and the remedy, and `OSError` where the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            found = _find(walk(file), path)
            data = _inflated(file, found, path)
            folder = found.name.removesuffix(LABELS)
            names = {entry.name for entry in walk(file)} if folder else ()
        except UnreadableError as error:
            raise LabelsError(f"{path} cannot be read as a zip ({error}): make it anew") from error
    return _parse(data, f"{found.name} in {path}", folder, names)


def _find(entries: Iterable[Entry], path: Path) -> Entry:
    """The `labels.csv` that is nearest to the zip's root."""
    found = [entry for entry in entries if entry.name.rpartition("/")[2] == LABELS]
    found = [entry for entry in found if not is_ignored(f"{entry.name.removesuffix(LABELS)}-")]  # as in __MACOSX
    if not found:
        raise LabelsError(f"{path} has no {LABELS}: add one to its root that begins with {','.join(_COLUMNS)}")
    top = min(entry.name.count("/") for entry in found)
    first, *more = [entry for entry in found if entry.name.count("/") == top]
    if more:
        raise LabelsError(f"{path} has both {first.name!a} and {more[0].name!a}: keep one {LABELS}, in its root")
    return first


def _inflated(file: BinaryIO, entry: Entry, path: Path) -> bytes:
    data = bytearray()
    for piece in inflate(file, entry, MOST_BYTES):
        data += piece
    if len(data) > MOST_BYTES:
        raise LabelsError(f"{entry.name} in {path} has more than {MOST_BYTES} bytes: split the set")
    return bytes(data)


def _parse(data: bytes, where: str, folder: str, names: Collection[str]) -> Mapping[str, str]:
    text = data.decode("utf-8-sig", "surrogateescape")  # names that are not UTF-8 are compared byte by byte
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    labels: dict[str, str] = {}
    try:
        header = [cell.strip() for cell in next(lines, [])]
        if any(header.count(column) != 1 for column in _COLUMNS):
            raise LabelsError(f"{where} begins with {','.join(header)[:80]!a}: save it as UTF-8, begin it file,label")
        at_file, at_label = map(header.index, _COLUMNS)
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(header) or not cells[at_file] or not cells[at_label].strip():
                raise LabelsError(f"line {lines.line_num} of {where} does not name a file and its label: mend the line")
            name, label = cells[at_file], cells[at_label].strip()
            cell = image_cell(folder + name if folder + name in names else name)
            if labels.setdefault(cell, label) != label:
                raise LabelsError(f"line {lines.line_num} of {where} gives {name!a} another label: keep one of them")
    except csv.Error as error:
        raise LabelsError(f"line {lines.line_num} of {where} is no CSV ({error}): mend the line") from error
    if not labels:
        raise LabelsError(f"{where} names no file: add a line for each image")
    return labels
