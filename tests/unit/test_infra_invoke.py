"""What `make invoke` shows of an event, with a stand-in for SAM."""

import io
import json
import os
from pathlib import Path

import pytest

from handler.errors import DigitdropError
from infra.container import FunctionError
from infra.invoke import DROP, hand_over, invoke, names_the_drop
from infra.local import main
from infra.place import Place
from infra.processes import Child, LocalError
from infra.running import BUCKET, CONTAINER, Plan, Running, stack_at
from tests.doubles import s3_event, sqs_event
from tests.stacks import ROOT
from tests.unit.programs import pretend

EVENTS = sorted((ROOT / "infra/events").glob("*.json"))


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_sample_names_the_drop(path: Path) -> None:
    """So that a CSV of its rows is waited for after each."""
    assert names_the_drop(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "event",
    [
        {"hello": "world"},
        None,
        {"Event": "s3:TestEvent"},
        s3_event("incoming/tuesday.zip", bucket=BUCKET),
        s3_event(DROP, bucket="another"),
        sqs_event("not understood"),
    ],
)
def test_no_csv_is_asked_of_any_other_event(event: object) -> None:
    """Whatever the function makes of it is what is shown."""
    assert not names_the_drop(event)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Running:
    """A stack that is described alone: SAM, which would need it, is a stand-in."""
    monkeypatch.chdir(ROOT)
    place = Place(5000)
    server = Child("", (), {}, (), None, None)  # type: ignore[arg-type]  # none is started
    return Running(place, stack_at(place, {}), server, (), print)


@pytest.mark.parametrize("aloud", [True, False])
def test_log_and_reply_of_any_event_are_shown(
    stack: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, aloud: bool
) -> None:
    """The log before the reply, and in the file in any case; of all samples together it is in the file alone."""
    monkeypatch.setenv("PATH", str(tmp_path))
    pretend(tmp_path, "sam", """echo 'a line of the log' >&2; echo '{"batchItemFailures": []}'""")
    log, said = io.BytesIO(), list[str]()
    hand_over(Path("any.json"), stack, log, said.append, aloud=aloud)
    reply = 'sam local invoke -e any.json: the function replied {"batchItemFailures": []}'
    assert said == (["a line of the log", reply] if aloud else [reply])
    assert log.getvalue() == b"--- any.json\na line of the log\n"


def test_a_function_that_fails_has_shown_its_log_before(
    stack: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error line alone would not say where it comes from."""
    monkeypatch.setenv("PATH", str(tmp_path))
    error = json.dumps({"errorType": "EventError", "errorMessage": "no envelope"})
    pretend(tmp_path, "sam", f"echo a traceback >&2; echo '{error}'")
    log, said = io.BytesIO(), list[str]()
    with pytest.raises(FunctionError, match=r"^EventError: no envelope$"):
        hand_over(Path("any.json"), stack, log, said.append, aloud=True)
    assert said == ["a traceback"]
    assert b"a traceback" in log.getvalue()


@pytest.mark.parametrize(("text", "reason"), [(None, "cannot be read"), ("{", "is not JSON")])
def test_an_event_that_is_none_is_told_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, reason: str
) -> None:
    """A wrong name does not cost the minutes that a first build takes."""
    monkeypatch.setattr("infra.sam.require", lambda: None)
    monkeypatch.setattr("infra.sam.build", lambda: pytest.fail("it was built"))
    path = tmp_path / "event.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LocalError, match=reason):
        invoke(path, Plan(0, runtime=CONTAINER), print)


def test_what_went_wrong_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for every command."""

    def fail(*_: object) -> None:
        raise FunctionError("EventError: no envelope")

    assert issubclass(FunctionError, DigitdropError)
    monkeypatch.setattr(os, "environ", dict(os.environ))  # main replaces it
    monkeypatch.setattr("infra.local.interruptible", lambda: None)
    monkeypatch.setattr("infra.local.invoke", fail)
    assert main(["invoke", "any.json"]) == 1
    assert capsys.readouterr().err == "error: EventError: no envelope\n"
