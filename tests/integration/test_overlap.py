"""Two handlers on one object through boto3 and moto: every place where the one can stand while the other goes on."""

import itertools
from functools import partial

import pytest
from botocore.model import OperationModel

from handler import app, commit
from tests.doubles import Time, bar, encoded, s3_event, sqs_event, zipped
from tests.integration.conftest import Function, Make
from tests.interleaving import Run, Runs

STEPS = 10
"""More than a handler takes for one object: one up to its first call, and one for each call."""
OLD, NEW = encoded(bar(4, 20)), encoded(bar(14, 20))
BODIES = {"1.png": (OLD, NEW), "b.zip": (zipped({"1": OLD, "2": OLD}), zipped({"1": NEW}))}


@pytest.fixture
def function(make: Make, monkeypatch: pytest.MonkeyPatch) -> Function:
    """The function, one request at a time."""
    monkeypatch.setattr(commit, "_PAUSE", 0.0)
    return make(fetch_threads=1)


@pytest.fixture
def runs(function: Function) -> Runs:
    """Handlers that stand still before each request to S3."""
    runs = Runs()

    def before(model: OperationModel, **_call: object) -> None:
        runs.before(model.name)

    function.s3.meta.events.register("before-call.s3", before)
    return runs


def steps(run: Run, count: int) -> None:
    """Let a handler make some calls, or end before."""
    for _ in range(count):
        if not run.done:
            run.step()


def finish(run: Run) -> None:
    """Let a handler end; it must report no failure."""
    while not run.done:
        run.step()
    assert run.failure is None
    assert run.answer == {"batchItemFailures": []}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("same", [False, True], ids=["overwritten", "delivered twice"])
def test_the_newer_object_wins_wherever_two_handlers_overlap(
    function: Function, runs: Runs, name: str, *, same: bool
) -> None:
    """However far the first handler is when an object is overwritten, and the second when the first goes on."""
    for first, second in itertools.product(range(STEPS), range(STEPS)):
        key = f"incoming/{first}-{second}/{name}"
        old, new = BODIES[name]
        event = sqs_event(s3_event(key))
        function.drop(key, new if same else old)
        one = runs.start(partial(app.lambda_handler, event, Time()))
        steps(one, first)
        function.drop(key, new)
        two = runs.start(partial(app.lambda_handler, event, Time()))
        steps(two, second)
        finish(one)
        finish(two)
        csv = function.csvs()
        assert len(csv) == 1
        digits = [row[2] for row in function.rows(csv[0])]
        assert digits == ["7"], f"after {first} and {second} calls"
        function.s3.delete_object(Bucket=function.tools.settings.digitdrop_bucket, Key=csv[0])


@pytest.mark.parametrize("name", BODIES)
def test_an_object_that_becomes_again_what_it_was_is_not_mistaken(function: Function, runs: Runs, name: str) -> None:
    """However far a handler of other bytes is when the first bytes return, it leaves no stale CSV.

    The CSV of the first bytes has the same ETag each time, so a conditional write alone cannot tell.
    """
    for count in range(STEPS):
        key = f"incoming/{count}/{name}"
        first, other = BODIES[name]
        event = sqs_event(s3_event(key))
        function.drop(key, first)
        assert function.invoke(event) == {"batchItemFailures": []}
        before = [row[2] for row in function.rows(function.csvs()[0])]
        function.drop(key, other)
        slow = runs.start(partial(app.lambda_handler, event, Time()))
        steps(slow, count)
        function.drop(key, first)
        assert function.invoke(event) == {"batchItemFailures": []}
        finish(slow)
        (csv,) = function.csvs()
        assert [row[2] for row in function.rows(csv)] == before, f"after {count} calls"
        function.s3.delete_object(Bucket=function.tools.settings.digitdrop_bucket, Key=csv)


@pytest.mark.parametrize("name", BODIES)
def test_a_handler_killed_before_any_call_is_made_good_by_redelivery(function: Function, runs: Runs, name: str) -> None:
    """However far a handler was when its process ended, there is a whole CSV or none, and the next one completes it."""
    for count in range(STEPS):
        key = f"incoming/{count}/{name}"
        function.drop(key, BODIES[name][0])
        run = runs.start(partial(app.lambda_handler, sqs_event(s3_event(key)), Time()))
        steps(run, count)
        if not run.done:
            run.kill()
        digits = [[row[2] for row in function.rows(csv)] for csv in function.csvs()]
        whole = ["2"] * (2 if name == "b.zip" else 1)
        assert digits in ([], [whole])
        assert function.deliver(s3_event(key)) == []
        (csv,) = function.csvs()
        assert [row[2] for row in function.rows(csv)] == whole
        function.s3.delete_object(Bucket=function.tools.settings.digitdrop_bucket, Key=csv)
