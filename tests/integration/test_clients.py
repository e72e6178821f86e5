"""Credentials that take another service of AWS: the clients' sessions know them all."""

from pathlib import Path

import boto3
import pytest
from moto import mock_aws

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
