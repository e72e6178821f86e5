"""`sam local invoke`: SAM's own command, the image that it built, S3 on the host."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from handler.events import unwrap
from infra import sam
from infra.container import FunctionError
from infra.deploy import DEFAULT
from infra.place import DEFAULT_PORT
from infra.running import Running
from tests.doubles import bar, encoded, s3_event, zipped
from tests.stacks import ROOT, awaited, drop

pytestmark = pytest.mark.container

EVENTS = sorted((ROOT / "infra/events").glob("*.json"))
PICTURE = encoded(bar(4, 20))
KEY, CSV = "incoming/monday.zip", "predictions/monday.zip.csv"


def images(stack: Running, key: str) -> list[str]:
    """The images that have rows in a CSV, in its order."""
    header, *rows = awaited(stack, key).decode().splitlines()
    assert header == "image,frame,digit,confidence,status,detail,model"
    return [row.partition(",")[0] for row in rows]


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_each_sample_event_gives_a_csv(stack: Running, path: Path) -> None:
    """S3's plain event, SNS, SQS, EventBridge and a bare bucket and key bring the CSV and the reply that is due."""
    drop(stack, KEY, zipped({f"{path.stem}.png": PICTURE, "2.png": PICTURE}))
    answer = sam.invoke(path, stack.stack, stack.place)
    queued = unwrap(json.loads(path.read_text("utf-8"))).queued
    assert answer.reply == ({"batchItemFailures": []} if queued else {})
    assert images(stack, CSV) == [f"{path.stem}.png", "2.png"]


def test_the_plain_command_needs_no_flag(stack: Running) -> None:
    """What README says, `sam local invoke -e infra/events/s3.json`, finds all else in samconfig.toml."""
    if sam.architecture() != DEFAULT:
        pytest.skip("samconfig.toml names no architecture, and this machine's is not the template's default")
    if stack.place.port != DEFAULT_PORT:
        pytest.skip(f"port {DEFAULT_PORT}, which samconfig.toml names, is taken on this machine")
    drop(stack, KEY, zipped({"1.png": PICTURE}))
    done = subprocess.run(
        ["sam", "local", "invoke", "-e", "infra/events/s3.json"],  # noqa: S607  # sam, wherever it is
        env=sam.environment(os.environ, stack.place),
        capture_output=True,
        text=True,
        check=True,
    )
    assert sam.parsed(done).reply == {}
    assert images(stack, CSV) == ["1.png"]


def messages(**bodies: str) -> dict[str, object]:
    """An event of the queue with a message for each body, named as it is."""
    records = [
        {
            "messageId": name,
            "receiptHandle": f"receipt of {name}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
        }
        for name, body in bodies.items()
    ]
    return {"Records": records}


@pytest.mark.parametrize("poison", ["an unknown body", "a foreign CSV in the way"])
def test_one_poison_among_three_messages_is_named_alone(stack: Running, tmp_path: Path, poison: str) -> None:
    """The reply names just the message that fails; the CSVs of the two around it are there."""
    bucket = stack.stack.bucket
    drop(stack, "incoming/a.zip", zipped({"a.png": PICTURE}))
    drop(stack, "incoming/b/1.png", PICTURE)
    drop(stack, "incoming/c.zip", zipped({"c.png": PICTURE}))
    drop(stack, "predictions/b/predictions.csv", b"somebody,elses\n")
    bodies = {"first": "incoming/a.zip", "poison": "incoming/b/1.png", "third": "incoming/c.zip"}
    event = messages(**{name: json.dumps(s3_event(key, bucket=bucket)) for name, key in bodies.items()})
    if poison == "an unknown body":
        event["Records"][1]["body"] = '{"hello": "world"}'  # type: ignore[index]  # a list of records
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    answer = sam.invoke(path, stack.stack, stack.place)
    assert answer.reply == {"batchItemFailures": [{"itemIdentifier": "poison"}]}
    assert images(stack, "predictions/a.zip.csv") == ["a.png"]
    assert images(stack, "predictions/c.zip.csv") == ["c.png"]
    assert awaited(stack, "predictions/b/predictions.csv") == b"somebody,elses\n"


def test_a_foreign_event_fails_by_name(stack: Running, tmp_path: Path) -> None:
    """An envelope that nobody knows ends in an error of the function, which a queue retries, and never in silence."""
    path = tmp_path / "event.json"
    path.write_text('{"hello": "world"}')
    with pytest.raises(FunctionError, match="EventError: no envelope that this function knows"):
        sam.invoke(path, stack.stack, stack.place)
