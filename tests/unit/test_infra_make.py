"""`make` and the Python that it looks for."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or ""
TOOLS = ("sh", "sed", "rm", "touch")

pytestmark = pytest.mark.skipif(not MAKE, reason="make is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files that setting up needs, and a folder `bin` with the tools that it needs, for a PATH of its own."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "bin").mkdir()
    for name in ("Makefile", "pyproject.toml", "infra/find_python.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("requirements.txt", "infra/requirements.txt"):
        (tmp_path / name).touch()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or "missing")
    return tmp_path


def add_python(project: Path, name: str, script: str) -> None:
    """An executable in the project's PATH."""
    path = project / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make with the project's `bin` as its whole PATH."""
    environment = {"PATH": str(project / "bin"), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(  # noqa: S603  # make, as found above
        [MAKE, "-C", str(project), *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("target", ["demo", "test", "up", "train", "lint"])
def test_without_a_supported_python_make_says_which_and_stops(project: Path, target: str) -> None:
    """Where there is only a Python too old, make names it and the versions that are supported, and sets nothing up."""
    add_python(project, "python3", "echo 3.10")
    done = make(project, target)
    assert done.returncode != 0
    assert "digitdrop needs Python 3.11, 3.12, 3.13" in done.stderr
    assert "python3 is 3.10" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (project / ".venv").exists()


def test_a_python_that_does_not_run_is_passed_over(project: Path) -> None:
    """A shim whose Python is not installed is there, but fails: the next one is taken."""
    add_python(project, "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    add_python(project, "python3.12", 'case "$2" in *version_info*) echo 3.12;; esac')
    found = subprocess.run(
        ["sh", "infra/find_python.sh"],  # noqa: S607  # any shell
        cwd=project,
        env={"PATH": str(project / "bin")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "python3.12\n"


def test_a_python_without_venv_is_named_with_the_remedy(project: Path) -> None:
    """Debian's python3 without its venv package cannot be used, and the message says what to install."""
    add_python(project, "python3", 'case "$2" in *version_info*) echo 3.12;; *) exit 1;; esac')
    done = make(project, "demo")
    assert done.returncode != 0
    assert "install python3.12-venv" in done.stderr


def test_the_python_that_is_asked_for_is_the_one_that_is_used(project: Path) -> None:
    """PYTHON= is tried alone: another one on the PATH does not stand in for it."""
    add_python(project, "python3.12", 'case "$2" in *version_info*) echo 3.12;; esac')
    done = make(project, "demo", "PYTHON=python9")
    assert done.returncode != 0
    assert "digitdrop needs Python" in done.stderr


@pytest.mark.parametrize(
    ("stamp", "name"), [("run.stamp", "infra/requirements.txt"), ("requirements.stamp", "requirements.txt")]
)
def test_half_an_installation_does_not_count(project: Path, stamp: str, name: str) -> None:
    """After an installation that failed the next make installs again, and after one that did not it does not."""
    (project / name).write_text("-r missing.txt\n")
    stamp = f".venv/{stamp}"
    assert make(project, stamp, f"PYTHON={sys.executable}").returncode != 0
    assert not (project / stamp).exists()
    (project / name).write_text("")
    assert make(project, stamp, f"PYTHON={sys.executable}").returncode == 0
    assert (project / stamp).exists()
    assert "up to date" in make(project, stamp).stdout


def test_what_runs_is_installed_alone_and_the_rest_is_added(project: Path) -> None:
    """`make demo` waits for nothing that only trains or tests, and what does keeps the environment."""
    said = make(project, ".venv/run.stamp", f"PYTHON={sys.executable}").stdout
    assert "Installing what infra/requirements.txt pins" in said
    assert not (project / ".venv/requirements.stamp").exists()
    said = make(project, ".venv/requirements.stamp").stdout
    assert "Installing what requirements.txt pins" in said
    assert "Making" not in said


@pytest.mark.parametrize(
    ("target", "stamp"),
    [(target, "run.stamp") for target in ("demo", "up", "send", "invoke", "ship")]
    + [(target, "requirements.stamp") for target in ("train", "lint", "startup", "bench")],
)
def test_each_target_waits_for_no_more_than_it_needs(target: str, stamp: str) -> None:
    """The first line of its rule says which environment it runs in."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^(LIGHT|READY) := \$\(VENV\)/(.+)$", text, re.MULTILINE))
    needs = re.findall(rf"^{target}: \$\((\w+)\)", text, re.MULTILINE)
    assert [variables[name] for name in needs] == [stamp]


def test_help_lists_every_target() -> None:
    """`make` alone tells what there is."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert targets
    said = subprocess.run(  # noqa: S603  # make, which must not say where it is where another make called it
        [MAKE, "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split()[1] for line in said.splitlines()] == targets[1].split()
