"""The function and its event source, and that its environment is what `handler/settings.py` reads."""

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
    """No variable is set that the handler does not read."""
    variables = function["Environment"]["Variables"]
    assert set(variables) <= {field.name.upper() for field in fields(Settings)}
    assert all(isinstance(value, str) for value in variables.values())


def test_what_the_template_decides_reaches_the_settings(transformed: Template) -> None:
    """The handler reads its bucket, its queue, its caps and the spacing of retries out of the environment."""
    assert _settings(transformed) == Settings(
        digitdrop_bucket=BUCKET,
        queue_url="<DropQueue>",
        probabilities=False,
        max_object_bytes=1024 * MB,
        retry_base_seconds=30,
        retry_limit_seconds=900,
        log_level="INFO",
    )


def test_every_choice_of_the_parameters_is_a_valid_setting(transformed: Template) -> None:
    """Whatever level and whatever columns are chosen, the handler accepts them as they are."""
    for level in transformed["Parameters"]["LogLevel"]["AllowedValues"]:
        assert _settings(transformed, LogLevel=level).log_level == level
    for choice in transformed["Parameters"]["Probabilities"]["AllowedValues"]:
        assert _settings(transformed, Probabilities=choice).probabilities == (choice == "true")


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
    assert deployed["LogGroup"]["Properties"] == {"LogGroupName": "/aws/lambda/digitdrop", "RetentionInDays": "30"}


@pytest.mark.parametrize(
    ("level", "expected"), [("DEBUG", "DEBUG"), ("WARNING", "WARN"), ("ERROR", "ERROR"), ("CRITICAL", "FATAL")]
)
def test_lambda_withholds_nothing_that_the_handler_logs(transformed: Template, level: str, expected: str) -> None:
    """Lambda's filter has the handler's level, under Lambda's name for it."""
    found = resources(transformed, {"BucketName": BUCKET, "LogLevel": level})
    assert found["Handler"]["Properties"]["LoggingConfig"]["ApplicationLogLevel"] == expected
