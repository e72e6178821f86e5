"""What the template describes, made in the local S3 and SQS: queues, bucket, notification, and a live model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from handler.store import S3Store
from infra.place import Place
from infra.stack import Stack
from train.publish import read_release, upload


def create(stack: Stack, place: Place) -> None:
    """Make queues, bucket and notification, in the order in which they need each other."""
    sqs = place.sqs()
    sqs.create_queue(QueueName=stack.dead_letters)
    redrive = {"deadLetterTargetArn": place.queue_arn(stack.dead_letters), "maxReceiveCount": stack.max_receives}
    sqs.create_queue(
        QueueName=stack.queue,
        Attributes={"VisibilityTimeout": str(stack.visibility), "RedrivePolicy": json.dumps(redrive)},
    )
    s3 = place.s3()
    s3.create_bucket(Bucket=stack.bucket)
    if stack.versioned:
        s3.put_bucket_versioning(Bucket=stack.bucket, VersioningConfiguration={"Status": "Enabled"})
    notification: Any = {
        "QueueArn": place.queue_arn(stack.queue),
        "Events": [stack.event],
        "Filter": {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in stack.filters]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=stack.bucket, NotificationConfiguration={"QueueConfigurations": [notification]}
    )


def publish(stack: Stack, place: Place, folder: Path, say: Callable[[str], None]) -> None:
    """Let the release in `folder` be the live model; `PublishError` or `ModelError` where it cannot."""
    upload(folder, S3Store(stack.bucket, place.s3()))
    release = read_release(folder)
    say(f"Model {release.version}, accuracy {release.accuracy:.4f}, from {folder}")
