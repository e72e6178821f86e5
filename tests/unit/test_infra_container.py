"""What an answer of the emulator means, what the function is told, and which emulator is run."""

import subprocess
from pathlib import Path

import pytest

from infra import emulator as emulator_module
from infra.container import FunctionError, free_ports, lambda_environment, outcome
from infra.emulator import SHA256, VERSION, emulator, verified
from infra.processes import LocalError


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"null", None), (b"{}", {}), (b'{"batchItemFailures": []}', {"batchItemFailures": []}), (b'"text"', "text")],
)
def test_what_a_function_replies_is_its_reply(body: bytes, expected: object) -> None:
    """JSON under status 200 is what the function returned."""
    assert outcome(200, "", body) == expected


@pytest.mark.parametrize(
    ("status", "error", "body", "reason"),
    [
        (200, "", b'{"errorMessage": "bad", "errorType": "ValueError", "stackTrace": []}', "ValueError: bad"),
        (200, "", b"Task timed out after 3.00 seconds", "Task timed out after 3.00 seconds"),
        (502, "", b'{"errorType":"Runtime.ExitError","errorMessage":"signal: killed"}', "Runtime.ExitError: signal"),
        (500, "", b"{}", "500: {}"),
        (200, "Unhandled", b"{}", "Unhandled: {}"),
        (200, "", b"", "an empty answer with status 200"),
        (200, "", b"\xff", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_an_error_of_the_runtime_is_a_failure_of_the_function(
    status: int, error: str, body: bytes, reason: str
) -> None:
    """An error as JSON, a sentence, a status and a header each say that it failed, and why."""
    with pytest.raises(FunctionError, match=reason):
        outcome(status, error, body)


def test_the_function_is_told_what_lambda_tells_it() -> None:
    """Name, memory and timeout are there under Lambda's names, and nothing that was there is lost."""
    found = lambda_environment({"QUEUE_URL": "q"}, "digitdrop-Function", 2048, 300)
    assert found["QUEUE_URL"] == "q"
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == "digitdrop-Function"
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "2048"
    assert found["AWS_LAMBDA_FUNCTION_TIMEOUT"] == "300"


def test_ports_differ() -> None:
    """No two emulators meet on a port."""
    assert len(set(free_ports(20))) == 20


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Windows", "AMD64"), ("Linux", "riscv64")])
def test_a_machine_without_an_emulator_is_told_so(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    """Where there is no emulator for the machine, one line names both and how to go on without it."""
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(LocalError, match=rf"x86_64 or arm64, and this is {system} on {machine}: make up without"):
        emulator(print)


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine that there is an emulator for, with the client installed, and the path of the emulator in its cache."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: True)
    monkeypatch.setenv("DIGITDROP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / f"aws-lambda-rie-{VERSION}-arm64"


def test_without_the_client_the_remedy_is_named(linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where awslambdaric is not installed, that is said before anything is downloaded."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(LocalError, match=r"awslambdaric.* is not installed: pip install"):
        emulator(print)
    assert not linux.exists()


def test_the_emulator_is_downloaded_once(linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was downloaded is kept, executable, and used again; a file that is not it is replaced."""
    said: list[str] = []
    monkeypatch.setattr(emulator_module, "_download", lambda _: b"program")
    monkeypatch.setitem(SHA256, "arm64", "0ee90c5e28bb21a1a8a7d6a45d8b52ea94fb1c34c8a8f4ad0c1c3a6f2b4d2f10")
    with pytest.raises(LocalError, match="is not the one that is pinned"):
        emulator(said.append)
    assert not linux.exists()
    monkeypatch.setitem(SHA256, "arm64", emulator_module._digest(b"program"))
    for _ in range(3):
        assert emulator(said.append) == linux
    assert len(said) == 2
    linux.write_bytes(b"another")
    assert emulator(said.append).read_bytes() == b"program"
    assert len(said) == 3
    assert linux.stat().st_mode & 0o111
    assert [path.name for path in linux.parent.iterdir()] == [linux.name]


def test_a_download_that_fails_is_told_with_its_reason(linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip said last is the reason, and the network the remedy."""

    def fail(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "pip", stderr="warning\nERROR: no such host\n")

    monkeypatch.setattr("subprocess.run", fail)
    with pytest.raises(LocalError, match=r"cannot be downloaded \(ERROR: no such host\): check the network"):
        emulator(print)
    assert not linux.exists()


def test_a_cache_that_cannot_be_written_is_named(linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the emulator cannot be kept, the folder and the variable that sets it are named."""
    linux.parent.write_text("a file in the folder's place")
    monkeypatch.setattr(emulator_module, "_download", lambda _: b"program")
    monkeypatch.setitem(SHA256, "arm64", emulator_module._digest(b"program"))
    with pytest.raises(LocalError, match=r"cannot be kept in .*; set DIGITDROP_CACHE"):
        emulator(print)


def test_another_program_is_refused() -> None:
    """Bytes that are not the pinned ones are never run."""
    with pytest.raises(LocalError, match="SHA-256 is e3b0c44298fc…, not 6b1e686e62ab…"):
        verified(b"", "x86_64")
