"""Envelopes as AWS sends them, around anything."""

import json

from tests.doubles import BUCKET

Event = dict[str, object]
TOPIC = "arn:aws:sns:eu-central-1:123456789012:uploads"


def as_text(event: object) -> str:
    """What an envelope holds, as it holds it."""
    return event if isinstance(event, str) else json.dumps(event)


def sns_event(*messages: object) -> Event:
    """What SNS sends a function that is subscribed to a topic."""
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{TOPIC}:1",
                "Sns": {"Type": "Notification", "TopicArn": TOPIC, "Message": as_text(message)},
            }
            for message in messages
        ]
    }


def published(message: object) -> Event:
    """What SNS puts into a queue that is subscribed to a topic."""
    return {"Type": "Notification", "MessageId": "1", "TopicArn": TOPIC, "Message": as_text(message)}


def bridged(key: object, *, bucket: object = BUCKET, happened: str = "Object Created") -> Event:
    """What EventBridge sends of an object; its key is plain."""
    detail = {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "etag": "of no use"}}
    return {"version": "0", "id": "1", "source": "aws.s3", "detail-type": happened, "detail": detail}


def direct(key: object, *, bucket: object = BUCKET) -> Event:
    """What a person writes."""
    return {"bucket": bucket, "key": key}
