"""The template as a whole: it lints, has no circle, and says of everything what becomes of it."""

import json
from copy import deepcopy
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from .intrinsics import Template, references

STATEFUL = {"AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::SNS::Topic"}


def _complaints(text: str) -> list[str]:
    config = ManualArgs(regions=["eu-central-1", "us-east-1"], include_checks=["I"])
    return [f"{match.rule.id}: {match.message}" for match in lint(text, config=config)]


def _order(template: Template) -> list[str]:
    named = template["Resources"]
    graph = {name: set(references(resource)) & set(named) for name, resource in named.items()}
    return list(TopologicalSorter(graph).static_order())


def test_the_template_lints_as_written(root: Path) -> None:
    """cfn-lint finds nothing, notes included, in the file that people read."""
    assert _complaints((root / "template.yaml").read_text(encoding="utf-8")) == []


def test_the_template_lints_after_the_transform(transformed: Template) -> None:
    """cfn-lint finds nothing in what CloudFormation gets, where circles through what SAM adds show too."""
    assert _complaints(json.dumps(transformed)) == []


def test_nothing_depends_on_itself(transformed: Template) -> None:
    """CloudFormation finds an order in which to make the resources, the policy of the queue before the bucket."""
    order = _order(transformed)
    assert order.index("DropQueue") < order.index("DropQueuePolicy") < order.index("Bucket")


def test_a_circle_would_be_seen(transformed: Template) -> None:
    """The queue's policy naming the bucket by reference, the usual mistake, is a circle to the check above."""
    circular = deepcopy(transformed)
    statement = circular["Resources"]["DropQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    statement["Condition"]["ArnEquals"]["aws:SourceArn"] = {"Fn::Sub": "${Bucket.Arn}"}
    with pytest.raises(CycleError):
        _order(circular)


def test_every_reference_has_a_target(transformed: Template) -> None:
    """What Ref, GetAtt, Sub and DependsOn name is a parameter, a resource, or AWS's own."""
    known = {*transformed["Parameters"], *transformed["Resources"]}
    named = {name for name in references(transformed) if not name.startswith("AWS::")}
    assert named <= known
    assert set(transformed["Parameters"]) <= named


def test_everything_that_holds_data_says_what_becomes_of_it(deployed: dict[str, Any]) -> None:
    """Only the bucket, which holds what is the user's, and its policy outlive the stack; all else goes with it."""
    stateful = {name: found for name, found in deployed.items() if found["Type"] in STATEFUL}
    fates = {name: (found["DeletionPolicy"], found["UpdateReplacePolicy"]) for name, found in stateful.items()}
    assert fates.pop("Bucket") == fates.pop("BucketPolicy") == ("RetainExceptOnCreate", "Retain")
    assert set(fates) == {"DropQueue", "DeadLetterQueue", "LogGroup", "AlarmTopic"}
    assert set(fates.values()) == {("Delete", "Delete")}


def test_sam_adds_nothing_but_the_event_source(source: Template, transformed: Template) -> None:
    """The transform brings no role and no permission that the file does not show."""
    assert set(transformed["Resources"]) - set(source["Resources"]) == {"HandlerDrops"}


def test_every_output_is_described(transformed: Template) -> None:
    """The outputs are what users, publishers and operators name in commands, each with a description."""
    outputs = transformed["Outputs"]
    queues = {"QueueUrl", "DeadLetterQueueUrl", "DeadLetterQueueArn"}
    assert set(outputs) == {"Bucket", "Function", "LogGroup", "Dashboard", "PublisherPolicyArn"} | queues
    assert all(output["Description"] for output in outputs.values())


def test_a_second_stack_clashes_with_nothing_of_the_first(transformed: Template) -> None:
    """Every name that the template gives, but for the bucket's, which is asked for, holds the stack's own."""
    pattern = ("Name", "GroupName")
    given = {
        f"{resource}.{key}": json.dumps(value)
        for resource, found in transformed["Resources"].items()
        for key, value in found["Properties"].items()
        if key.endswith(pattern) and key not in ("DisplayName", "FunctionName", "MetricName")
    }
    assert "BucketName" in given.pop("Bucket.BucketName")
    assert len(given) == 4
    assert [name for name, value in given.items() if "${AWS::StackName}" not in value] == []
