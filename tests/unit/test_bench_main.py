"""What a benchmark leaves, and how it ends."""

import json
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import plots
from bench.curves import Curve, Point
from bench.plan import Plan
from bench.ratios import PEER
from bench.results import BEGIN, END, Section, Table
from tests.unit.test_bench_rates import runs


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the report is written, and a README with a place for it."""
    monkeypatch.setattr(command, "TEXT", tmp_path / "report.txt")
    monkeypatch.setattr(command, "VALUES", tmp_path / "results.json")
    monkeypatch.setattr(command, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text(f"Before.\n{BEGIN}{END}", encoding="utf-8")
    return tmp_path


def section(*faults: str) -> Section:
    """One that was measured."""
    return Section("throughput", [Table("Rates", [("", "mlp")])], {PEER: 10.0}, {}, faults)


def test_missed_targets_fail_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are told, in text and JSON; README is left alone unless it is asked for."""
    assert command._report(Plan({}, images=100), [section()], 1.0, keep=False) == 0
    told = capsys.readouterr().out
    assert "missed by 97%" in told
    assert "a short form" in told
    assert (folder / "report.txt").read_text(encoding="utf-8").startswith("Rates\n")
    assert json.loads((folder / "results.json").read_text(encoding="utf-8"))["targets"][2]["measured"] == 10
    assert "Rates" not in (folder / "README.md").read_text(encoding="utf-8")


def test_wrong_rows_fail_it_after_all_was_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each fault is a line of its own."""
    assert command._report(Plan({}), [section("a row is missing")], 1.0, keep=True) == 1
    assert capsys.readouterr().err == "error: a row is missing\n"
    assert "Rates" in (folder / "README.md").read_text(encoding="utf-8")


def test_plots_are_drawn(folder: Path) -> None:
    """Of throughput, memory and growth, each a PNG."""
    curve = Curve("a curve", "images", "image", [Point(10, [1.0], 10, [90.0]), Point(100, [8.0], 100, [91.0])], "")
    plots.throughput(runs(), folder / "throughput.png")
    plots.memory(curve, 250, folder / "memory.png")
    plots.growth([curve] * 3, folder / "growth.png")
    for path in folder.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
    assert len(list(folder.glob("*.png"))) == 3
