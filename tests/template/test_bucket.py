"""The bucket: private, encrypted, versioned, TLS only, and telling the queue of drops alone."""

from typing import Any

import pytest

from handler.settings import INCOMING, PREDICTIONS

from .conftest import BUCKET
from .intrinsics import Template, resources


@pytest.fixture
def bucket(deployed: dict[str, Any]) -> dict[str, Any]:
    """The bucket's properties."""
    assert deployed["Bucket"]["Type"] == "AWS::S3::Bucket"
    properties: dict[str, Any] = deployed["Bucket"]["Properties"]
    return properties


def test_it_is_the_only_one_and_named_as_asked(deployed: dict[str, Any], bucket: dict[str, Any]) -> None:
    """There is one bucket, under the name that was given."""
    assert [name for name, found in deployed.items() if found["Type"] == "AWS::S3::Bucket"] == ["Bucket"]
    assert bucket["BucketName"] == BUCKET


def test_it_is_private(bucket: dict[str, Any]) -> None:
    """All four blocks of public access are on, and no object has an owner or an ACL of its own."""
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "AccessControl" not in bucket


def test_it_is_encrypted(bucket: dict[str, Any]) -> None:
    """S3 encrypts every object with keys of its own."""
    assert bucket["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    }


def test_it_keeps_versions_except_of_predictions(bucket: dict[str, Any]) -> None:
    """Overwritten drops and models stay, old states of CSVs go after a day, broken uploads everywhere too."""
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule.pop("Id"): rule for rule in map(dict, bucket["LifecycleConfiguration"]["Rules"])}
    assert rules == {
        "old-predictions": {
            "Status": "Enabled",
            "Prefix": PREDICTIONS,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            "ExpiredObjectDeleteMarker": True,
        },
        "broken-uploads": {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
    }


def test_old_drops_go_when_asked(transformed: Template) -> None:
    """With a number of days, what was overwritten or deleted under `incoming/` goes after them; what stands stays."""
    found = resources(transformed, {"BucketName": BUCKET, "OldDropDays": 30})
    rules = {rule["Id"]: rule for rule in found["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    assert set(rules) == {"old-predictions", "old-drops", "broken-uploads"}
    assert rules["old-drops"] == {
        "Id": "old-drops",
        "Status": "Enabled",
        "Prefix": INCOMING,
        "NoncurrentVersionExpiration": {"NoncurrentDays": "30"},
        "ExpiredObjectDeleteMarker": True,
    }


def test_it_tells_the_queue_of_drops_and_of_nothing_else(bucket: dict[str, Any]) -> None:
    """The one notification is filtered to `incoming/`, so that a CSV can never set off the handler."""
    assert bucket["NotificationConfiguration"] == {
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Queue": "<DropQueue.Arn>",
                "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": INCOMING}]}},
            }
        ]
    }


def test_its_policy_refuses_plain_http_and_nothing_else(deployed: dict[str, Any]) -> None:
    """One Deny, only where the connection has no TLS, for the bucket and all in it."""
    policy = deployed["BucketPolicy"]["Properties"]
    assert policy["Bucket"] == "<Bucket>"
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
