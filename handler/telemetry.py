"""Logs and metrics on standard output, by Powertools for AWS Lambda, which is known only here.

Of Powertools' Logger the formatter is used, on the standard library's logger that all of the handler logs with. The
Logger itself would put Lambda's own level before ours, and keep its state in the process, as the class Metrics does:
the metrics here are those that are no singleton.
"""

import json
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics

from handler.outcomes import Failed, Outcome, Postponed, Skipped, Telemetry, Tell, Written
from handler.stopwatch import STAGES

COUNT: Final = "Count"
MILLISECONDS: Final = "Milliseconds"
SECONDS: Final = "Seconds"
METRICS: Final[Mapping[str, tuple[str, str]]] = {
    "Drops": (COUNT, "drops whose rows were written"),
    "DropsFailed": (COUNT, "drops that come back with their messages"),
    "DropsPostponed": (COUNT, "drops that were sent to the queue afresh, and wait for another invocation"),
    "Images": (COUNT, "rows written"),
    "RowsOk": (COUNT, "rows that can be used"),
    "RowsReview": (COUNT, "rows that a person should look at"),
    "RowsError": (COUNT, "rows without a prediction"),
    "FetchMilliseconds": (MILLISECONDS, "a drop's time with S3, until all of it is here"),
    "ReadMilliseconds": (MILLISECONDS, "its unpacking, decoding and normalising"),
    "ClassifyMilliseconds": (MILLISECONDS, "the model's time with it"),
    "WriteMilliseconds": (MILLISECONDS, "making its rows and committing its CSV"),
    "DropMilliseconds": (MILLISECONDS, "all four"),
    "WaitedSeconds": (SECONDS, "since a drop's first message was sent, whatever became of it this time"),
}
"""Unit and meaning of each metric; README's table is checked against this one."""
NAME: Final = "digitdrop"
"""Of the logger, and of service and namespace where the environment names none."""
_LOG: Final = logging.getLogger(NAME)
CLIENTS: Final = ("botocore", "boto3", "urllib3", "s3transfer")
"""Loggers that at DEBUG print each request with its headers, the session's token among them."""
_TOGETHER: Final = 100
"""Outcomes in one line: EMF takes as many values of a metric."""


def make_telemetry(level: str, environment: Mapping[str, str], now: Callable[[], float] = time.time) -> Telemetry:
    """Begin to log as JSON, from `level` on; gives what takes the outcomes of an invocation.

    Timestamps are RFC 3339, since Lambda takes lines with others for INFO. Only ASCII is printed: whatever a key holds
    is escaped. The request id is on every line, whichever thread it is from. `now` is in seconds since 1970.
    """
    service = environment.get("POWERTOOLS_SERVICE_NAME", "").strip() or NAME
    namespace = environment.get("POWERTOOLS_METRICS_NAMESPACE", "").strip() or NAME
    serializer = partial(json.dumps, default=str, separators=(",", ":"))
    formatter = LambdaPowertoolsFormatter(
        json_serializer=serializer,
        log_record_order=["level", "message"],
        use_rfc3339=True,
        utc=True,
        serialize_stacktrace=False,  # `exception` has it already
        service=service,
        xray_trace_id=None,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    _LOG.handlers = [handler]
    _LOG.propagate = False  # the runtime's own handler would print each line once more
    _LOG.setLevel(level)
    for name in CLIENTS:  # where Lambda's level is DEBUG, its runtime sets the root logger to that
        client = logging.getLogger(name)
        client.setLevel(max(client.getEffectiveLevel(), logging.INFO))
    metrics = EphemeralMetrics(namespace=namespace, service=service)

    @contextmanager
    def invocation(request: str) -> Iterator[Tell]:
        formatter.append_keys(function_request_id=request)
        collected = _Collected(metrics, now)
        try:
            yield partial(_safely, partial(_tell, collected))
        finally:
            _safely(collected.print)

    return invocation


class _Collected:
    """The metrics of an invocation that are not printed yet; for its own thread alone.

    Powertools gets them when they are printed: its `add_metric` formats all values that there are for each new one.
    """

    def __init__(self, metrics: EphemeralMetrics, now: Callable[[], float]) -> None:
        self._metrics = metrics
        self._now = now
        self._outcomes = 0
        self._values: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, values: Mapping[str, float], since: int) -> None:
        """One outcome's values, and how long it waited since that time, where there is one."""
        waited = {"WaitedSeconds": max(0, round(self._now() * 1000) - since) / 1000} if since else {}
        for name, value in (dict(values) | waited).items():
            self._values[name].append(float(value))
        self._outcomes += 1
        if self._outcomes == _TOGETHER:
            self.print()

    def print(self) -> None:
        """Print what there is."""
        self._outcomes = 0
        try:
            for name, values in self._values.items():
                self._metrics.metric_set[name] = {"Unit": METRICS[name][0], "StorageResolution": 60, "Value": values}
            if self._values:  # Powertools warns where there are none
                self._metrics.flush_metrics()
        finally:
            self._values = defaultdict(list)
            self._metrics.clear_metrics()  # Powertools keeps them where it is told not to print


def _tell(collected: _Collected, outcome: Outcome) -> None:
    values: dict[str, float] = {}
    if isinstance(outcome, Written):
        fields = _fields(outcome)
        _LOG.info("drop", extra=fields)
        values = _values(fields)
    elif isinstance(outcome, Skipped):
        _LOG.info("skipped", extra={"key": outcome.key, "reason": outcome.reason})
    elif isinstance(outcome, Failed):
        values = {"DropsFailed": 1}
    elif isinstance(outcome, Postponed):
        values = {"DropsPostponed": 1}
    collected.add(values, outcome.since)


def _fields(written: Written) -> dict[str, Any]:
    counts = written.counts
    times = {stage: written.seconds[stage] for stage in STAGES}
    times["total"] = sum(times.values())
    return {
        "key": written.key,
        "model": written.model,
        "rows": counts.rows,
        "ok": counts.rows - counts.reviews - counts.errors,
        "review": counts.reviews,
        "error": counts.errors,
        "milliseconds": {name: round(seconds * 1000, 2) for name, seconds in times.items()},
    }


def _values(fields: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of a drop's line."""
    values = {"Drops": 1, "Images": fields["rows"]}
    values |= {f"Rows{status.title()}": fields[status] for status in ("ok", "review", "error")}
    times = {f"{stage.title()}Milliseconds": fields["milliseconds"][stage] for stage in STAGES}
    return values | times | {"DropMilliseconds": fields["milliseconds"]["total"]}


def _safely(call: Callable[..., None], *arguments: Outcome) -> None:
    """Whatever fails in telling people, no drop fails with it."""
    try:
        call(*arguments)
    except Exception:  # noqa: BLE001  # Powertools' own, and those of the output
        _LOG.exception("this could not be told")
