"""README's section on AWS says what the template does, and its commands name what there is."""

import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from .intrinsics import Template


@pytest.fixture(scope="module")
def section(root: Path) -> str:
    """The section's text."""
    return (root / "README.md").read_text(encoding="utf-8").split("\n## On AWS\n")[1].split("\n## ")[0]


def _bounds(parameter: dict[str, Any]) -> str | None:
    if "AllowedValues" in parameter:
        return ", ".join(str(value) for value in parameter["AllowedValues"])
    return f"{parameter['MinValue']} to {parameter['MaxValue']}" if "MinValue" in parameter else None


def test_the_table_of_parameters_is_that_of_the_template(section: str, source: Template) -> None:
    """Every parameter, in the order of the console, with its default, its bounds and its own description."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\| (.+) \| (.+) \|$", section, re.MULTILINE)
    groups = source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert [name for name, *_ in rows] == [name for group in groups for name in group["Parameters"]]
    for name, default, bounds, description in rows:
        parameter = source["Parameters"][name]
        assert default == str(parameter.get("Default", "")), name
        assert bounds == (_bounds(parameter) or bounds), name
        assert description == parameter["Description"], name


def test_the_outputs_that_it_names_exist(section: str, source: Template) -> None:
    """A command that asks for an output asks for one that there is."""
    named = set(re.findall(r"OutputKey==`(\w+)`|output `(\w+)`", section))
    assert {"".join(pair) for pair in named} == {"DeadLetterQueueArn", "Dashboard", "PublisherPolicyArn"}
    assert {"".join(pair) for pair in named} <= set(source["Outputs"])


def test_the_table_of_alarms_is_that_of_the_template(section: str, source: Template) -> None:
    """Every alarm, in the order of the template."""
    alarms = [name for name, found in source["Resources"].items() if found["Type"] == "AWS::CloudWatch::Alarm"]
    assert re.findall(r"^\| `(\w+Alarm)` \|", section, re.MULTILINE) == alarms


def test_the_longest_name_of_a_stack_fits_its_queues(section: str, deployed: dict[str, Any]) -> None:
    """README's limit is what SQS's 80 characters leave."""
    names = [found["Properties"]["QueueName"] for found in deployed.values() if found["Type"] == "AWS::SQS::Queue"]
    longest = 80 - max(len(name.removeprefix("digitdrop")) for name in names)
    assert f"up to {longest} characters" in section


@mock_aws
def test_its_last_command_removes_a_versioned_bucket(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old versions and the marks of deletions go too, without which S3 does not delete the bucket."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="YOUR-BUCKET".lower())
    client.put_bucket_versioning(Bucket="your-bucket", VersioningConfiguration={"Status": "Enabled"})
    for key in ("incoming/7.png", "incoming/7.png", "predictions/predictions.csv"):
        client.put_object(Bucket="your-bucket", Key=key, Body=b"")
    client.delete_object(Bucket="your-bucket", Key="incoming/7.png")
    (command,) = re.findall(r"python -c '(.+)'$", section, re.MULTILINE)
    exec(command.replace("YOUR-BUCKET", "your-bucket"), {})  # noqa: S102  # README's own line
    with pytest.raises(ClientError, match="404"):
        client.head_bucket(Bucket="your-bucket")
