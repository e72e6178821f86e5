"""How CI has its base image, up to the making of a stand-in, with a stand-in for Docker."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stacks import ROOT
from tests.unit.programs import pretend

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("timeout")), reason="bash or timeout is not installed"
)


@pytest.mark.parametrize(
    ("here", "mark", "reached", "said", "asked"),
    [
        (0, "", 0, "already here", ["image", "image"]),
        (0, "yes", 0, "pulled", ["image", "image", "manifest", "pull"]),
        (0, "yes", 1, "pulled", ["image", "image", "manifest", "pull"]),
        (1, "", 0, "pulled", ["image", "manifest", "pull"]),
    ],
    ids=["the real one", "a stand-in", "a stand-in, and a way that only the engine has", "none"],
)
def test_the_real_base_image_is_tried_first(  # noqa: PLR0913, PLR0917  # a table
    tmp_path: Path, here: int, mark: str, reached: int, said: str, asked: list[str]
) -> None:
    """Unless it is there already; a stand-in of an earlier run does not stop that."""
    pretend(
        tmp_path,
        "docker",
        f"echo $1 >> {tmp_path}/asked\n"
        f"case $* in *--format*) echo {mark};; image*) exit {here};; manifest*) exit {reached};; esac",
    )
    done = subprocess.run(  # noqa: S603  # our own script
        [ROOT / ".ci/base/build"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Base image: public.ecr.aws/lambda/python:")
    assert done.stdout.endswith(f"{said}\n")
    assert (tmp_path / "asked").read_text().split() == asked
