"""The alarms: on dead letters, waiting drops, errors and throttles, mailed where an address was given."""

from typing import Any

import pytest

from handler.telemetry import METRICS

from .conftest import BUCKET
from .intrinsics import Template, resources


def _alarms(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: item["Properties"] for name, item in found.items() if item["Type"] == "AWS::CloudWatch::Alarm"}


@pytest.mark.parametrize(
    ("name", "metric", "dimension", "threshold"),
    [
        ("DeadLetterAlarm", "AWS/SQS ApproximateNumberOfMessagesVisible", "QueueName <DeadLetterQueue.QueueName>", 1),
        ("OldestDropAlarm", "AWS/SQS ApproximateAgeOfOldestMessage", "QueueName <DropQueue.QueueName>", 3600),
        ("WaitingAlarm", "digitdrop WaitedSeconds", "service digitdrop", 3600),
        ("ErrorAlarm", "AWS/Lambda Errors", "FunctionName <Handler>", 1),
        ("ThrottleAlarm", "AWS/Lambda Throttles", "FunctionName <Handler>", 1),
    ],
)
def test_each_alarm_watches_its_metric(
    deployed: dict[str, Any], name: str, metric: str, dimension: str, threshold: int
) -> None:
    """Each goes off at its threshold on its own queue or function, and silence is no alarm."""
    alarm = _alarms(deployed)[name]
    (found,) = alarm["Dimensions"]
    assert f"{alarm['Namespace']} {alarm['MetricName']}" == metric
    assert f"{found['Name']} {found['Value']}" == dimension
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", threshold)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmDescription"]


def test_a_single_dead_letter_is_told_within_a_minute(deployed: dict[str, Any]) -> None:
    """The dead-letter alarm needs one period of a minute."""
    alarm = _alarms(deployed)["DeadLetterAlarm"]
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 60, 1)


def test_a_waiting_drop_is_told_by_what_the_handler_measures(deployed: dict[str, Any]) -> None:
    """Its metric is one of the handler's, where the handler puts it; the longest wait counts, at any time."""
    alarm = _alarms(deployed)["WaitingAlarm"]
    variables = deployed["Handler"]["Properties"]["Environment"]["Variables"]
    assert METRICS[alarm["MetricName"]][0] == "Seconds"
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]
    assert (alarm["Statistic"], alarm["EvaluationPeriods"]) == ("Maximum", 1)


@pytest.mark.parametrize("name", ["ErrorAlarm", "ThrottleAlarm"])
def test_one_error_is_enough(deployed: dict[str, Any], name: str) -> None:
    """A crash hides its messages for longer than any period, so that with few drops a second in a row never comes."""
    alarm = _alarms(deployed)[name]
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Sum", 300, 1)
    assert alarm["Period"] < deployed["DropQueue"]["Properties"]["VisibilityTimeout"]


def test_with_an_address_every_alarm_is_mailed(deployed: dict[str, Any]) -> None:
    """Alarm and all-clear go to the topic that the address is subscribed to."""
    for alarm in _alarms(deployed).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == ["<AlarmTopic>"]
    assert deployed["AlarmSubscription"]["Properties"] == {
        "TopicArn": "<AlarmTopic>",
        "Protocol": "email",
        "Endpoint": "someone@example.org",
    }


def test_without_an_address_there_is_no_topic(transformed: Template) -> None:
    """By default no topic and no subscription are made, and the alarms show in CloudWatch only."""
    found = resources(transformed, {"BucketName": BUCKET})
    assert [name for name, item in found.items() if item["Type"].startswith("AWS::SNS::")] == []
    assert len(_alarms(found)) == 5
    assert all("AlarmActions" not in alarm and "OKActions" not in alarm for alarm in _alarms(found).values())


def test_only_this_stacks_alarms_reach_the_topic(deployed: dict[str, Any]) -> None:
    """The topic admits CloudWatch for alarms named after the stack, of this account, and refuses plain HTTP."""
    policy = deployed["AlarmTopicPolicy"]["Properties"]
    assert policy["Topics"] == ["<AlarmTopic>"]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "AlarmsOfTheStack",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": "<AlarmTopic>",
            "Condition": {
                "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:digitdrop-*"},
                "StringEquals": {"aws:SourceAccount": "123456789012"},
            },
        },
        {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": "<AlarmTopic>",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def test_no_alarm_has_a_name_of_its_own(deployed: dict[str, Any]) -> None:
    """CloudFormation names them after the stack, as the topic's policy expects, so that two stacks do not clash."""
    assert [name for name, alarm in _alarms(deployed).items() if "AlarmName" in alarm] == []
