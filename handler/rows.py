"""What the CSV says of one image."""

from collections.abc import Sequence
from typing import Final, NamedTuple

OK: Final = "ok"
REVIEW: Final = "review"
ERROR: Final = "error"

_FORMULA: Final = frozenset("=+-@'\t\r")


class Row(NamedTuple):
    """One line of a CSV; every value as it is written there, before quoting. A tuple, since there may be a million."""

    image: str
    frame: str
    digit: str
    confidence: str
    status: str
    detail: str
    model: str
    probabilities: tuple[str, ...] = ()
    """Of each class, where they are asked for."""


def image_cell(name: str) -> str:
    r"""A name as the `image` column has it: no formula, and valid UTF-8.

    Bytes that are not UTF-8 (lone surrogates in `name`) become `\xNN`, and backslashes of such a name are doubled.
    """
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:
            raw = name.replace("\\", "\\\\").encode(errors="surrogateescape")
            name = raw.decode(errors="backslashreplace")
    return f"'{name}" if name[:1] in _FORMULA else name


def image_cells(names: Sequence[str]) -> Sequence[str]:
    """The same of several, most of which are as they are written: a look at all of them together shows it."""
    if "".join(names).isascii() and _FORMULA.isdisjoint({name[:1] for name in names}):
        return names
    return [image_cell(name) for name in names]
