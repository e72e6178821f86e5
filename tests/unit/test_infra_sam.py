"""How SAM is waited for, and ended: a stand-in for it that notes what it is sent."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra import sam
from infra.processes import LocalError, interruptible
from tests.processes import PATIENCE, runs, wait_for
from tests.unit.programs import pretend

SLEEP = "while :; do /bin/sleep 0.05; done"
Told = Callable[[], list[str]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """A `sam` that runs until it is asked to end, and then takes its time to clear up; gives what it noted."""
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "told"
    clear = f"echo asked >> {file}; /bin/sleep 0.3; echo cleared >> {file}; exit 1"
    pretend(
        tmp_path, "sam", f"trap '{clear}' INT\ntrap 'echo killed >> {file}; exit 1' TERM HUP\necho $$ > {file}\n{SLEEP}"
    )
    return lambda: file.read_text().split() if file.exists() else []


@pytest.fixture
def handlers() -> Iterator[None]:
    """Signals are afterwards handled as they were before."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in ("SIGTERM", "SIGHUP", "SIGINT")}
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


def test_where_it_takes_too_long_it_can_still_clear_up(told: Told) -> None:
    """It is asked to end, once, as by Ctrl-C, and waited for: its container does not stay behind."""
    with pytest.raises(LocalError, match=r"^sam local did not end within 0\.5 s$"):
        sam._sam(["local", "invoke"], 0.5)
    assert told()[1:] == ["asked", "cleared"]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_however_we_are_ended_it_can_clear_up(told: Told, handlers: None, name: str) -> None:
    """A signal to us is one SIGINT to it; another, which people send when nothing seems to happen, changes nothing."""
    assert handlers is None
    interruptible()

    def end() -> None:
        wait_for(lambda: len(told()) > 0, "the start of the stand-in")
        os.kill(os.getpid(), getattr(signal, name))
        wait_for(lambda: "asked" in told(), "its being asked to end")
        os.kill(os.getpid(), getattr(signal, name))

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        sam._sam(["local", "invoke"], PATIENCE)
    thread.join()
    assert told()[1:] == ["asked", "cleared"]


def test_what_does_not_end_is_killed(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that it started, so that nothing waits for ever."""
    monkeypatch.setattr(sam, "END_SECONDS", 0.2)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    file = tmp_path / "told"
    pretend(tmp_path, "sam", f"trap '' INT\necho $$ > {file}\n({SLEEP}) &\necho $! >> {file}\n{SLEEP}")
    with pytest.raises(LocalError):
        sam._sam(["build"], 0.5)
    assert len(told()) == 2
    for pid in told():
        wait_for(lambda pid=pid: not runs(int(pid)), f"the end of {pid}")  # type: ignore[misc]


def test_a_sam_that_fails_is_told_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of its outputs, of which either may hold the reason; one that is not there is told too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    pretend(tmp_path, "sam", "echo one; echo two >&2; exit 3")
    with pytest.raises(LocalError, match=r"^sam build failed:\none\ntwo\n$"):
        sam._sam(["build"], PATIENCE)
    (tmp_path / "sam").unlink()
    with pytest.raises(LocalError, match=r"^sam build: .*No such file"):
        sam._sam(["build"], PATIENCE)
