"""The Dockerfile, what is sent to build it, and where `sam build` looks for it."""

import re
import tomllib
from pathlib import Path

import pytest
from docker.utils import exclude_paths  # type: ignore[import-untyped]  # docker-py has no types
from packaging.specifiers import SpecifierSet

from infra.sam import IMAGE

from .intrinsics import Template


@pytest.fixture(scope="module")
def steps(root: Path) -> list[str]:
    """The Dockerfile's instructions, continued lines joined, comments left out."""
    text = (root / "handler/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_the_base_images_python_is_one_that_the_project_supports(root: Path, steps: list[str]) -> None:
    """AWS's Python image, of a version that `requires-python` includes."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = re.fullmatch(r"FROM public\.ecr\.aws/lambda/python:(3\.\d+)", steps[0])
    assert base
    assert base[1] in SpecifierSet(project["requires-python"])


def test_dependencies_come_before_code(steps: list[str]) -> None:
    """Changed code rebuilds its own layers and none before them: only its bytecode and the command follow."""
    assert [step.partition(" ")[0] for step in steps] == ["FROM", "COPY", "RUN", "COPY", "RUN", "CMD"]
    assert steps[1].startswith("COPY handler/requirements.txt ")
    assert steps[3] == "COPY handler/*.py ${LAMBDA_TASK_ROOT}/handler/"
    assert "pip" not in steps[4]
    assert steps[5] == 'CMD ["handler.app.lambda_handler"]'


def test_pip_leaves_no_cache_and_compiles_nothing(steps: list[str]) -> None:
    """Wheels only, no cache, and the list of them is removed again."""
    assert "pip install --no-cache-dir --only-binary=:all:" in steps[2]
    assert "&& rm /tmp/requirements.txt" in steps[2]


def test_the_container_gets_the_handlers_dependencies_alone(root: Path) -> None:
    """Its list is pinned, and holds neither TensorFlow nor what tests need."""
    lines = (root / "handler/requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+==\S+", pin) for pin in pins)
    names = {pin.partition("==")[0] for pin in pins}
    assert {"numpy", "onnxruntime", "pillow", "boto3"} <= names
    assert not names & {"tensorflow", "tensorflow-cpu", "keras", "matplotlib", "pytest", "moto"}


def test_only_what_is_copied_is_sent_to_the_builder(root: Path, tmp_path: Path) -> None:
    """`.dockerignore`, read by the library that `sam build` reads it with, lets through code and list alone."""
    wanted = {"handler/Dockerfile", "handler/app.py", "handler/requirements.txt"}
    unwanted = {"train/data.py", "handler/notes.md", "handler/__pycache__/app.pyc", ".venv/x.py", ".git/config", "x.py"}
    for name in wanted | unwanted:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    lines = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    sent = exclude_paths(str(tmp_path), patterns, "handler/Dockerfile")
    assert {name for name in sent if (tmp_path / name).is_file()} == wanted


def test_sam_build_finds_it(root: Path, source: Template) -> None:
    """The context is the root, so that the package is imported as `handler`; the Dockerfile is where it says."""
    metadata = source["Resources"]["Handler"]["Metadata"]
    assert metadata["DockerContext"] == "."
    assert (root / metadata["DockerContext"] / metadata["Dockerfile"]).is_file()


def test_the_image_is_called_what_we_look_for(source: Template) -> None:
    """SAM names it after the function, as it does other projects' images; the tag is ours."""
    function = source["Resources"]["Handler"]
    assert function["Metadata"]["DockerTag"] == "digitdrop"
    assert f"handler:{function['Metadata']['DockerTag']}" == IMAGE
