"""Docker and SAM as they are looked for and asked; what they do is tested where they are, in tests/container."""

import os
import platform
import socket
import subprocess
from pathlib import Path

import pytest

from infra import engine, sam
from infra.container import FunctionError
from infra.local import _command, _parser, main
from infra.place import HOST, Place
from infra.processes import LocalError
from infra.running import stack_at
from tests.stacks import ROOT
from tests.unit.programs import pretend


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_docker_it_says_how_to_get_it(path: Path) -> None:
    """Docker is named first, also where SAM is missing too."""
    assert not list(path.iterdir())
    for require in (engine.require, sam.require):
        with pytest.raises(LocalError, match=r"Docker is missing: install .*docker\.io"):
            require()


def test_an_engine_that_does_not_answer_is_told_from_one_that_is_missing(path: Path) -> None:
    """With docker's own word, and what to do about it."""
    pretend(path, "docker", "echo Cannot connect to the Docker daemon >&2; exit 1")
    with pytest.raises(LocalError, match=r"does not answer \(Cannot connect to the Docker daemon\): start"):
        engine.require()


def test_without_sam_it_says_how_to_get_it(path: Path) -> None:
    """With the version that this project is tested with."""
    pretend(path, "docker", "echo 20.10")
    with pytest.raises(LocalError, match=r"AWS SAM's command line is missing: pipx install aws-sam-cli==1\.\d+"):
        sam.require()


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["invoke"], "make invoke"),
        (["up"], "make up"),
        (["up", "--runtime", "container"], "make up RUNTIME=container"),
        (["up", "--runtime", "rie"], "make up RUNTIME=rie"),
    ],
)
def test_on_a_taken_port_the_advice_is_the_command_that_was_given(arguments: list[str], command: str) -> None:
    """So that it can be pasted, with another port."""
    assert _command(_parser().parse_args(arguments)) == command


def test_make_invoke_without_docker_is_one_line(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, status 1, and nothing has been started."""
    assert path
    monkeypatch.setattr(os, "environ", dict(os.environ))  # main replaces it
    assert main(["invoke"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("error: Docker is missing")
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("networks", "gateway"),
    [
        ([{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}], "172.17.0.1"),
        ([{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.254"}], "10.9.0.254"),
        ([{"Subnet": "172.17.0.0/16"}], "172.17.0.1"),
        ([{"Subnet": "172.17.0.0/16", "Gateway": ""}], "172.17.0.1"),
        ([{"Subnet": "fd00::/80", "Gateway": "fd00::1"}, {"Subnet": "192.168.5.0/24"}], "192.168.5.1"),
    ],
)
def test_the_gateway_is_found_where_engines_leave_it_out(networks: list[dict[str, str]], gateway: str) -> None:
    """It is the bridge's first IPv4 address, unless another is named."""
    assert engine.gateway_of(networks) == gateway


@pytest.mark.parametrize(
    "printed",
    [
        '[{"Subnet": "192.0.2.0/24"}]',  # not an address of this machine: Docker Desktop, whose bridge is elsewhere
        "[]",
        "null",
        '[{"Subnet": "fd00::/80"}]',
        "[{}]",
        "nonsense",
    ],
)
@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_the_server_listens_on_loopback_where_there_is_no_bridge_here(
    path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, system: str
) -> None:
    """And never on all addresses, whatever Docker says; on Linux, where containers may not reach it, that is told."""
    monkeypatch.setattr(platform, "system", lambda: system)
    pretend(path, "docker", f"echo '{printed}'")
    said: list[str] = []
    assert engine.bridge_host(said.append) == HOST
    assert len(said) == (system == "Linux")
    assert all(f"S3 listens at {HOST}: " in line for line in said)


def test_the_bridge_is_taken_where_it_is_this_machines(path: Path) -> None:
    """Loopback has a second address on Linux, which stands for a bridge here."""
    if platform.system() != "Linux":
        pytest.skip("only Linux has more than one address of loopback")
    pretend(path, "docker", 'echo \'[{"Subnet": "127.0.9.0/24"}]\'')
    said: list[str] = []
    assert engine.bridge_host(said.append) == "127.0.9.1"
    assert said == []


def test_a_container_that_cannot_be_removed_hides_no_failure(path: Path) -> None:
    """What went wrong first is told; where nothing did, that it is left behind is."""
    start = "start) echo no such image >&2; exit 1;;"
    removal = "rm) echo no engine >&2; exit 1;;"
    pretend(path, "docker", f"case $1 in {start} {removal} *) echo name;; esac")
    with pytest.raises(LocalError, match=r"^no such image$"), engine.environment("image", {}, 512, 60):
        pass
    with socket.create_server((HOST, 0)) as emulator:
        port = emulator.getsockname()[1]
        answers = f"port) echo {HOST}:{port};; inspect) echo 2026-11-24T22:00:00Z;;"
        pretend(path, "docker", f"case $1 in {answers} {removal} *) echo name;; esac")
        with pytest.raises(ZeroDivisionError), engine.environment("image", {}, 512, 60):
            raise ZeroDivisionError
        with pytest.raises(LocalError, match=r"^no engine$"), engine.environment("image", {}, 512, 60):
            pass


@pytest.mark.parametrize(("machine", "kind"), [("x86_64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")])
def test_images_are_built_for_this_machine(monkeypatch: pytest.MonkeyPatch, machine: str, kind: str) -> None:
    """As the template's parameter names it."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert sam.architecture() == kind


def test_containers_are_told_the_way_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that Docker gives it; bucket and caps are the stack's."""
    monkeypatch.chdir(ROOT)
    place = Place(5001, host="172.17.0.1")
    found = sam.variables(stack_at(place, {}), place)
    assert found["AWS_ENDPOINT_URL"] == "http://host.docker.internal:5001"
    assert found["QUEUE_URL"] == "http://host.docker.internal:5001/123456789012/digitdrop-drops"
    assert found["DIGITDROP_BUCKET"] == "digitdrop-local"


def test_sam_sees_no_account_and_hands_on_no_endpoint() -> None:
    """An AWS_ENDPOINT_URL of the shell would override the container's, from where it leads nowhere."""
    base = {"AWS_PROFILE": "mine", "AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "HOME": "/home/me"}
    found = sam.environment(base, Place(5000))
    assert "AWS_PROFILE" not in found
    assert "AWS_ENDPOINT_URL" not in found
    assert found["AWS_ACCESS_KEY_ID"] == "local"
    assert found["SAM_CLI_TELEMETRY"] == "0"
    assert found["HOME"] == "/home/me"


def done(stdout: str) -> "subprocess.CompletedProcess[str]":
    """What SAM printed."""
    return subprocess.CompletedProcess(["sam"], 0, stdout, "START\nEND\n")


def test_the_reply_is_the_last_line_of_sams_output() -> None:
    """What stands before it is the function's own output."""
    assert sam.parsed(done('a line\n{"batchItemFailures": []}\n')).reply == {"batchItemFailures": []}
    assert sam.parsed(done("{}\n")) == sam.Invocation({}, "START\nEND\n")


@pytest.mark.parametrize(
    ("stdout", "reason"),
    [
        ('{"errorType": "EventError", "errorMessage": "no envelope"}', "EventError: no envelope"),
        ("", "an empty answer"),
    ],
)
def test_a_function_that_failed_is_told_by_its_reply(stdout: str, reason: str) -> None:
    """SAM's own status is 0 then."""
    with pytest.raises(FunctionError, match=reason):
        sam.parsed(done(stdout))
