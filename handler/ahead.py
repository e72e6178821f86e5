"""Calling a function on many items ahead of their turn."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_HELD: Final = 2
"""Items for each thread: while the caller works on a result, no thread waits for it to ask for the next one."""


def ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[tuple[Item, Callable[[], Result]]]:
    """Each item, in order, with a call that gives `function(item)` or raises what that raised.

    At most `threads` calls are under way, and twice as many are begun or held; with one thread each is made when it is
    asked for.
    """
    if threads == 1:
        for item in items:
            yield item, partial(function, item)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(function, item)))
            if len(waiting) == _HELD * threads:
                first, future = waiting.popleft()
                yield first, future.result
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result
    finally:
        pool.shutdown(cancel_futures=True)
