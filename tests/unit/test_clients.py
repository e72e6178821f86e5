"""The clients are those that plain boto3 makes; only their making is shorter."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.session import get_session

from handler import clients
from handler.clients import make_client
from handler.errors import StoreError
from handler.store import SqsQueue

REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", ["s3", "sqs"])
def test_a_client_is_like_one_of_plain_boto3(service: str, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoint, signing and methods are the same in every partition."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    ours: Any = make_client("s3", 4) if service == "s3" else make_client("sqs", 4)
    plain: Any = boto3.Session().client("s3" if service == "s3" else "sqs", config=Config(connect_timeout=5))
    assert ours.meta.endpoint_url == plain.meta.endpoint_url
    assert ours.meta.region_name == plain.meta.region_name == region
    assert ours.meta.partition == plain.meta.partition
    assert ours.meta.config.signature_version == plain.meta.config.signature_version
    assert ours.meta.service_model.api_version == plain.meta.service_model.api_version
    assert set(ours.meta.method_to_api_mapping) == set(plain.meta.method_to_api_mapping)


def test_no_folder_of_other_services_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is the search for services, and nothing else of botocore's files."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    plain, seen = os.listdir, []

    def listdir(path: str) -> list[str]:
        seen.append(str(path))
        return plain(path)

    monkeypatch.setattr(os, "listdir", listdir)
    make_client("s3", 4)
    folders = {path.partition("/data/")[2].partition("/")[0] for path in seen if "/data/" in path}
    assert folders == {"s3"}


def test_the_queue_has_no_client_until_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all goes well none is made; where none can be made that is a fault of the store, each time anew."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    queue = SqsQueue("https://sqs.us-east-1.amazonaws.com/1/drops")
    for _ in range(2):
        with pytest.raises(StoreError, match="no-such-profile"):
            queue.send("{}")


def test_a_client_has_as_many_connections_as_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least botocore's own ten."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    options: Any = make_client("s3", 40).meta.config
    assert options.max_pool_connections == 40
    fewer: Any = make_client("s3", 2).meta.config
    assert fewer.max_pool_connections == 10
    assert (options.connect_timeout, options.read_timeout) == (5, 30)
    assert options.retries == {"mode": "standard", "total_max_attempts": 4}


def test_services_are_described_as_botocore_describes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same values in the same order, its extras and the folders of AWS_DATA_PATH among them."""
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    own = tmp_path / "digits" / "2026-11-25"
    own.mkdir(parents=True)
    (own / "service-2.json").write_text('{"z": 1, "a": {"b": 2}}', encoding="utf-8")
    ours, plain = clients._loader(get_session()), get_session().get_component("data_loader")
    asked = [("s3", "service-2"), ("s3", "endpoint-rule-set-1"), ("sqs", "service-2"), ("digits", "service-2")]
    for service, kind in asked:
        found = ours.load_service_model(service, kind)
        assert json.dumps(found) == json.dumps(plain.load_service_model(service, kind))
    assert json.dumps(ours.load_data("endpoints")) == json.dumps(plain.load_data("endpoints"))
    assert ours.is_builtin_path(ours.load_data_with_path("endpoints")[1])


@pytest.mark.parametrize(("service", "kind"), [("no-such-service", "service-2"), ("s3", "no-such-kind-2")])
def test_what_is_not_described_is_botocores_own_error(service: str, kind: str) -> None:
    """A service or a kind of description that there is not."""
    with pytest.raises((UnknownServiceError, DataNotFoundError)):
        clients._loader(get_session()).load_service_model(service, kind)
