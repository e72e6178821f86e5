"""The report of a benchmark as text and as JSON."""

import json
from pathlib import Path

import pytest

from bench.ratios import PEER, TARGETS, verdicts
from bench.results import BEGIN, END, Section, Table, as_json, kept, reached, text

SECTION = Section(
    "throughput",
    [Table("Throughput", [("", "mlp"), ("ours", "9,000")], ["Medians of 5."])],
    {PEER: 450.0},
    {"ours": [{"seconds": 1.0}]},
    ["a row is missing"],
)
README = Path(__file__).parents[2] / "bench" / "README.md"
MACHINE = {"machine": "2 cores"}


def test_the_table_of_targets_has_a_line_for_each() -> None:
    """With what is asked for, what was measured, and how they compare; where less is better, it says at most."""
    lines = reached(verdicts(SECTION.measured)).lines
    assert len(lines) == len(TARGETS) + 1
    assert ("mlp, PNG zip, against the TensorFlow peer image by image", "300 ×", "600 ×", "450 ×", "met") in lines
    assert ("peak memory, cnn, 10,000 images", "at most 250 MB", "180 MB", "", "not measured") in lines


def test_the_text_has_every_table_its_notes_and_the_machine() -> None:
    """The targets come last, with what is to be known about them, and then the machine."""
    found = text([SECTION], verdicts(SECTION.measured), MACHINE, ["A short form."])
    assert found.startswith("Throughput\n\n        mlp\nours  9,000\n\nMedians of 5.")
    assert found.index("What is to be reached") < found.index("A short form.") < found.index("machine: 2 cores")


def test_the_json_has_all_runs_verdicts_and_faults() -> None:
    """And can be written as it is."""
    found = json.loads(json.dumps(as_json([SECTION], verdicts(SECTION.measured), MACHINE)))
    assert found["sections"] == {"throughput": {"ours": [{"seconds": 1.0}]}}
    assert found["faults"] == ["a row is missing"]
    assert found["targets"][2] == {
        "name": "mlp, PNG zip, against the TensorFlow peer image by image",
        "at least": 300,
        "aim": 600,
        "measured": 450.0,
        "unit": "×",
        "verdict": "met",
    }
    assert "at most" in found["targets"][1]


def test_a_report_takes_the_place_of_the_last_one() -> None:
    """All else in the README stays as it is, however often it is done."""
    once = kept(f"Before.\n\n{BEGIN}old{END}\nAfter.\n", "new")
    assert once == f"Before.\n\n{BEGIN}\n```\nnew\n```\n\n{END}\nAfter.\n"
    assert kept(once, "new") == once


def test_a_readme_without_a_place_is_refused() -> None:
    """Nothing is lost by it."""
    with pytest.raises(ValueError, match="no place"):
        kept("Before.", "new")


def test_the_readme_of_the_benchmark_has_a_place_for_its_report() -> None:
    """And a report in it, with every target."""
    text_ = README.read_text(encoding="utf-8")
    assert kept(text_, "new") != text_
    assert all(target.text in text_ for target in TARGETS)
