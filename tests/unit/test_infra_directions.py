"""What `make up RUNTIME=container` prints, to be pasted."""

import platform
import re

import pytest

from infra.directions import directions
from infra.place import Place
from infra.processes import Child
from infra.running import Running, stack_at
from tests.stacks import ROOT

FLAGS = "--parameter-overrides Architecture=arm64"


@pytest.mark.parametrize(
    ("machine", "build", "invoke"),
    [
        ("x86_64", "", ""),
        ("arm64", f" {FLAGS}", f" {FLAGS} BucketName=digitdrop-local EndpointUrl=http://host.docker.internal:5001"),
    ],
)
def test_the_commands_fit_the_machine(monkeypatch: pytest.MonkeyPatch, machine: str, build: str, invoke: str) -> None:
    """Where the template's default is another kind of processor, they name this one, and what that replaces too."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    place = Place(5001)
    server = Child("", (), {}, (), None, None)  # type: ignore[arg-type]  # none is started
    text = directions(Running(place, stack_at(place, {}), server, (), print), 1)
    assert re.findall(r"^  sam (?:build|local invoke -e infra/events/s3\.json)(.*)$", text, re.MULTILINE) == [
        build,
        invoke,
    ]
