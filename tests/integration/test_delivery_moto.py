"""The same turbulence through boto3 and moto, where a handler can be stopped or killed before any request."""

from collections import deque

import boto3
import pytest
from botocore.model import OperationModel
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from handler.store import S3Store
from tests.doubles import BUCKET, MemoryQueue
from tests.interleaving import Runs
from tests.world import OVERWRITES, World, deliver_cleanly, endless, wire


def make_bucket() -> S3Client:
    """S3 with an empty bucket."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


def csvs(client: S3Client) -> dict[str, bytes]:
    """What a user would download."""
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="predictions/").get("Contents", [])
    return {entry["Key"]: client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}


@given(
    writes=st.lists(OVERWRITES, min_size=4, max_size=10),
    tape=st.lists(st.integers(0, 255), min_size=50, max_size=300),
)
@settings(
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking through moto takes minutes; unit tests do it
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_csvs_equal_those_of_one_clean_delivery(
    monkeypatch: pytest.MonkeyPatch, writes: list[tuple[str, bytes]], tape: list[int]
) -> None:
    """Through the real adapter, too, no row is lost, none stands twice, and none is stale."""
    with mock_aws():
        client, runs, queue = make_bucket(), Runs(), MemoryQueue()

        def before(model: OperationModel, **_call: object) -> None:
            runs.before("put" if model.name == "PutObject" else model.name)

        queue.before = runs.before
        client.meta.events.register("before-call.s3", before)
        wire(S3Store(BUCKET, client, threads=1), queue, monkeypatch)
        world = World(
            lambda key, body: client.put_object(Bucket=BUCKET, Key=key, Body=body), queue, runs, endless(tape)
        )
        world.settle(deque(writes))
        turbulent = csvs(client)
    with mock_aws():
        client = make_bucket()
        wire(S3Store(BUCKET, client, threads=1), MemoryQueue(), monkeypatch)
        deliver_cleanly(writes, lambda key, body: client.put_object(Bucket=BUCKET, Key=key, Body=body))
        assert turbulent == csvs(client)
