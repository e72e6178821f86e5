"""What the template describes, made in the local S3 and SQS: queues, bucket, notification, and a live model."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from handler.model import CURRENT
from handler.store import S3Store
from infra.place import Place
from infra.stack import Stack
from train.publish import latest_release, upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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


def is_published(s3: "S3Client", bucket: str) -> bool:
    """Whether the bucket holds a live model."""
    try:
        s3.head_object(Bucket=bucket, Key=CURRENT)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "404":
            raise
        return False
    return True


LEAST_ACCURACY: Final = 0.97
"""On MNIST's test set; a model that was published below it, by a lower `--min-accuracy`, is not taken by itself."""


def publish(stack: Stack, place: Place, train: Callable[[], None], say: Callable[[str], None]) -> None:
    """Have a live model: the newest good one that was prepared on this machine, or else the one that `train` makes."""
    s3 = place.s3()
    if is_published(s3, stack.bucket):
        return
    release = latest_release(least=LEAST_ACCURACY)
    if release is None:
        say("No model is prepared on this machine yet: training the mlp")
        train()
        return
    upload(release.folder, S3Store(stack.bucket, s3))
    say(f"Model {release.version}, accuracy {release.accuracy:.4f}, from {release.folder}")
