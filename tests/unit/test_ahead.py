"""Calls made ahead of their turn."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from handler.ahead import ahead


@pytest.mark.parametrize("threads", [1, 2, 3, 16])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_each_item_comes_in_order_with_its_own_result(threads: int, count: int) -> None:
    """However many threads, nothing is lost, doubled or mixed up."""
    found = [(item, result()) for item, result in ahead(lambda item: item * 2, range(count), threads)]

    assert found == [(item, item * 2) for item in range(count)]


@pytest.mark.parametrize("threads", [1, 2, 16])
def test_a_call_that_raises_raises_where_its_result_is_asked_for(threads: int) -> None:
    """One failure is its item's alone: the others have results, and it may be asked again."""

    def halve(item: int) -> int:
        if item % 2:
            raise LookupError(item)
        return item // 2

    for item, result in ahead(halve, range(6), threads):
        if item % 2:
            for _ in range(2):
                with pytest.raises(LookupError):
                    result()
        else:
            assert result() == item // 2


def test_with_one_thread_nothing_is_called_before_it_is_asked_for() -> None:
    """One thread means the caller's own, in turn."""
    calls: list[int] = []
    pairs = ahead(calls.append, range(3), 1)
    _, result = next(pairs)

    assert calls == []
    result()
    next(pairs)
    assert calls == [0]


@pytest.mark.parametrize("threads", [2, 5])
def test_calls_run_at_the_same_time_and_no_more_than_that_many(threads: int) -> None:
    """As many calls are under way as there are threads: each waits for the others at a barrier."""
    barrier = threading.Barrier(threads, timeout=30)
    under_way = most = 0
    lock = threading.Lock()

    def meet(_item: int) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        barrier.wait()
        with lock:
            under_way -= 1

    for _, result in ahead(meet, range(threads * 3), threads):
        result()
    assert most == threads


@pytest.mark.parametrize("threads", [2, 4])
def test_items_are_taken_no_further_ahead_than_two_for_each_thread(threads: int) -> None:
    """A long source is never held whole."""
    taken: list[int] = []

    def source() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    for done, (_, result) in enumerate(ahead(str, source(), threads)):
        result()
        assert len(taken) <= done + 2 * threads


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_go_on_while_the_caller_works_on_a_result(threads: int) -> None:
    """There is another item for each of them, before anything more is asked for."""
    begun = threading.Semaphore(0)

    def call(_item: int) -> None:
        begun.release()

    calls = ahead(call, range(100), threads)
    _, result = next(calls)
    result()
    assert all(begun.acquire(timeout=30) for _ in range(2 * threads))


def test_leaving_early_ends_the_threads() -> None:
    """A caller that stops asking leaves no thread behind."""
    before = threading.active_count()
    pairs = ahead(str, range(100), 4)
    next(pairs)
    pairs.close()  # type: ignore[attr-defined]  # a generator

    assert threading.active_count() == before


def test_results_may_be_asked_for_in_other_threads() -> None:
    """What comes with an item is an ordinary call."""
    calls = [result for _, result in ahead(str, range(10), 4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda call: call(), calls)) == [str(item) for item in range(10)]
