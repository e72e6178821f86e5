"""Loose images of one invocation are read together, and fail by themselves."""

import threading
import weakref
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from handler.delivery import Tools, deliver
from handler.events import unwrap
from handler.ports import Images, Peek, Probabilities
from handler.settings import Settings
from tests.doubles import BUCKET, MemoryQueue, MemoryStore, RowClassifier, Stored, bar, encoded, s3_event, sqs_event
from tests.unit.drops import TIFF_PAGES, ZIP

POISON = bar(8, 20)


@dataclass(frozen=True)
class Noting(RowClassifier):
    """A model that notes how many images it was asked for, and breaks on one kind."""

    sizes: list[int] = field(default_factory=list)

    def probabilities(self, images: Images) -> Probabilities:
        """None of a group with the poison."""
        self.sizes.append(len(images))
        if any(np.array_equal(image, POISON) for image in images):
            raise ZeroDivisionError
        return super().probabilities(images)


def picture(number: int) -> NDArray[np.uint8]:
    """Bars of different rows."""
    return bar(2 + number % 3 * 2, 20)


def dropped(store: MemoryStore, names: list[str], group_size: int = 256) -> tuple[set[str], list[int]]:
    """Deliver each in a message of its own; gives the names of those that failed, and the model's groups."""
    settings = Settings(BUCKET, queue_url="q", group_size=group_size, fetch_threads=3)
    model = Noting()
    event = unwrap(sqs_event(*(s3_event(f"incoming/{name}") for name in names)))
    failed = deliver(event, Tools(settings, store, MemoryQueue(), lambda: model), lambda: 300.0)
    return {drop.key.removeprefix("incoming/") for message in failed for drop in message.drops}, model.sizes


def filled(count: int) -> MemoryStore:
    """A bucket with some pictures in two folders, a file of several pages, an error, and a batch."""
    store = MemoryStore()
    for number in range(count):
        store.objects[f"incoming/{'ab'[number % 2]}/{number:03}.png"] = Stored(encoded(picture(number)))
    store.objects["incoming/a/pages.tif"] = Stored(TIFF_PAGES)
    store.objects["incoming/b/text.png"] = Stored(b"no picture")
    store.objects["incoming/b/batch.zip"] = Stored(ZIP)
    store.objects["incoming/b/"] = Stored(b"")
    return store


def names_in(store: MemoryStore) -> list[str]:
    """All that was dropped."""
    return [key.removeprefix("incoming/") for key in store.objects if key.startswith("incoming/")]


@pytest.mark.parametrize("group_size", [1, 2, 7, 256])
def test_rows_are_the_same_together_as_alone(group_size: int) -> None:
    """One by one, each in an invocation of its own, or all in one, by groups of any size."""
    alone, together = filled(40), filled(40)
    for name in names_in(alone):
        assert dropped(alone, [name])[0] == set()
    failed, sizes = dropped(together, names_in(together), group_size)

    assert failed == set()
    assert {key: one.body for key, one in together.objects.items()} == {
        key: one.body for key, one in alone.objects.items()
    }
    assert max(sizes) <= group_size
    assert sum(sizes) == 40 + 3 + 1


def test_the_model_reads_many_at_a_time() -> None:
    """And not each by itself: a call costs more than an image."""
    store = filled(40)

    assert dropped(store, names_in(store))[1] == [43, 1]


@pytest.mark.parametrize("group_size", [1, 3, 256])
@pytest.mark.parametrize("count", [1, 2, 30])
def test_what_breaks_the_model_breaks_alone(count: int, group_size: int) -> None:
    """All others have their rows, and the one comes back with its message."""
    store = filled(count)
    store.objects["incoming/a/poison.png"] = Stored(encoded(POISON))
    failed, _ = dropped(store, names_in(store), group_size)

    assert failed == {"a/poison.png"}
    assert store.text("predictions/a/predictions.csv").count("\n") == 1 + (count + 1) // 2 + 3
    assert "poison" not in store.text("predictions/a/predictions.csv")
    if count > 1:
        assert store.text("predictions/b/predictions.csv").count("\n") == 1 + count // 2 + 1


def test_a_lone_image_that_breaks_the_model_is_tried_once() -> None:
    """There is nobody to keep it apart from."""
    store = MemoryStore()
    store.objects["incoming/poison.png"] = Stored(encoded(POISON))

    assert dropped(store, ["poison.png"]) == ({"poison.png"}, [1])


def test_what_was_fetched_is_not_held_longer_than_it_is_read() -> None:
    """A photograph's start is a megabyte: of many in one group, no more are held than are fetched ahead."""

    class Held(Peek):
        """One that can be watched."""

    class Watching(MemoryStore):
        most = 0

        def peek(self, key: str) -> Peek:
            found = super().peek(key)
            alive.add(held := Held(found.key, found.etag, found.size, found.start))
            self.most = max(self.most, len(alive))
            return held

    alive: weakref.WeakSet[Held] = weakref.WeakSet()
    store = Watching()
    store.objects = filled(60).objects

    assert dropped(store, names_in(store))[0] == set()
    assert store.most <= 12


@pytest.mark.parametrize("group_size", [1, 256])
def test_no_image_is_lost_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch, group_size: int) -> None:
    """What fails before an image's turn has come does not pass for its being read, nor do those that follow it."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    store = filled(9)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        failed, _ = dropped(store, names_in(store), group_size)

    assert failed >= {name for name in names_in(store) if name.startswith("a/")}
    assert "predictions/a/predictions.csv" not in store.objects
