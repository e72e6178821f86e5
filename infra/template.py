"""`template.yaml` to a `Stack`: everything that the local stack needs to know, read and never repeated; pure."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from infra.intrinsics import Resolver, TemplateError, load_template
from infra.place import Place
from infra.sections import Section, only, properties
from infra.stack import Stack

STACK_NAME: Final = "digitdrop"
_ACCOUNT_CONCURRENCY: Final = 1000
"""What bounds a function whose mapping does not: an account's default."""


def read_stack(text: str, place: Place, parameters: Mapping[str, str]) -> Stack:
    """The stack that a template's `text` describes, its parameters at their defaults but for `parameters`.

    Where the template is silent, AWS's own defaults hold. Raises `TemplateError`, naming the place, where something is
    missing, unknown or cannot be resolved.
    """
    template = load_template(text)
    resolver = Resolver(template, _values(template, place, parameters), partial(_attribute, place))
    function = only(resolver, "AWS::Serverless::Function", lambda section: bool(_queue_events(section)))
    mapping = _queue_events(function)[0]
    queue = _queue(mapping, "Queue")
    bucket = only(resolver, "AWS::S3::Bucket", lambda section: "NotificationConfiguration" in section.values)
    notification = _notification(bucket)
    if _queue(notification, "Queue").where != queue.where:
        raise TemplateError(f"{notification.where}.Queue is not the queue that the function reads: {queue.where}")
    redrive = queue.section("RedrivePolicy")
    rules = notification.section("Filter").section("S3Key").get("Rules", [])
    variables = function.section("Environment").get("Variables", {})
    return Stack(
        bucket=str(bucket.get("BucketName")),
        versioned=bucket.section("VersioningConfiguration").get("Status", "") == "Enabled",
        event=str(notification.get("Event")),
        filters=tuple((str(rule["Name"]), str(rule["Value"])) for rule in rules),
        queue=str(queue.get("QueueName")),
        dead_letters=str(_queue(redrive, "deadLetterTargetArn").get("QueueName")),
        visibility=int(queue.number("VisibilityTimeout", 30)),
        max_receives=int(redrive.number("maxReceiveCount")),
        function=str(function.get("FunctionName", f"{STACK_NAME}-{function.name}")),
        timeout=function.number("Timeout", 3),
        memory_mb=int(function.number("MemorySize", 128)),
        # What is empty counts as not set, for boto3 and for the handler: it must not hide what the local stack sets.
        environment={name: text for name, value in variables.items() if (text := _text(value))},
        batch_size=int(mapping.number("BatchSize", 10)),
        window=mapping.number("MaximumBatchingWindowInSeconds", 0),
        max_concurrency=int(mapping.section("ScalingConfig").number("MaximumConcurrency", _ACCOUNT_CONCURRENCY)),
        reports_failures="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []),
    )


def _queue_events(function: Section) -> list[Section]:
    events = function.section("Events")
    found = [events.section(name) for name in events.values]
    return [event.section("Properties") for event in found if event.get("Type") == "SQS"]


def _notification(bucket: Section) -> Section:
    configuration = bucket.section("NotificationConfiguration")
    where = f"{configuration.where}.QueueConfigurations"
    entries = configuration.values.get("QueueConfigurations", [])
    if len(entries) != 1:
        raise TemplateError(f"{where}: the local stack needs one entry, and finds {len(entries)}")
    return Section(bucket.resolver, entries[0], f"{where}[0]")


def _queue(section: Section, name: str) -> Section:
    """The queue whose ARN a section holds under `name`."""
    arn = section.get(name)
    resolver = section.resolver
    queues = [key for key, entry in resolver.template["Resources"].items() if entry.get("Type") == "AWS::SQS::Queue"]
    for queue in queues:
        if resolver.attribute(resolver, queue, "Arn") == arn:
            return properties(resolver, queue)
    raise TemplateError(f"{section.where}.{name}: {arn!r} is no queue of this template")


def _values(template: Mapping[str, Any], place: Place, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Parameters and pseudo parameters by name; those without a value are left out."""
    declared = template.get("Parameters", {})
    for name, value in parameters.items():
        if name not in declared:
            raise TemplateError(f"the template has no parameter {name}: it has {', '.join(declared)}")
        allowed = declared[name].get("AllowedValues")
        if allowed and value not in map(str, allowed):
            raise TemplateError(f"parameter {name}={value} must be one of {', '.join(map(str, allowed))}")
    pseudo = {
        "AWS::AccountId": place.account,
        "AWS::Partition": "aws",
        "AWS::Region": place.region,
        "AWS::StackName": STACK_NAME,
        "AWS::URLSuffix": "amazonaws.com",
    }
    defaults = {name: entry["Default"] for name, entry in declared.items() if "Default" in entry}
    return pseudo | defaults | dict(parameters)


def _attribute(place: Place, resolver: Resolver, resource: str, name: str) -> str:
    """`Ref` ("") and `GetAtt` of what exists locally, queues and buckets; `KeyError` for all else."""
    kind = resolver.template["Resources"][resource]["Type"]
    section = properties(resolver, resource)
    if kind == "AWS::SQS::Queue":
        queue = str(section.get("QueueName"))
        return {"": place.queue_url(queue), "Arn": place.queue_arn(queue), "QueueName": queue}[name]
    if kind == "AWS::S3::Bucket":
        bucket = str(section.get("BucketName"))
        return {"": bucket, "Arn": f"arn:aws:s3:::{bucket}"}[name]
    raise KeyError(f"no {kind} exists locally")


def _text(value: object) -> str:
    """A value as CloudFormation hands it to an environment variable."""
    return str(value).lower() if isinstance(value, bool) else str(value)
