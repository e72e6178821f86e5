"""A bucket and a queue in moto, inside this process, and the handler wired to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from handler import app
from handler.delivery import Tools
from handler.ports import Classifier
from handler.settings import Settings
from handler.store import S3Store, SqsQueue
from tests.doubles import BUCKET, RowClassifier, Time, sqs_event

Answer = dict[str, object]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """S3 with an empty bucket."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def sqs(s3: S3Client) -> SQSClient:
    """SQS, beside the S3 of the same test."""
    assert s3
    return boto3.client("sqs")


@pytest.fixture
def queue_url(sqs: SQSClient) -> str:
    """An empty queue."""
    return sqs.create_queue(QueueName="drops")["QueueUrl"]


@dataclass
class Function:
    """The Lambda function as its event source sees it."""

    tools: Tools
    s3: S3Client
    seconds: float = 300.0

    def drop(self, key: str, body: bytes) -> None:
        """Upload an object."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def invoke(self, event: object) -> Answer:
        """One invocation."""
        return app.lambda_handler(event, Time(self.seconds))

    def deliver(self, *bodies: object, receives: int = 1) -> list[str]:
        """An invocation with messages from the queue; the numbers of those that failed."""
        answer = self.invoke(sqs_event(*bodies, receives=receives))
        assert list(answer) == ["batchItemFailures"]
        failures = answer["batchItemFailures"]
        assert isinstance(failures, list)
        return [failure["itemIdentifier"].removeprefix("message-") for failure in failures]

    def text(self, key: str) -> str:
        """What a user downloads."""
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    def rows(self, key: str) -> list[list[str]]:
        """The rows of a CSV without header and model, by plain commas."""
        lines = self.text(key).splitlines()
        assert lines[0] == "image,frame,digit,confidence,status,detail,model"
        cells = [line.split(",", 5) for line in lines[1:]]
        return [[*plain, rest.split(":")[0].split(",")[0].strip('"')] for *plain, rest in cells]

    def csvs(self) -> list[str]:
        """Every CSV."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="predictions/")
        return [entry["Key"] for entry in listed.get("Contents", [])]


Make = Callable[..., Function]


@pytest.fixture
def make(s3: S3Client, sqs: SQSClient, queue_url: str, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes the function, with some settings of the test's own."""

    def made(model: Callable[[], Classifier] = RowClassifier, **changes: object) -> Function:
        settings = replace(Settings(BUCKET, queue_url=queue_url), **changes)  # type: ignore[arg-type]
        store = S3Store(BUCKET, s3, settings.fetch_threads)
        tools = Tools(settings, store, SqsQueue(queue_url, sqs), model)
        monkeypatch.setattr(app, "wire", lambda: tools)
        return Function(tools, s3)

    return made


@pytest.fixture
def function(make: Make) -> Function:
    """The function with default settings."""
    return make()
