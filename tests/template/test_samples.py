"""The sample events for `sam local invoke`, and its configuration."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from handler.envelopes import Drop
from handler.events import unwrap
from handler.settings import INCOMING
from infra.place import Place
from infra.template import read_stack

from .intrinsics import Template

BUCKET = "digitdrop-local"
KEY = "incoming/monday.zip"


@pytest.fixture(scope="module")
def bare(root: Path) -> dict[str, Any]:
    """The notification as S3 sends it."""
    event: dict[str, Any] = json.loads((root / "infra/events/s3.json").read_text(encoding="utf-8"))
    return event


@pytest.fixture(scope="module")
def queued(root: Path) -> dict[str, Any]:
    """The same in a message of the queue."""
    event: dict[str, Any] = json.loads((root / "infra/events/sqs.json").read_text(encoding="utf-8"))
    return event


def test_the_notification_names_the_drop(bare: dict[str, Any]) -> None:
    """One object created below `incoming/` of the local bucket."""
    (record,) = bare["Records"]
    assert record["eventSource"] == "aws:s3"
    assert record["eventName"].startswith("ObjectCreated:")
    assert record["s3"]["bucket"] == {
        "name": BUCKET,
        "ownerIdentity": {"principalId": "A1EXAMPLEOWNER"},
        "arn": f"arn:aws:s3:::{BUCKET}",
    }
    assert record["s3"]["object"]["key"] == KEY
    assert KEY.startswith(INCOMING)


def test_the_message_carries_the_same_notification(bare: dict[str, Any], queued: dict[str, Any]) -> None:
    """Its body is the notification, whole, with the checksum that SQS gives, from a queue of the stack's."""
    (message,) = queued["Records"]
    assert json.loads(message["body"]) == bare
    assert message["md5OfBody"] == hashlib.md5(message["body"].encode(), usedforsecurity=False).hexdigest()
    assert message["eventSource"] == "aws:sqs"
    assert message["eventSourceARN"].endswith(":digitdrop-drops")
    assert message["attributes"]["ApproximateReceiveCount"] == "1"
    assert message["messageId"]
    assert message["receiptHandle"]


SAMPLES = {
    "s3": False,
    "sqs": True,
    "sns": False,
    "eventbridge": False,
    "direct": False,
    "eventbridge-in-sqs": True,
    "s3-in-sns-in-sqs": True,
}
"""Each sample, and whether it comes from a queue."""


def sample(root: Path, name: str) -> dict[str, Any]:
    """One of the sample events."""
    event: dict[str, Any] = json.loads((root / f"infra/events/{name}.json").read_text(encoding="utf-8"))
    return event


def test_there_is_a_sample_of_each_envelope_and_no_other(root: Path) -> None:
    """The list above is what lies in the folder."""
    assert {path.name for path in (root / "infra/events").iterdir()} == {f"{name}.json" for name in SAMPLES}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_brings_the_same_drop(root: Path, name: str) -> None:
    """All of them name the drop that README shows, so that any can be sent after it."""
    envelope = unwrap(sample(root, name))
    (message,) = envelope.messages
    assert message.error is None
    assert message.drops == (Drop(BUCKET, KEY),)
    assert envelope.queued is SAMPLES[name]


@pytest.mark.parametrize("name", [name for name, queued in SAMPLES.items() if queued])
def test_the_messages_of_a_queue_have_the_checksum_of_their_body(root: Path, name: str) -> None:
    """As SQS gives it."""
    (message,) = sample(root, name)["Records"]
    assert message["md5OfBody"] == hashlib.md5(message["body"].encode(), usedforsecurity=False).hexdigest()


def test_envelopes_carry_the_samples_that_they_are_named_after(root: Path) -> None:
    """A topic's message is the notification, whole; a queue's is what EventBridge or a topic sent."""
    notification = sample(root, "s3")
    assert json.loads(sample(root, "sns")["Records"][0]["Sns"]["Message"]) == notification
    assert json.loads(sample(root, "eventbridge-in-sqs")["Records"][0]["body"]) == sample(root, "eventbridge")
    published = json.loads(sample(root, "s3-in-sns-in-sqs")["Records"][0]["body"])
    assert published["Type"] == "Notification"
    assert json.loads(published["Message"]) == notification


HOST = "host.docker.internal"


@pytest.fixture(scope="module", params=["local_invoke", "local_start_lambda"])
def local(root: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The configuration of a command of `sam local`."""
    config = tomllib.loads((root / "samconfig.toml").read_text(encoding="utf-8"))
    parameters: dict[str, Any] = config["default"][request.param]["parameters"]
    return parameters


def test_sam_local_works_on_the_bucket_of_the_samples(local: dict[str, Any]) -> None:
    """Nothing has to be typed: the bucket is the one that the samples name, and is looked for where `make up` is."""
    assert local["parameter_overrides"] == f"BucketName={BUCKET} EndpointUrl=http://{HOST}:5000"
    assert local["add_host"] == [f"{HOST}:host-gateway"]


def test_sam_local_sends_drops_afresh_to_the_local_queue(root: Path, source: Template, local: dict[str, Any]) -> None:
    """The queue's URL, which sam local cannot know, is that of the local stack, seen from a container."""
    stack = read_stack((root / "template.yaml").read_text(encoding="utf-8"), Place(5000), {"BucketName": BUCKET})
    ((name, variables),) = json.loads((root / local["env_vars"]).read_text(encoding="utf-8")).items()
    assert source["Resources"][name]["Type"] == "AWS::Serverless::Function"
    assert variables == {"QUEUE_URL": Place(5000).queue_url(stack.queue).replace("127.0.0.1", HOST)}
