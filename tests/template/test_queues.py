"""The queues: encrypted as S3 can write to, open to the bucket alone, losing nothing."""

from typing import Any

import pytest

from handler.settings import read_settings

from .conftest import BUCKET


@pytest.fixture
def drops(deployed: dict[str, Any]) -> dict[str, Any]:
    """The drop queue's properties."""
    properties: dict[str, Any] = deployed["DropQueue"]["Properties"]
    return properties


@pytest.fixture
def dead(deployed: dict[str, Any]) -> dict[str, Any]:
    """The dead-letter queue's properties."""
    properties: dict[str, Any] = deployed["DeadLetterQueue"]["Properties"]
    return properties


def test_both_are_encrypted_by_sqs(drops: dict[str, Any], dead: dict[str, Any]) -> None:
    """SQS holds the keys: S3 cannot write to a queue under `alias/aws/sqs`."""
    for queue in (drops, dead):
        assert queue["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in queue


def test_five_receives_end_in_the_dead_letter_queue(drops: dict[str, Any]) -> None:
    """A message that fails five times is put aside, neither lost nor tried for ever."""
    assert drops["RedrivePolicy"] == {"deadLetterTargetArn": "<DeadLetterQueue.Arn>", "maxReceiveCount": 5}


def test_only_the_drop_queue_has_its_dead_letters_there(drops: dict[str, Any], dead: dict[str, Any]) -> None:
    """The dead-letter queue names the drop queue by the very name it has; nobody's dead letters become drops."""
    arn = f"arn:aws:sqs:eu-central-1:123456789012:{drops['QueueName']}"
    assert dead["RedriveAllowPolicy"] == {"redrivePermission": "byQueue", "sourceQueueArns": [arn]}
    assert drops["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}


def test_a_dead_letter_leaves_a_week_to_look_at_it(drops: dict[str, Any], dead: dict[str, Any]) -> None:
    """A message keeps its age when it is put aside, so the second queue keeps it a week longer."""
    assert dead["MessageRetentionPeriod"] == 14 * 86_400
    assert dead["MessageRetentionPeriod"] - drops["MessageRetentionPeriod"] >= 7 * 86_400


def test_only_the_bucket_of_this_account_can_send(deployed: dict[str, Any]) -> None:
    """The drop queue admits S3 for one action, from one bucket, of one account; the other queue admits nobody."""
    allowed = {
        name: [
            statement
            for statement in found["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        ]
        for name, found in deployed.items()
        if found["Type"] == "AWS::SQS::QueuePolicy"
    }
    assert allowed == {
        "DropQueuePolicy": [
            {
                "Sid": "EventsOfTheBucket",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "<DropQueue.Arn>",
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"},
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                },
            }
        ],
        "DeadLetterQueuePolicy": [],
    }


@pytest.mark.parametrize("name", ["DropQueue", "DeadLetterQueue"])
def test_both_refuse_plain_http(deployed: dict[str, Any], name: str) -> None:
    """Each queue has a policy of its own that denies what comes without TLS, and denies nothing else."""
    policy = deployed[f"{name}Policy"]["Properties"]
    assert policy["Queues"] == [f"<{name}>"]
    denied = [statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Deny"]
    assert denied == [
        {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": f"<{name}.Arn>",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_the_bucket_waits_for_the_queues_policy(deployed: dict[str, Any]) -> None:
    """S3 tests the queue when the notification is set, so the policy must be there first."""
    assert deployed["Bucket"]["DependsOn"] == "DropQueuePolicy"


def test_all_receives_fit_into_the_retention(deployed: dict[str, Any], drops: dict[str, Any]) -> None:
    """Five receives with the longest waits between them end well before the message would expire."""
    settings = read_settings(deployed["Handler"]["Properties"]["Environment"]["Variables"])
    waits = max(settings.retry_limit_seconds, drops["VisibilityTimeout"])
    assert 5 * waits < drops["MessageRetentionPeriod"] / 10
