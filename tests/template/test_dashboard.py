"""The dashboard: valid JSON, every metric one that exists, every widget in a place of its own."""

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from handler.telemetry import METRICS

OWN = set(METRICS)
"""What the handler measures; every one of them is to be seen."""
QUEUE = {
    *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"),
}
FUNCTION = {"Invocations", "Errors", "Throttles", "ConcurrentExecutions"}


@pytest.fixture
def widgets(deployed: dict[str, Any]) -> list[dict[str, Any]]:
    """The dashboard's widgets."""
    found: list[dict[str, Any]] = json.loads(deployed["Dashboard"]["Properties"]["DashboardBody"])["widgets"]
    return found


def _metrics(widgets: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for widget in widgets:
        for metric in widget["properties"].get("metrics", []):
            names = tuple(part for part in metric if isinstance(part, str))
            if names:
                yield names


def test_every_metric_exists(widgets: list[dict[str, Any]], deployed: dict[str, Any]) -> None:
    """Each is one of a queue's, of the function's, or of the handler's own, under the dimension that it has there."""
    variables = deployed["Handler"]["Properties"]["Environment"]["Variables"]
    namespace, service = variables["POWERTOOLS_METRICS_NAMESPACE"], variables["POWERTOOLS_SERVICE_NAME"]
    queues = ("<DropQueue.QueueName>", "<DeadLetterQueue.QueueName>")
    known = {(namespace, name, "service", service) for name in OWN}
    known |= {("AWS/SQS", name, "QueueName", queue) for name in QUEUE for queue in queues}
    known |= {("AWS/Lambda", name, "FunctionName", "<Handler>") for name in FUNCTION}
    assert set(_metrics(widgets)) <= known


def test_everything_that_the_handler_measures_is_shown(widgets: list[dict[str, Any]]) -> None:
    """No metric of the handler's is paid for and never seen."""
    assert {name for namespace, name, *_ in _metrics(widgets) if namespace == "digitdrop"} == OWN


def test_waiting_and_failing_are_shown(widgets: list[dict[str, Any]]) -> None:
    """The age of the oldest drop, dead letters, errors and throttles are there too."""
    shown = set(_metrics(widgets))
    assert shown >= {
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "<DropQueue.QueueName>"),
        ("digitdrop", "WaitedSeconds", "service", "digitdrop"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "<DeadLetterQueue.QueueName>"),
        ("AWS/Lambda", "Errors", "FunctionName", "<Handler>"),
        ("AWS/Lambda", "Throttles", "FunctionName", "<Handler>"),
    }


def test_expressions_name_metrics_of_their_own_widget(widgets: list[dict[str, Any]]) -> None:
    """What metric math calculates with has an identifier beside it."""
    options = [
        [part for metric in widget["properties"].get("metrics", []) for part in metric if isinstance(part, dict)]
        for widget in widgets
    ]
    (calculated,) = [found for found in options if any("expression" in option for option in found)]
    assert {option["id"] for option in calculated} == {"together", "one", "images", "milliseconds"}
    assert [option["expression"] for option in calculated if "expression" in option] == [
        "images / PERIOD(images)",
        "1000 * images / milliseconds",
    ]


def test_models_come_from_the_log(widgets: list[dict[str, Any]]) -> None:
    """The version of the model is no number and hence no metric: it is counted in the lines of the function's log."""
    (query,) = [widget["properties"]["query"] for widget in widgets if widget["type"] == "log"]
    assert query.startswith("SOURCE '<LogGroup>' | filter ispresent(model) | ")
    assert " by model " in query


def test_every_alarm_is_shown(widgets: list[dict[str, Any]], deployed: dict[str, Any]) -> None:
    """The state of each alarm stands at the top."""
    alarms = {f"<{name}.Arn>" for name, found in deployed.items() if found["Type"] == "AWS::CloudWatch::Alarm"}
    assert widgets[0]["type"] == "alarm"
    assert widgets[0]["y"] == 0
    assert set(widgets[0]["properties"]["alarms"]) == alarms


def test_the_line_of_the_alarm_is_where_the_alarm_is(widgets: list[dict[str, Any]], deployed: dict[str, Any]) -> None:
    """The age at which the alarms go off is the one that is drawn."""
    drawn = [widget["properties"]["annotations"] for widget in widgets if "annotations" in widget["properties"]]
    for alarm in ("OldestDropAlarm", "WaitingAlarm"):
        threshold = deployed[alarm]["Properties"]["Threshold"]
        assert drawn == [{"horizontal": [{"label": "alarm", "value": threshold}]}]


def test_widgets_lie_beside_each_other(widgets: list[dict[str, Any]], deployed: dict[str, Any]) -> None:
    """None is outside of the 24 columns or covers another; each is of the stack's region and has a title."""
    for widget in widgets:
        assert widget["x"] + widget["width"] <= 24
        assert widget["properties"]["title"]
        assert widget["type"] == "alarm" or widget["properties"]["region"] == "eu-central-1"
    for one, other in combinations(widgets, 2):
        apart = [
            one[at] + one[size] <= other[at] or other[at] + other[size] <= one[at]
            for at, size in (("x", "width"), ("y", "height"))
        ]
        assert any(apart), (one["properties"]["title"], other["properties"]["title"])
    assert deployed["Dashboard"]["Properties"]["DashboardName"] == "digitdrop-eu-central-1"
