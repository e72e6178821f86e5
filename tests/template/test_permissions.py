"""Who may do what: every permission of the template, each by prefix."""

from collections.abc import Iterator
from typing import Any

from handler.settings import INCOMING, MODELS, PREDICTIONS

from .conftest import BUCKET

ARN = f"arn:aws:s3:::{BUCKET}"


def _grants(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        actions, targets = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            for target in [targets] if isinstance(targets, str) else targets:
                yield action, target


def test_the_handler_may_do_what_the_design_lists_and_no_more(deployed: dict[str, Any]) -> None:
    """Each action on each prefix or resource: no other action, no wider resource, no second policy."""
    role = deployed["HandlerRole"]["Properties"]
    assert set(role) == {"Description", "AssumeRolePolicyDocument", "Policies"}
    (policy,) = role["Policies"]
    assert sorted(_grants(policy["PolicyDocument"])) == [
        ("logs:CreateLogStream", "<LogGroup.Arn>"),
        ("logs:PutLogEvents", "<LogGroup.Arn>"),
        ("s3:GetObject", f"{ARN}/{INCOMING}*"),
        ("s3:GetObject", f"{ARN}/{MODELS}*"),
        ("s3:GetObject", f"{ARN}/{PREDICTIONS}*"),
        ("s3:ListBucket", ARN),
        ("s3:PutObject", f"{ARN}/{PREDICTIONS}*"),
        ("sqs:ChangeMessageVisibility", "<DropQueue.Arn>"),
        ("sqs:DeleteMessage", "<DropQueue.Arn>"),
        ("sqs:GetQueueAttributes", "<DropQueue.Arn>"),
        ("sqs:ReceiveMessage", "<DropQueue.Arn>"),
        ("sqs:SendMessage", "<DropQueue.Arn>"),
    ]


def test_a_missing_key_answers_404(deployed: dict[str, Any]) -> None:
    """ListBucket has no condition: with one, S3 need not tell the handler a missing key from a forbidden one."""
    (policy,) = deployed["HandlerRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    assert [found["Sid"] for found in statements if "Condition" in found] == []


def test_only_lambda_takes_the_handlers_role(deployed: dict[str, Any]) -> None:
    """The role trusts the Lambda service and nobody else."""
    assert deployed["HandlerRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]


def test_a_publisher_may_read_write_and_list_models_only(deployed: dict[str, Any]) -> None:
    """`python -m train` needs `models/` and the bucket's list, and can neither read nor write drops and predictions."""
    document = deployed["PublisherPolicy"]["Properties"]["PolicyDocument"]
    assert sorted(_grants(document)) == [
        ("s3:GetObject", f"{ARN}/{MODELS}*"),
        ("s3:ListBucket", ARN),
        ("s3:PutObject", f"{ARN}/{MODELS}*"),
    ]


def test_there_is_no_other_permission(deployed: dict[str, Any]) -> None:
    """One role, one policy for publishers, one for alarms, none from SAM, no function URL, nobody who may invoke."""
    granting = ("AWS::IAM::", "AWS::Lambda::Permission", "AWS::Lambda::Url", "AWS::SNS::TopicPolicy")
    found = {name for name, resource in deployed.items() if resource["Type"].startswith(granting)}
    assert found == {"HandlerRole", "PublisherPolicy", "AlarmTopicPolicy"}
