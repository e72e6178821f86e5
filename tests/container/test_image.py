"""What is in the image, and what is not."""

import shutil
from pathlib import Path

import pytest

from infra import sam
from infra.engine import docker, image_bytes
from tests.stacks import ROOT

pytestmark = pytest.mark.container

MOST_BYTES = 250 * 1000**2
"""That our layers may add to the base."""

BUILD_SECONDS = 600


def run(image: str, script: str) -> str:
    """What a shell in the image prints."""
    return docker("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", script)


def layers(image: str) -> list[str]:
    """The layers of an image, lowest first."""
    return docker("image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}} {{end}}", image).split()


def test_our_layers_are_small(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They add at most 250 MB to AWS's base."""
    base = sam.base()
    assert layers(image)[: len(layers(base))] == layers(base)
    added = image_bytes(image) - image_bytes(base)
    with capsys.disabled():
        print(f"\nOur layers add {added / 1000**2:.0f} MB to the base's {image_bytes(base) / 1000**2:.0f} MB")  # noqa: T201  # asked for
    assert added <= MOST_BYTES


def test_only_what_the_handler_needs_is_in_it(image: str) -> None:
    """The task folder holds the handler alone: no tests, no training, no list of requirements."""
    assert run(image, "ls $LAMBDA_TASK_ROOT; ls /tmp") == "handler"
    ours = {path.name for path in (ROOT / "handler").glob("*.py")}
    assert set(run(image, "ls $LAMBDA_TASK_ROOT/handler").split()) == ours | {"__pycache__"}


def test_no_tools_and_no_leftovers_are_in_it(image: str) -> None:
    """No compiler, no cache of pip, no TensorFlow, no libraries' own tests of NumPy."""
    assert run(image, "for tool in gcc cc clang make; do command -v $tool; done; true") == ""
    assert run(image, "ls -d /root/.cache /tmp/* 2>/dev/null; true") == ""
    gone = "tensorflow keras moto pytest matplotlib"
    assert run(image, f'for name in {gone}; do python -c "import $name" 2>/dev/null && echo $name; done; true') == ""
    assert run(image, "find / -xdev -path '*numpy*' -name tests -type d") == ""


def test_everything_is_compiled_and_readable_for_anybody(image: str) -> None:
    """The root file system cannot be written on Lambda, nor are we its root there: each module has its bytecode."""
    script = "cd $LAMBDA_TASK_ROOT/handler; for file in *.py; do ls __pycache__/${file%.py}.*.pyc >/dev/null; done"
    assert run(image, f"({script}) 2>&1") == ""
    assert run(image, "find $LAMBDA_TASK_ROOT ! -perm -o=r") == ""


def test_changed_code_rebuilds_the_layers_of_code_alone(
    image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another line in a module all layers but the last two, code and bytecode, are those of before."""
    for name in (".dockerignore", "handler"):
        source, copy = ROOT / name, tmp_path / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy)
    with (tmp_path / "handler/app.py").open("a") as file:
        file.write("# another line\n")
    tag = "digitdrop-changed:test"
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")  # SAM's own builder, whose layers are to be found again
    dockerfile = str(tmp_path / "handler/Dockerfile")
    docker("build", "--quiet", "--tag", tag, "--file", dockerfile, str(tmp_path), seconds=BUILD_SECONDS)
    try:
        before, after = layers(image), layers(tag)
    finally:
        docker("rmi", tag)
    assert before[:-2] == after[:-2]
    assert before[-2] != after[-2]
