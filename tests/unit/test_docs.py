"""README says what the code does."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from handler.errors import DETAILS
from handler.settings import Settings
from handler.steps import Steps
from handler.stopwatch import STAGES
from handler.telemetry import METRICS
from infra.running import BUCKET
from tests.unit.test_telemetry import FIELDS, POWERTOOLS_FIELDS
from train.flags import parse

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_detail_codes_is_the_one_of_the_code() -> None:
    """README lists every code that `detail` can begin with, in order, with the meaning that the code gives it."""
    assert re.findall(r"^\| `([a-z-]+)` \| (?:review|error) \| (.+) \|$", README, re.MULTILINE) == list(DETAILS.items())


def test_the_table_of_limits_is_the_one_of_the_settings() -> None:
    """README lists every cap with its default."""
    listed = {
        name.lower(): int(value) for name, value in re.findall(r"^\| `(MAX_\w+)` \| (\d+) \|", README, re.MULTILINE)
    }
    defaults = Settings("bucket")
    caps = [name for name in Settings.__dataclass_fields__ if name.startswith("max_")]
    assert listed == {name: getattr(defaults, name) for name in caps}


def test_the_table_of_metrics_is_the_one_of_the_code() -> None:
    """README lists every metric, in order, with the unit and the meaning that the code gives it."""
    listed = re.findall(r"^\| `(\w+)` \| (Count|Milliseconds|Seconds) \| (.+) \|$", README, re.MULTILINE)
    assert listed == [(name, *about) for name, about in METRICS.items()]


def test_the_line_of_a_drop_in_readme_is_as_it_is_printed() -> None:
    """The sample has exactly the fields and stages of a real one, and the table below it explains each of ours."""
    (sample,) = re.findall(r'^\{"level".+', README, re.MULTILINE)
    line = json.loads(sample)
    assert set(line) == FIELDS | POWERTOOLS_FIELDS
    assert list(line["milliseconds"]) == [*STAGES, "total"]
    (table,) = re.findall(r"^\| field of a drop .+?\n\n", README, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == FIELDS


def test_every_make_target_in_readme_exists() -> None:
    """README names no target that the Makefile lacks."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)", README))
    assert {"demo", "test", "up"} <= named <= targets


@pytest.mark.parametrize("line", re.findall(r"^\.venv/bin/python -m train (.+?)\s*(?:#.*)?$", README, re.MULTILINE))
def test_every_train_command_in_readme_parses(line: str) -> None:
    """README's `python -m train` lines are accepted by its command line."""
    words = line.replace("VERSION", "0123456789ab").split()
    assert parse(words, {}).command


def test_the_local_bucket_is_the_one_that_readme_names() -> None:
    """README's commands go to the bucket that the local stack makes."""
    assert set(re.findall(r"s3://([a-z-]+)/", README)) == {BUCKET}


def test_the_table_of_the_normaliser_has_every_step() -> None:
    """docs/normaliser.md has a column for each step that can be left out, and says what each one does."""
    text = (ROOT / "docs" / "normaliser.md").read_text(encoding="utf-8")

    for step in fields(Steps):
        assert f"| without {step.name} " in text
        assert f"| `{step.name}` |" in text
