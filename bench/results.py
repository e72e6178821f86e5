"""What a section of the benchmark gives, and the whole of it as text and as JSON; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.ratios import Verdict, figure
from train.report import aligned

Line = tuple[str, ...]
BEGIN: Final = "<!-- the last run, as `make bench FLAGS=--keep` writes it -->\n"
END: Final = "<!-- its end -->\n"


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, lines of cells of which the first is the header, and what is to be known about them."""

    heading: str
    lines: Sequence[Line]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """The table as it is printed."""
        return "\n".join([self.heading, "", aligned(list(self.lines)), *([""] if self.notes else []), *self.notes])


@dataclass(frozen=True, slots=True)
class Section:
    """One of the five things that are measured."""

    name: str
    tables: Sequence[Table]
    measured: Mapping[str, float] = field(default_factory=dict)
    """By the name of the target in `ratios.TARGETS`."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """All runs, for JSON."""
    faults: Sequence[str] = ()
    """What was wrong with the rows, or with the memory; nothing about speed."""


def reached(found: Sequence[Verdict], notes: Sequence[str] = ()) -> Table:
    """The table of ratios: what is asked for, what was measured, and how they compare."""
    lines: list[Line] = [("", "at least", "aim", "measured", "")]
    for one in found:
        target = one.target
        bound = "at most " if target.falls else ""
        measured = "" if one.measured is None else f"{figure(one.measured)} {target.unit}"
        cells = (f"{bound}{target.least:g} {target.unit}", f"{target.aim:g} {target.unit}", measured, one.word)
        lines.append((target.text, *cells))
    return Table("What is to be reached", lines, notes)


def text(
    sections: Sequence[Section], found: Sequence[Verdict], machine: Mapping[str, str], notes: Sequence[str] = ()
) -> str:
    """The report: every table, the ratios last, with what is to be known about them, and the machine."""
    tables = [table for section in sections for table in section.tables]
    return "\n\n\n".join([*(table.text() for table in [*tables, reached(found, notes)]), described(machine)])


def described(machine: Mapping[str, str]) -> str:
    """The machine, a line for each thing that is known of it."""
    return "\n".join(f"{name}: {value}" for name, value in machine.items())


def as_json(sections: Sequence[Section], found: Sequence[Verdict], machine: Mapping[str, str]) -> dict[str, Any]:
    """The same as values, with all runs."""
    return {
        "schema": 1,
        "machine": dict(machine),
        "targets": [
            {
                "name": one.target.text,
                "at most" if one.target.falls else "at least": one.target.least,
                "aim": one.target.aim,
                "measured": one.measured,
                "unit": one.target.unit,
                "verdict": one.word,
            }
            for one in found
        ],
        "sections": {section.name: section.data for section in sections},
        "faults": [fault for section in sections for fault in section.faults],
    }


def kept(readme: str, report: str) -> str:
    """A README with a report in the place of the one that it has, as a block of code.

    Raises `ValueError` where it has no such place.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no place for a report: {BEGIN.strip()} and {END.strip()} mark it")
    return f"{before}{BEGIN}\n```\n{report}\n```\n\n{END}{after}"
