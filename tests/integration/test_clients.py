"""What clients ask and how they take the answers; credentials that take another service of AWS."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from handler.clients import make_client
from handler.store import S3Store
from tests.doubles import BUCKET

_CONFIG = """
[profile base]
aws_access_key_id = testing
aws_secret_access_key = testing

[profile digits]
role_arn = arn:aws:iam::123456789012:role/digits
source_profile = base
"""


def test_a_profile_may_assume_a_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STS is asked for the role's credentials, and S3 with them."""
    (tmp_path / "config").write_text(_CONFIG, encoding="utf-8")
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_PROFILE", "digits")
    with mock_aws(config={"core": {"mock_credentials": False}}):
        boto3.Session(profile_name="base").client("s3").create_bucket(Bucket=BUCKET)
        store = S3Store(BUCKET)
        store.put("models/current.json", b"{}", None, {})
        blob = store.read("models/current.json")
    assert blob
    assert blob.body == b"{}"


def test_nothing_is_made_of_what_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times in answers stay text, and requests go under our own name: both would be a tenth of a small GET's work."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client: Any = make_client("s3", 4)
        agents: list[Any] = []
        client.meta.events.register("before-send.s3", lambda request, **_: agents.append(request.headers["User-Agent"]))
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="incoming/7.png", Body=b"7")
        answer = client.get_object(Bucket=BUCKET, Key="incoming/7.png")
        (listed,) = client.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert answer["LastModified"].endswith("GMT")
    assert isinstance(listed["LastModified"], str)
    assert {agent.split()[0] for agent in agents} == {b"digitdrop"}
