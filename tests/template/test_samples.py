"""The sample events for `sam local invoke`, and its configuration."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from handler.settings import INCOMING

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


def test_sam_local_works_on_the_bucket_of_the_samples(root: Path) -> None:
    """Plain `sam local invoke` needs no parameter typed: the bucket is the one that the samples name."""
    config = tomllib.loads((root / "samconfig.toml").read_text(encoding="utf-8"))
    assert config["default"]["local_invoke"]["parameters"]["parameter_overrides"] == f"BucketName={BUCKET}"
