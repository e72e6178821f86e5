"""Whatever happens on the way, the CSVs are those of one clean delivery of the objects as they are at last."""

from collections import deque

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doubles import MemoryQueue, MemoryStore, Stored
from tests.interleaving import Runs
from tests.world import OVERWRITES, WRITES, World, deliver_cleanly, endless, wire


def csvs(store: MemoryStore) -> dict[str, bytes]:
    """What a user would download."""
    return {key: found.body for key, found in store.objects.items() if key.startswith("predictions/")}


@given(
    writes=st.lists(WRITES, min_size=1, max_size=10) | st.lists(OVERWRITES, min_size=3, max_size=12),
    tape=st.lists(st.integers(0, 255), max_size=300),
)
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_csvs_equal_those_of_one_clean_delivery(
    monkeypatch: pytest.MonkeyPatch, writes: list[tuple[str, bytes]], tape: list[int]
) -> None:
    """After duplicates, disorder, overlaps and kills no row is lost, none stands twice, none is stale."""
    runs = Runs()
    store, queue = MemoryStore(runs.before), MemoryQueue(runs.before)
    wire(store, queue, monkeypatch)
    world = World(lambda key, body: store.objects.update({key: Stored(body)}), queue, runs, endless(tape))
    world.settle(deque(writes))
    clean = MemoryStore()
    wire(clean, MemoryQueue(), monkeypatch)
    deliver_cleanly(writes, lambda key, body: clean.objects.update({key: Stored(body)}))
    assert csvs(store) == csvs(clean)
