"""The function and its event source, and that its environment is what `handler/settings.py` reads."""

import os
import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest

from handler.settings import MB, Settings, read_settings

from .conftest import BUCKET
from .intrinsics import Template, resources


@pytest.fixture
def function(deployed: dict[str, Any]) -> dict[str, Any]:
    """The function's properties."""
    properties: dict[str, Any] = deployed["Handler"]["Properties"]
    return properties


OTHERS = {"POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME", "AWS_ENDPOINT_URL"}
"""Variables that Powertools and boto3 read, and not the handler's settings."""


def _settings(transformed: Template, **parameters: object) -> Settings:
    found = resources(transformed, {"BucketName": BUCKET, **parameters})
    return read_settings(found["Handler"]["Properties"]["Environment"]["Variables"])


def test_it_is_a_container_under_its_own_role(function: dict[str, Any]) -> None:
    """An image, with the role, memory, time and processor of the parameters."""
    assert function["PackageType"] == "Image"
    assert function["Role"] == "<HandlerRole.Arn>"
    assert function["MemorySize"] == "1769"
    assert function["Timeout"] == "300"
    assert function["Architectures"] == ["x86_64"]


def test_every_variable_is_a_setting(function: dict[str, Any]) -> None:
    """No variable is set that neither the handler nor one of its two libraries reads."""
    variables = function["Environment"]["Variables"]
    assert set(variables) >= OTHERS
    assert set(variables) - OTHERS <= {field.name.upper() for field in fields(Settings)}
    assert all(isinstance(value, str) for value in variables.values())


def test_on_aws_the_endpoints_are_its_own(function: dict[str, Any]) -> None:
    """The endpoint's variable is empty by default, and boto3 takes an empty one for none."""
    assert function["Environment"]["Variables"]["AWS_ENDPOINT_URL"] == ""
    ask = "import boto3; print(boto3.client('s3', region_name='eu-central-1').meta.endpoint_url)"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    said = subprocess.run(  # noqa: S603  # this Python
        [sys.executable, "-c", ask],
        env=kept | {"AWS_ENDPOINT_URL": "", "AWS_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "https://s3.eu-central-1.amazonaws.com"


def test_sam_local_can_be_given_another_endpoint(transformed: Template) -> None:
    """The parameter reaches the variable that boto3 reads."""
    url = "http://host.docker.internal:5000"
    found = resources(transformed, {"BucketName": BUCKET, "EndpointUrl": url})
    assert found["Handler"]["Properties"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] == url


def test_sending_drops_afresh_is_no_loop_to_lambda(function: dict[str, Any]) -> None:
    """Lambda does not end the function where a message of its own has come back to it for the sixteenth time."""
    assert function["RecursiveLoop"] == "Allow"


def test_what_the_template_decides_reaches_the_settings(transformed: Template) -> None:
    """The handler reads its bucket, its queue, its caps and the spacing of retries out of the environment."""
    decided = _settings(transformed)
    assert decided == Settings(
        workers=decided.workers,  # the machine's and the memory's own
        digitdrop_bucket=BUCKET,
        queue_url="<DropQueue>",
        probabilities=False,
        max_object_bytes=1024 * MB,
        retry_base_seconds=30,
        retry_limit_seconds=900,
        log_level="INFO",
    )


def test_every_choice_of_the_parameters_is_a_valid_setting(transformed: Template) -> None:
    """Whatever level, columns and threshold are chosen, the handler accepts them as they are."""
    for level in transformed["Parameters"]["LogLevel"]["AllowedValues"]:
        assert _settings(transformed, LogLevel=level).log_level == level
    for choice in transformed["Parameters"]["Probabilities"]["AllowedValues"]:
        assert _settings(transformed, Probabilities=choice).probabilities == (choice == "true")
    for text, threshold in {"": None, "0": 0, "0.95": 0.95, "1": 1}.items():
        assert _settings(transformed, ReviewBelow=text).review_below == threshold


def test_the_largest_drop_fits_the_disk_with_room_for_its_csv(function: dict[str, Any], transformed: Template) -> None:
    """`/tmp` holds the drop and as much again, or the cap would be a crash."""
    assert 2 * _settings(transformed).max_object_bytes <= function["EphemeralStorage"]["Size"] * MB


def test_time_is_left_to_write_what_was_read(transformed: Template) -> None:
    """Even the shortest timeout is much longer than what is kept for writing."""
    assert min(transformed["Parameters"]["Timeout"]["AllowedValues"]) >= 4 * _settings(transformed).reserve_seconds


def test_the_queue_is_its_only_event_source(deployed: dict[str, Any]) -> None:
    """Batches of 100, gathered within the window, each message reported by itself, concurrency bounded."""
    (source,) = [found for found in deployed.values() if found["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert source["Properties"] == {
        "EventSourceArn": "<DropQueue.Arn>",
        "FunctionName": "<Handler>",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": "5",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": "10"},
    }


def test_it_logs_to_a_group_that_forgets(deployed: dict[str, Any], function: dict[str, Any]) -> None:
    """JSON lines go to the stack's own log group, which has a retention."""
    assert function["LoggingConfig"] == {"LogGroup": "<LogGroup>", "LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
    assert deployed["LogGroup"]["Properties"] == {
        "LogGroupName": "/digitdrop/digitdrop",
        "LogGroupClass": "STANDARD",
        "RetentionInDays": "30",
    }


@pytest.mark.parametrize(
    ("level", "expected"), [("DEBUG", "DEBUG"), ("INFO", "INFO"), ("WARNING", "INFO"), ("CRITICAL", "INFO")]
)
def test_lambda_withholds_neither_metrics_nor_what_the_handler_logs(
    transformed: Template, level: str, expected: str
) -> None:
    """Lambda's filter is never stricter than INFO, which a line of metrics counts as, nor than the handler's level."""
    found = resources(transformed, {"BucketName": BUCKET, "LogLevel": level})
    assert found["Handler"]["Properties"]["LoggingConfig"]["ApplicationLogLevel"] == expected
