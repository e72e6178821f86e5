"""What is printed: log lines as JSON, metrics as EMF."""

import io
import json
import logging
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.errors import StoreError
from handler.outcomes import Failed, Outcome, Postponed, Skipped, Telemetry, Written
from handler.predictions import Counts
from handler.telemetry import CLIENTS, METRICS, make_telemetry

LOG = logging.getLogger("digitdrop")
FIELDS = {"key", "model", "rows", "ok", "review", "error", "milliseconds", "function_request_id"}
POWERTOOLS_FIELDS = {"level", "message", "timestamp", "service", "location"}
SECONDS = {"fetch": 0.01, "read": 0.2, "classify": 0.0345678, "write": 0.05}
EMPTY: dict[str, str] = {}
Output = pytest.CaptureFixture[str]


def written(key: str = "incoming/1.png", rows: int = 9, errors: int = 2, reviews: int = 3) -> Written:
    """A drop."""
    return Written(key, "0123456789ab", Counts(rows, errors, reviews), SECONDS)


@pytest.fixture(autouse=True)
def output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Output]:
    """Standard output; the logger is afterwards as it was before."""
    for name in ("POWERTOOLS_METRICS_DISABLED", "POWERTOOLS_DEV"):
        monkeypatch.delenv(name, raising=False)
    before = LOG.handlers, LOG.propagate, LOG.level
    yield capsys
    LOG.handlers, LOG.propagate, level = before
    LOG.setLevel(level)


def lines(output: Output) -> list[dict[str, Any]]:
    """What was printed since the last call, line by line; each is printable ASCII."""
    text = output.readouterr().out
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    return [json.loads(line) for line in text.splitlines()]


def metrics(found: list[dict[str, Any]]) -> dict[str, list[float]]:
    """The values of all metrics; each line is as EMF wants it."""
    values: dict[str, list[float]] = defaultdict(list)
    for line in found:
        if "_aws" not in line:
            continue
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] == [["service"]]
        assert set(line) == {"_aws", "service", *(metric["Name"] for metric in directive["Metrics"])}
        for metric in directive["Metrics"]:
            assert metric["Unit"] == METRICS[metric["Name"]][0]
            assert 1 <= len(line[metric["Name"]]) <= 100
            values[metric["Name"]] += line[metric["Name"]]
    return dict(values)


def invoke(telemetry: Telemetry, *outcomes: Outcome, request: str = "r-1") -> None:
    """An invocation with these outcomes."""
    with telemetry(request) as tell:
        for outcome in outcomes:
            tell(outcome)


def test_a_drop_is_one_line(output: Output) -> None:
    """With all that is known of it, and nothing else; the time in milliseconds, and in all."""
    invoke(make_telemetry("INFO", EMPTY), written(), request="r-7")
    line = lines(output)[0]
    assert set(line) == FIELDS | POWERTOOLS_FIELDS
    assert {name: line[name] for name in FIELDS} == {
        "key": "incoming/1.png",
        "model": "0123456789ab",
        "rows": 9,
        "ok": 4,
        "review": 3,
        "error": 2,
        "milliseconds": {"fetch": 10, "read": 200, "classify": 34.57, "write": 50, "total": 294.57},
        "function_request_id": "r-7",
    }
    assert (line["level"], line["message"], line["service"]) == ("INFO", "drop", "digitdrop")


def test_only_the_line_of_a_drop_has_a_model(output: Output) -> None:
    """By which it is found, whatever else is logged."""
    invoke(make_telemetry("INFO", EMPTY), Skipped("a", "it stands"), Failed("b"), written())
    skipped, drop, emf = lines(output)
    assert {name: skipped[name] for name in ("message", "key", "reason")} == {
        "message": "skipped",
        "key": "a",
        "reason": "it stands",
    }
    assert ["model" in line for line in (skipped, drop, emf)] == [False, True, False]


def test_metrics_are_one_value_a_drop(output: Output) -> None:
    """In one line at the end of the invocation, under the names and units that dashboards know."""
    environment = {"POWERTOOLS_SERVICE_NAME": "monday", "POWERTOOLS_METRICS_NAMESPACE": "digits"}
    invoke(make_telemetry("INFO", environment), written(), Failed("x"), written(rows=1, errors=0, reviews=0))
    *_, emf = lines(output)
    assert emf["service"] == "monday"
    assert emf["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "digits"
    assert metrics([emf]) == {
        "Drops": [1, 1],
        "DropsFailed": [1],
        "Images": [9, 1],
        "RowsOk": [4, 1],
        "RowsReview": [3, 0],
        "RowsError": [2, 0],
        "FetchMilliseconds": [10, 10],
        "ReadMilliseconds": [200, 200],
        "ClassifyMilliseconds": [34.57, 34.57],
        "WriteMilliseconds": [50, 50],
        "DropMilliseconds": [294.57, 294.57],
    }


@pytest.mark.parametrize("count", [1, 98, 99, 100, 101, 250, 1000])
@pytest.mark.parametrize("environment", [EMPTY, {"POWERTOOLS_METRICS_NAMESPACE": " ", "POWERTOOLS_SERVICE_NAME": ""}])
def test_no_value_is_lost_among_many(output: Output, count: int, environment: dict[str, str]) -> None:
    """EMF takes 100 values of a metric in a line: there are as many as it takes, and each drop is whole in one."""
    drops = [replace(written(rows=number, errors=0, reviews=0), since=1) for number in range(count)]
    invoke(make_telemetry("ERROR", environment), *drops, *[Failed("x")] * count, *[Postponed("x")] * count)
    found = lines(output)
    assert [line["service"] for line in found] == ["digitdrop"] * -(-3 * count // 100)
    for line in found:
        others = {"DropsFailed", "DropsPostponed"}
        assert len({len(line[name]) for name in METRICS if name in line and name not in others}) <= 1
    values = metrics(found)
    assert values["Images"] == list(range(count))
    assert {len(one) for one in values.values()} == {count}
    assert set(values) == set(METRICS)


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (written(), {"Drops": [1]}),
        (Skipped("a", "it stands"), {}),
        (Failed("a"), {"DropsFailed": [1]}),
        (Postponed("a"), {"DropsPostponed": [1]}),
    ],
)
def test_whatever_became_of_a_drop_it_is_told_how_long_it_waited(
    output: Output, outcome: Outcome, counts: dict[str, list[float]]
) -> None:
    """Since its first message; nothing where no queue says when that was, and never less than nothing."""
    telemetry = make_telemetry("ERROR", EMPTY, lambda: 1_772_443_031.0)
    invoke(telemetry, outcome)
    assert "WaitedSeconds" not in metrics(lines(output))
    for since, waited in ((1_772_439_431_000, 3600), (1_772_443_030_987, 0.013), (1_772_443_999_000, 0), (10**4000, 0)):
        invoke(telemetry, replace(outcome, since=since))
        found = metrics(lines(output))
        assert found["WaitedSeconds"] == [waited]
        assert {name: found[name] for name in counts} == counts


def test_metrics_are_printed_when_the_invocation_raises(output: Output) -> None:
    """What was written was written."""

    def fail() -> None:
        with make_telemetry("INFO", EMPTY)("r-1") as tell:
            tell(written())
            raise StoreError("slow down")

    with pytest.raises(StoreError):
        fail()
    assert metrics(lines(output))["Drops"] == [1]


@pytest.mark.filterwarnings("error")
def test_where_there_is_nothing_to_tell_nothing_is_printed(output: Output) -> None:
    """An invocation without drops has no metrics and no warning, and brings none of the last one's."""
    telemetry = make_telemetry("INFO", EMPTY)
    invoke(telemetry, written())
    assert len(lines(output)) == 2
    invoke(telemetry)
    invoke(telemetry, Skipped("a", "it stands"))
    assert metrics(lines(output)) == {}


def test_metrics_can_be_turned_off(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Powertools' own variable, however many there are; the log is not touched by it."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    telemetry = make_telemetry("INFO", EMPTY)
    invoke(telemetry, *[written()] * 250)
    assert [line["message"] for line in lines(output)] == ["drop"] * 250
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    invoke(telemetry, written())
    assert metrics(lines(output))["Drops"] == [1]


def test_errors_of_all_modules_are_json_with_their_traceback(output: Output) -> None:
    """The traceback stays on its line."""
    with make_telemetry("INFO", EMPTY)("r-1"):
        try:
            raise StoreError("reading 'incoming/a\nb': slow\x1b[2J down")
        except StoreError:
            LOG.exception("failed: %s", "incoming/a\nb")
    (line,) = lines(output)
    assert line["level"] == "ERROR"
    assert line["message"] == "failed: incoming/a\nb"
    assert line["function_request_id"] == "r-1"
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception_name"] == "StoreError"


def test_lines_of_other_threads_have_the_request_too(output: Output) -> None:
    """And those of the next invocation its own."""
    telemetry = make_telemetry("INFO", EMPTY)
    with ThreadPoolExecutor(2) as pool:
        for request in ("r-1", "r-2"):
            with telemetry(request):
                pool.submit(LOG.warning, "could not delete message %s", "m").result()
    assert [line["function_request_id"] for line in lines(output)] == ["r-1", "r-2"]


@pytest.mark.parametrize(("level", "expected"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1)])
def test_the_level_is_the_functions_own(
    output: Output, monkeypatch: pytest.MonkeyPatch, level: str, expected: int
) -> None:
    """LOG_LEVEL decides, and neither Lambda's own level nor Powertools'."""
    for name in ("AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL"):
        monkeypatch.setenv(name, "CRITICAL")
    make_telemetry(level, EMPTY)
    for severity in ("debug", "info", "warning", "error"):
        getattr(LOG, severity)("line")
    assert len(lines(output)) == expected


@pytest.fixture
def root() -> Iterator[io.StringIO]:
    """What the root logger's handler prints, which at DEBUG takes all, as Lambda's runtime has it at that level."""
    printed, logger, clients = io.StringIO(), logging.getLogger(), [logging.getLogger(name) for name in CLIENTS]
    handler, level, levels = logging.StreamHandler(printed), logger.level, [client.level for client in clients]
    logger.addHandler(handler)
    logger.setLevel("DEBUG")
    for client in clients:
        client.setLevel("NOTSET")
    yield printed
    logger.removeHandler(handler)
    logger.setLevel(level)
    for client, before in zip(clients, levels, strict=True):
        client.setLevel(before)


def test_no_level_prints_the_headers_of_requests(output: Output, root: io.StringIO) -> None:
    """They hold the session's token: where Lambda's runtime takes all, what is used to ask AWS stays at INFO."""
    make_telemetry("DEBUG", EMPTY)
    for name in ("botocore.endpoint", "boto3.resources", "urllib3.connectionpool", "s3transfer.tasks"):
        logging.getLogger(name).debug("a-token")
        logging.getLogger(name).info("hello from %s", name)
    assert "a-token" not in root.getvalue()
    assert root.getvalue().count("hello from") == len(CLIENTS)
    LOG.debug("of ours")
    assert lines(output)[-1]["message"] == "of ours"


def test_clients_are_never_made_to_say_more(root: io.StringIO) -> None:
    """Where the root logger takes less than INFO, that is left as it is."""
    logging.getLogger().setLevel("ERROR")
    make_telemetry("DEBUG", EMPTY)
    logging.getLogger("botocore.credentials").info("found")
    assert root.getvalue() == ""


def test_timestamps_are_what_lambda_reads(output: Output) -> None:
    """RFC 3339, or Lambda would take an error for INFO and its level filter would drop it."""
    make_telemetry("INFO", EMPTY)
    LOG.error("line")
    found = datetime.fromisoformat(lines(output)[0]["timestamp"])
    assert found.utcoffset() == timedelta(0)


def test_the_runtimes_own_handler_prints_nothing_again(output: Output) -> None:
    """Lambda's runtime puts a handler on the root logger; a second container in this process adds none either."""
    root = io.StringIO()
    handler = logging.StreamHandler(root)
    logging.getLogger().addHandler(handler)
    try:
        make_telemetry("INFO", EMPTY)
        invoke(make_telemetry("INFO", EMPTY), written())
    finally:
        logging.getLogger().removeHandler(handler)
    assert root.getvalue() == ""
    assert [line.get("message") for line in lines(output)] == ["drop", None]


@pytest.mark.parametrize("variable", ["POWERTOOLS_METRICS_DISABLED", "POWERTOOLS_DEV"])
def test_a_fault_in_telling_is_logged_and_goes_no_further(
    output: Output, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Metrics that Powertools refuses to print cost no drop; those of the next invocation are not mixed with them."""
    telemetry = make_telemetry("INFO", EMPTY)
    monkeypatch.setenv(variable, "perhaps")
    invoke(telemetry, written())
    assert [line["message"] for line in lines(output)] == ["drop", "this could not be told"]
    monkeypatch.delenv(variable)
    invoke(telemetry, written())
    assert metrics(lines(output))["Drops"] == [1]


def test_an_output_that_is_gone_costs_no_drop(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed pipe is no reason to fail."""

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    invoke(make_telemetry("INFO", EMPTY), *[written()] * 150)
    assert "BrokenPipeError" in output.readouterr().err


ANYTHING = (
    st.text(st.characters(codec=None), max_size=40)
    | st.sampled_from(
        [
            *("\n", "\udcff", "\x1b[2J", "\x9b31m", "\u2028", "\x7f"),
            *('"}\n{"level":"ERROR"', "%s %(key)s", "{}", "[1]", "ü=1.png"),
        ]
    )
).map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))
"""Two surrogates that happen to be a pair are one character, as in JSON."""


@given(st.lists(ANYTHING, min_size=1, max_size=3), ANYTHING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_key_holds_a_line_is_a_line(output: Output, keys: list[str], request_id: str) -> None:
    """Line feeds, lone surrogates and terminal escapes are escaped, and come back as they were."""
    outcomes = [outcome for key in keys for outcome in (written(key), Skipped(key, key))]
    telemetry = make_telemetry("INFO", EMPTY)
    invoke(telemetry, *outcomes, request=request_id)
    LOG.error("failed: %s", keys[0])
    *told, emf, failed = lines(output)
    assert [line["key"] for line in told] == [outcome.key for outcome in outcomes]
    assert {line["function_request_id"] for line in (*told, failed)} == {request_id}
    assert failed["message"] == f"failed: {keys[0]}"
    assert metrics([emf])["Drops"] == [1] * len(keys)
