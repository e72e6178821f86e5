"""What runs where only `infra/requirements.txt` is installed: the stack, the demo, and all of `train` but training."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.doubles import bar, encoded, zipped
from tests.stacks import ROOT
from train.publish import PRETRAINED

ABSENT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in NAMES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment in which no Python finds what that list does not pin."""
    lines = (ROOT / "infra/requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line} | {"pip"}
    names = {
        module
        for module, packages in packages_distributions().items()
        if not pinned & {re.sub(r"[-_.]+", "-", package).lower() for package in packages}
    }
    assert {"tensorflow", "keras", "matplotlib", "onnx", "pytest"} <= names
    assert not {"moto", "flask", "numpy", "onnxruntime", "yaml", "boto3", "PIL"} & names
    folder = tmp_path_factory.mktemp("light")
    (folder / "sitecustomize.py").write_text(f"NAMES = {names!r}{ABSENT}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DIGITDROP_BUCKET"))}
    return kept | {"PYTHONPATH": str(folder)}


def run(environment: Mapping[str, str], *words: str, status: int = 0) -> str:
    """A command of ours, `python -m …`; what it prints."""
    command = [sys.executable, "-m", *words]
    done = subprocess.run(  # noqa: S603  # our own programs
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def up(light: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The stack as `make up` starts it, on a free port; the environment of a user beside it."""
    command = [sys.executable, "-u", "-m", "infra.local", "up", "--port", "0", "--speed", "10"]
    with subprocess.Popen(command, cwd=ROOT, env=light, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # ours
        assert process.stdout
        (endpoint,) = re.findall(r"AWS_ENDPOINT_URL=(http://[\d.:]+)\.$", _directions(process), re.MULTILINE)
        region = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint}
        yield {**light, **region, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        process.terminate()
        process.stdout.read()


def _directions(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C ends it"):
            return "".join(lines)
    pytest.fail("".join(lines))


def test_the_demo_runs(light: Mapping[str, str]) -> None:
    """From the model that is shipped to the sums of its CSVs."""
    said = run(light, "infra.local", "demo")
    assert f"from {PRETRAINED}" in said
    assert re.search(r"^mnist-test.zip +10000 ", said, re.MULTILINE)


def test_the_stack_takes_an_event_and_another_model(up: Mapping[str, str]) -> None:
    """`make send`, and `publish FOLDER`, `list` and `activate` beside `make up`."""
    version = re.findall(r"^model (\w+) ", run(up, "train", "publish", str(PRETRAINED), "--bucket", "digitdrop-local"))
    listed = run(up, "train", "list", "--bucket", "digitdrop-local")
    assert re.search(rf"^{version[0]} .* live$", listed, re.MULTILINE)
    assert "is live, as it was" in run(up, "train", "activate", version[0], "--bucket", "digitdrop-local")
    port = up["AWS_ENDPOINT_URL"].rpartition(":")[2]
    said = run(up, "infra.local", "send", "infra/events/s3.json", "--port", port)
    assert "s3.json: the function replied {}" in said


def test_images_are_evaluated_without_their_plot(light: Mapping[str, str], tmp_path: Path) -> None:
    """The numbers are there, what is missing is named with the remedy, and no plot of an earlier run stays."""
    path = tmp_path / "set.zip"
    path.write_bytes(zipped({"1.png": encoded(bar(6, 20)), "labels.csv": b"file,label\n1.png,1\n"}))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mistakes.png").touch()
    said = run(light, "train", "evaluate", str(path), "--out", str(tmp_path))
    assert "since matplotlib is not installed: make .venv/requirements.stamp" in said
    assert json.loads((tmp_path / "set" / "report.json").read_text())["rows"] == 1
    assert not (tmp_path / "set" / "mistakes.png").exists()


def test_training_says_what_to_install(light: Mapping[str, str]) -> None:
    """One line, and no traceback."""
    said = run(light, "train", status=1)
    assert re.fullmatch(
        r"error: \w+ is not installed, and `train` needs it here: make .venv/requirements.stamp, .*\n", said
    )


@pytest.mark.parametrize("module", ["infra.invoke", "train.ship"])
def test_what_needs_docker_or_a_new_model_imports(light: Mapping[str, str], module: str) -> None:
    """`make invoke` and `make ship` are told apart from the others only by what they need besides Python."""
    subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, env=light, check=True)  # noqa: S603  # ours
