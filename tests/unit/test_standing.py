"""Whether many objects stand as they were read."""

import threading
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from handler import standing
from handler.standing import etags
from tests.doubles import MemoryStore, Stored

NAMES = st.text(st.sampled_from("aab/é\U0001f600\uffff%+ "), min_size=1, max_size=5)


def store_of(keys: set[str], calls: list[str] | None = None) -> MemoryStore:
    """A bucket in which each object holds its key."""
    store = MemoryStore((lambda _: None) if calls is None else calls.append)
    store.objects = {key: Stored(key.encode()) for key in keys}
    return store


@given(st.sets(NAMES, max_size=120), st.sets(NAMES, max_size=120), st.sampled_from([1, 3]), st.sampled_from([18, 1000]))
@settings(deadline=None)
def test_the_answers_are_those_of_single_looks(there: set[str], more: set[str], threads: int, part: int) -> None:
    """Of objects that are there and that are not, in folders with few and many others, in any order of bytes."""
    asked = {key for key in there if len(key) % 2} | more
    store = store_of(there)

    with patch.object(standing, "_PAGE", part):
        found = etags(store, asked, threads)

    assert found == {key: Stored(key.encode()).etag for key in asked & there}


def test_many_of_one_folder_are_listed() -> None:
    """A page is a request, and an object would be one too."""
    calls: list[str] = []
    keys = {f"incoming/a/{number:04}.png" for number in range(200)}

    assert len(etags(store_of(keys, calls), keys, 3)) == 200
    assert calls.count("listing") == 19
    assert calls.count("head") == 10  # the last few are fewer than what pays


def test_pages_of_a_large_folder_are_asked_for_at_the_same_time() -> None:
    """A thousand keys fill a page of S3's: each of them has its own request, which waits here for the others."""
    barrier = threading.Barrier(3, timeout=30)
    keys = {f"incoming/a/{number:04}.png" for number in range(3000)}
    store = store_of(keys)

    def meet(call: str) -> None:
        if call == "listing":
            barrier.wait()

    store.before = meet

    assert len(etags(store, keys, 3)) == 3000


def test_few_of_a_folder_are_looked_at() -> None:
    """However many others there are."""
    calls: list[str] = []
    keys = {f"incoming/a/{number:04}.png" for number in range(2000)}

    assert len(etags(store_of(keys, calls), sorted(keys)[:16], 1)) == 16
    assert calls == ["head"] * 16


def test_a_listing_that_does_not_pay_is_left() -> None:
    """Where few of what it brings were asked for, it is not walked to its end."""
    calls: list[str] = []
    keys = {f"incoming/a/{number:05}.png" for number in range(20_000)}
    asked = sorted(keys)[::500]

    assert len(etags(store_of(keys, calls), asked, 1)) == len(asked)
    assert calls.count("listing") <= 2


def test_a_folder_that_is_gone_takes_one_request() -> None:
    """An empty page says that nothing follows."""
    calls: list[str] = []

    assert etags(store_of(set(), calls), [f"incoming/a/{number}" for number in range(500)], 1) == {}
    assert calls == ["listing"]
