"""`template.yaml` as the local stack reads it: values, intrinsic functions, and errors that name their place."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.intrinsics import NO_VALUE, Resolver, TemplateError, load_template
from infra.place import Place
from infra.running import BUCKET
from infra.stack import Stack, scaled
from infra.template import read_stack

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")
PLACE = Place(5000)


def read(text: str = TEMPLATE, **parameters: str) -> Stack:
    """The stack of a template, under `parameters`."""
    return read_stack(text, PLACE, {"BucketName": "drops", **parameters})


def resolve(text: str, values: Mapping[str, Any] | None = None) -> object:
    """The value of `X` in a template, in which a resource `Q` has the attributes "" and `Arn`."""
    template = load_template(f"{text}\nResources: {{}}")

    def attribute(_: Resolver, resource: str, name: str) -> str:
        return {("Q", ""): "url-of-q", ("Q", "Arn"): "arn-of-q"}[resource, name]

    return Resolver(template, values or {}, attribute).resolve(template["X"], "X")


def test_the_values_are_those_of_the_template() -> None:
    """What the function, its mapping and its queue say is what the local stack works with."""
    template = load_template(TEMPLATE)
    resources = {name: entry.get("Properties") for name, entry in template["Resources"].items()}
    defaults = {name: entry.get("Default") for name, entry in template["Parameters"].items()}
    stack = read()
    mapping = resources["Handler"]["Events"]["Drops"]["Properties"]
    assert stack.bucket == "drops"
    assert stack.versioned
    assert stack.event == "s3:ObjectCreated:*"
    assert stack.prefix == "incoming/"
    assert stack.batch_size == mapping["BatchSize"]
    assert stack.window == defaults["BatchingWindow"]
    assert stack.timeout == defaults["Timeout"]
    assert stack.memory_mb == defaults["MemorySize"]
    assert stack.max_concurrency == defaults["MaximumConcurrency"]
    assert stack.max_receives == resources["DropQueue"]["RedrivePolicy"]["maxReceiveCount"]
    assert stack.visibility == 6 * stack.timeout + stack.window
    assert stack.reports_failures
    assert stack.queue != stack.dead_letters
    assert stack.environment["DIGITDROP_BUCKET"] == "drops"
    assert stack.environment["QUEUE_URL"] == PLACE.queue_url(stack.queue)
    empty = {"AWS_ENDPOINT_URL", "REVIEW_BELOW"}
    assert stack.environment.keys() == resources["Handler"]["Environment"]["Variables"].keys() - empty


def test_an_empty_variable_hides_nothing_of_the_local_stacks() -> None:
    """The endpoint's variable, which is empty but for sam local, does not take the place of the local endpoint."""
    environment = PLACE.environment({}) | dict(read().environment)
    assert environment["AWS_ENDPOINT_URL"] == PLACE.endpoint


def test_a_parameter_reaches_all_that_follows_from_it() -> None:
    """Another timeout changes the queue's visibility through the template's own mapping."""
    stack = read(Timeout="60", BatchingWindow="1", Probabilities="true", ReviewBelow="0.95")
    assert (stack.timeout, stack.window, stack.visibility) == (60, 1, 361)
    assert (stack.environment["PROBABILITIES"], stack.environment["REVIEW_BELOW"]) == ("true", "0.95")


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"Timeout": "61"}, "parameter Timeout=61 must be one of 60, 120, 300, 600, 900"),
        ({"Timeuot": "60"}, "the template has no parameter Timeuot: it has BucketName, "),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, str], error: str) -> None:
    """A parameter that is unknown, or not of its allowed values, is an error that says what there is."""
    with pytest.raises(TemplateError, match=error):
        read(**parameters)


def test_a_parameter_without_value_is_named() -> None:
    """A parameter that has no default and is not given is an error that says how to give it."""
    with pytest.raises(
        TemplateError, match=r"DIGITDROP_BUCKET: parameter BucketName has no default; .* --parameter BucketName="
    ):
        read_stack(TEMPLATE, PLACE, {})


@pytest.mark.parametrize(
    ("found", "instead", "error"),
    [
        (
            "!FindInMap [VisibilityTimeout, !Ref Timeout",
            "!FindInMap [Visible, !Ref Timeout",
            "DropQueue.Visibility.*Fi",
        ),
        (
            "VisibilityTimeout: !FindInMap",
            "VisibilityTimeout: !Cidr",
            "DropQueue.VisibilityTimeout: Fn::Cidr is not kno",
        ),
        (
            "QUEUE_URL: !Ref DropQueue",
            "QUEUE_URL: !Ref LogGroup",
            "Handler.Environment.Variables.QUEUE_URL: Ref 'LogGr",
        ),
        ("QUEUE_URL: !Ref DropQueue", "QUEUE_URL: !Ref Nowhere", "Handler.Environment.Variables.QUEUE_URL: Ref 'Nowhe"),
        ("maxReceiveCount: 5", "maxReceives: 5", "DropQueue.RedrivePolicy.maxReceiveCount is missing"),
        ("BatchSize: 100", "BatchSize: many", "Handler.Events.Drops.Properties.BatchSize is 'many', where a number"),
        ("Queue: !GetAtt DropQueue.Arn\n            Batch", "Queue: an-arn\n            Batch", "'an-arn' is no queue"),
        (
            "Queue: !GetAtt DropQueue.Arn\n            Filter",
            "Queue: !GetAtt DeadLetterQueue.Arn\n            Filter",
            "tions",
        ),
        ("          Type: SQS", "          Type: SNS", "needs one AWS::Serverless::Function that fits, and finds 0"),
        ("Resources:", "Sources:", "the template has no Resources"),
        ("Resources:", "Resources: [", "the template is not YAML"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(found: str, instead: str, error: str) -> None:
    """An unknown function, name, or kind of value is an error that says where in the template it stands."""
    assert TEMPLATE.count(found) >= 1
    with pytest.raises(TemplateError, match=error):
        read(TEMPLATE.replace(found, instead, 1))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X: !Ref P", "p"),
        ("X: !Ref Q", "url-of-q"),
        ("X: !GetAtt Q.Arn", "arn-of-q"),
        ("X: {Fn::GetAtt: [Q, Arn]}", "arn-of-q"),
        ("X: !Sub '${P}-${Q.Arn}-${Q}-${!P}'", "p-arn-of-q-url-of-q-${P}"),
        ("X: !Sub ['${a}${P}', {a: !Ref Q}]", "url-of-qp"),
        ("X: !FindInMap [M, !Ref P, b]\nMappings: {M: {p: {b: [1, 2]}}}", [1, 2]),
        ("X: !If [C, yes, no]\nConditions: {C: !Equals [!Ref P, p]}", True),
        ("X: !If [C, 1, 2]\nConditions: {C: !Not [!Equals [!Ref P, p]]}", 2),
        ("X: !If [C, 1, 2]\nConditions: {C: !And [!Condition D, !Equals [a, a]], D: !Or [!Equals [a, b]]}", 2),
        ("X: [1, !If [C, !Ref AWS::NoValue, 2]]\nConditions: {C: !Equals [a, a]}", [1]),
        ("X: {a: !Ref AWS::NoValue, b: {c: !Ref P}}", {"b": {"c": "p"}}),
        ("X: !Ref AWS::NoValue", NO_VALUE),
    ],
)
def test_an_intrinsic_function_has_its_value(text: str, value: object) -> None:
    """Each function that the template may use resolves as in CloudFormation, in short form and long."""
    assert resolve(text, {"P": "p"}) == value


def test_speed_divides_each_time_and_nothing_else() -> None:
    """At `speed` all times are that much shorter, those of the function's environment too; counts and sizes stay."""
    stack = read()
    fast = scaled(stack, 60)
    assert (fast.timeout, fast.visibility) == (5, 30)
    assert fast.window == pytest.approx(5 / 60)
    assert (fast.environment["RETRY_BASE_SECONDS"], fast.environment["RETRY_LIMIT_SECONDS"]) == ("0.5", "15")
    assert fast.environment["MAX_OBJECT_BYTES"] == stack.environment["MAX_OBJECT_BYTES"]
    assert (fast.batch_size, fast.max_receives) == (stack.batch_size, stack.max_receives)
    assert scaled(stack, 1000_000).visibility == 1
    assert scaled(stack, 1).visibility == stack.visibility


def test_sam_local_invoke_uses_the_same_bucket() -> None:
    """The bucket of the local stack is the one that samconfig.toml gives to `sam local invoke`."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    overrides = config["default"]["local_invoke"]["parameters"]["parameter_overrides"]
    assert f"BucketName={BUCKET}" in overrides.split()
