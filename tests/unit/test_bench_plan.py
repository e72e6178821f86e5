"""How much a benchmark measures, and what holds its processes."""

import argparse
import json
from dataclasses import fields
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import plan as plans
from bench import quota
from bench.plan import CNN, MLP, SHORT, Plan
from bench.prices import SIZES, cpus
from handler.card import PREPROCESSING


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is looked for."""
    monkeypatch.setattr(command, "releases", lambda _say: {MLP: Path("mlp"), CNN: Path("cnn")})


def planned(*, short: bool = False, rounds: int | None = None, largest: int | None = None) -> Plan:
    """The plan that these flags ask for."""
    return command._plan(argparse.Namespace(short=short, rounds=rounds, largest=largest))


def test_the_full_form_is_what_the_issue_asks_for() -> None:
    """Five rounds, and zips up to a million."""
    plan = planned()
    assert min(plan.rounds, plan.starts, plan.memory_rounds) >= 5
    assert (plan.images, plan.mixed, plan.loose, plan.idx) == (10_000, 10_000, 2_000, 60_000)
    assert list(plan.counts) == list(plan.standing) == [1_000, 10_000, 100_000, 1_000_000]
    assert list(plan.handlers) == [1, 2, 4, 8]


def test_an_mlp_made_for_an_older_handler_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is another network; where no other is left, one is trained."""
    monkeypatch.setattr(plans, "RELEASES", tmp_path)
    assert plans._mlp() is None
    for name, network, preprocessing in (
        ("a", MLP, PREPROCESSING),
        ("b", MLP, PREPROCESSING - 1),
        ("c", CNN, PREPROCESSING),
    ):
        (tmp_path / name).mkdir()
        card = {"network": network, "preprocessing": preprocessing}
        (tmp_path / name / "card.json").write_text(json.dumps(card), encoding="utf-8")
    assert plans._mlp() == tmp_path / "a"


def test_the_short_form_is_smaller_in_all_that_it_changes() -> None:
    """And measures memory where the target asks for it, beside a larger zip."""
    plan, full = planned(short=True), planned()
    assert set(SHORT) <= {field.name for field in fields(Plan)}
    for name, value in SHORT.items():
        whole = getattr(full, name)
        assert max(value) < max(whole) if isinstance(value, tuple) else value < whole
    assert plan.compared in plan.counts[:-1]


def test_flags_change_rounds_and_the_largest() -> None:
    """What the others are compared with is measured in any case."""
    plan = planned(rounds=2, largest=1_000)
    assert (plan.rounds, plan.starts, plan.memory_rounds) == (2, 2, 2)
    assert list(plan.counts) == [1_000, 10_000]
    assert list(plan.standing) == [1_000]


def test_a_machine_without_control_groups_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be made whole is taken away again, and costs are computed."""
    monkeypatch.setattr(quota, "_ROOT", tmp_path)
    (tmp_path / "cgroup.procs").touch()
    with quota.quotas({size: cpus(size) for size in SIZES}) as holds:
        assert holds == {}
    assert [path.name for path in tmp_path.iterdir()] == ["cgroup.procs"]
