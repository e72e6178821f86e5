"""What `make deploy` runs the first time, and what later."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.deploy import DEFAULT, STAND_IN, commands, environment_of, main, refuse_stand_in, saved
from infra.intrinsics import load_template
from infra.processes import LocalError
from tests.stacks import ROOT
from tests.unit.programs import pretend

SAVED = 'BucketName="my-bucket" Architecture="arm64" MemorySize="3008" AlarmEmail="me@example.org"'


def test_the_first_time_sam_asks_and_proposes_this_machines_kind() -> None:
    """Nothing is saved yet: it is built for the machine that it is built on."""
    assert commands("", "arm64", ["--profile", "mine"]) == (
        ["sam", "build", "--parameter-overrides", "Architecture=arm64"],
        ["sam", "deploy", "--guided", "--parameter-overrides", "Architecture=arm64", "--profile", "mine"],
    )


def test_later_all_that_was_answered_stays() -> None:
    """No parameter is given to `sam deploy`, which would replace all that are saved; it is built for the saved kind."""
    build, deploy = commands(SAVED, "x86_64", ["--profile", "mine"])
    assert build == ["sam", "build", "--parameter-overrides", "Architecture=arm64"]
    assert deploy == ["sam", "deploy", "--profile", "mine"]


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ("BucketName=b Architecture=arm64", "arm64"),
        ("ParameterKey=Architecture,ParameterValue=arm64", "arm64"),
        ('Architecture="x86_64"', "x86_64"),
        ("BucketName=b", "x86_64"),
        ("BucketName=b OtherArchitecture=arm64", "x86_64"),
    ],
)
def test_the_saved_kind_is_found_however_it_is_written(parameters: str, kind: str) -> None:
    """Where none is saved, the template's own holds for the function, and so for its image."""
    assert commands(parameters, "arm64", [])[0][-1] == f"Architecture={kind}"
    template = load_template((ROOT / "template.yaml").read_text(encoding="utf-8"))
    assert template["Parameters"]["Architecture"]["Default"] == DEFAULT


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (SAVED, SAVED),
        (["BucketName=b", "Architecture=arm64"], "BucketName=b Architecture=arm64"),
        ({"BucketName": "b", "Architecture": "arm64"}, "BucketName=b Architecture=arm64"),
        ("", ""),
        ([], ""),
        (None, ""),
    ],
)
def test_saved_parameters_are_read_as_sam_reads_them(value: object, line: str) -> None:
    """A line, a list or a table, in the part of the configuration that is asked for."""
    config = {"second": {"deploy": {"parameters": {"parameter_overrides": value}}}}
    assert saved(config, "second") == line
    assert saved(config, "default") == ""
    assert saved({"default": {"deploy": "nonsense"}}, "default") == ""


@pytest.mark.parametrize(
    ("flags", "environment"),
    [([], "default"), (["--config-env", "second"], "second"), (["--guided", "--config-env=second"], "second")],
)
def test_another_stacks_answers_are_its_own(flags: list[str], environment: str) -> None:
    """`--config-env`, as SAM has it."""
    assert environment_of(flags) == environment


def test_an_image_on_the_stand_in_is_never_deployed() -> None:
    """The error says where it comes from and how to have AWS's own; CI gives it the label that is looked for."""
    with pytest.raises(LocalError, match=r"not for production: docker pull public\.ecr\.aws/lambda/python:3\.\d+, and"):
        refuse_stand_in({STAND_IN: "yes"})
    refuse_stand_in({"another": "label"})
    assert re.search(f"^mark={STAND_IN}$", (ROOT / ".ci/base/build").read_text(encoding="utf-8"), re.MULTILINE)


Deploy = Callable[..., list[str]]


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """`make deploy` with stand-ins for Docker and SAM; gives what SAM was told. Nothing is saved in the beginning."""
    bin_, project = tmp_path / "bin", tmp_path / "project"
    bin_.mkdir()
    (project / "handler").mkdir(parents=True)
    (project / "handler/Dockerfile").write_text((ROOT / "handler/Dockerfile").read_text(encoding="utf-8"))
    monkeypatch.chdir(project)
    monkeypatch.setenv("PATH", str(bin_))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    def run(*flags: str, labels: str = "null", status: int = 0, ends: int = 0) -> list[str]:
        (project / "told").write_text("")
        pretend(bin_, "docker", f"case $1 in info) echo 26;; *) echo '{labels}';; esac")
        pretend(bin_, "sam", f'echo "$AWS_PROFILE: $*" >> told; case $1 in build) exit {status};; esac')
        assert main(list(flags)) == ends
        return (project / "told").read_text().splitlines()

    return run


def test_a_second_deployment_forgets_nothing(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first asks, and what SAM then saves is what the second goes by; both see the user's own account."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert deploy() == [
        "mine: build --parameter-overrides Architecture=arm64",
        "mine: deploy --guided --parameter-overrides Architecture=arm64",
    ]
    Path("samconfig.toml").write_text(f"[default.deploy.parameters]\nparameter_overrides = '{SAVED}'\n")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert deploy("--no-confirm-changeset") == [
        "mine: build --parameter-overrides Architecture=arm64",
        "mine: deploy --no-confirm-changeset",
    ]


def test_nothing_is_deployed_where_it_must_not_be(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    """Not where building fails, whose status is passed on, nor where the image is CI's."""
    assert len(deploy(status=7, ends=7)) == 1
    assert len(deploy(labels='{"digitdrop.stand-in": "yes"}', ends=1)) == 1
    assert capsys.readouterr().err.startswith("error: the image was built on CI's stand-in")


def test_what_is_missing_or_broken_is_named(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration that cannot be read, Docker, SAM: one line each, and status 1."""
    Path("samconfig.toml").write_text("[")
    assert deploy(ends=1) == []
    assert capsys.readouterr().err.startswith("error: samconfig.toml cannot be read")
    (Path(os.environ["PATH"]) / "sam").unlink()
    assert main([]) == 1
    assert capsys.readouterr().err.startswith("error: AWS SAM's command line is missing")
    (Path(os.environ["PATH"]) / "docker").unlink()
    assert main([]) == 1
    assert capsys.readouterr().err.startswith("error: Docker is missing")
