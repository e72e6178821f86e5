"""The model reads a group while the next one is taken."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from handler.classify import classify
from handler.cores import cores
from handler.errors import PostponedError
from handler.members import Named
from handler.ports import Images, Probabilities
from handler.settings import Settings
from handler.stopwatch import Stopwatch
from tests.doubles import RowClassifier, bar
from tests.unit.makers import as_plane

GOOD = as_plane(bar(4, 20))
FOUR = Settings("digits", group_size=4)
WATCH = Stopwatch(lambda: 0.0)


@dataclass(frozen=True)
class Waiting(RowClassifier):
    """A model that waits until it may go on, and notes in which threads it ran."""

    go: threading.Event = field(default_factory=threading.Event)
    fails: bool = False
    threads: list[threading.Thread] = field(default_factory=list)

    def probabilities(self, images: Images) -> Probabilities:
        """As soon as it may."""
        self.threads.append(threading.current_thread())
        assert self.go.wait(10), "nobody let it go on"
        if self.fails:
            raise ZeroDivisionError
        return super().probabilities(images)


def pictures(count: int, then: Callable[[int], None]) -> Iterator[Named]:
    """Good pictures; `then` is told the number of each before it comes."""
    for number in range(count):
        then(number)
        yield Named(str(number), plane=GOOD)


def test_the_next_group_is_taken_while_the_model_reads() -> None:
    """The model could not go on before the second group was taken, and every row comes in order."""
    model = Waiting()
    taken = pictures(10, lambda number: model.go.set() if number == 7 else None)

    assert [row.image for row in classify(taken, model, FOUR, WATCH)] == [str(number) for number in range(10)]
    assert threading.main_thread() not in model.threads[:2]


def test_what_fits_a_group_needs_no_thread() -> None:
    """A loose image is read where it is asked for."""
    model = Waiting()
    model.go.set()

    assert len(list(classify(pictures(3, lambda _: None), model, FOUR, WATCH))) == 3
    assert model.threads == [threading.main_thread()]


@pytest.mark.parametrize("count", [3, 4, 5, 9])
def test_what_the_model_raises_rises(count: int) -> None:
    """Wherever it ran, and no row of its group comes."""
    model = Waiting(fails=True)
    model.go.set()

    with pytest.raises(ZeroDivisionError):
        next(classify(pictures(count, lambda _: None), model, FOUR, WATCH))
    assert not any(thread.is_alive() for thread in model.threads if thread is not threading.main_thread())


@pytest.mark.parametrize("number", [0, 3, 4, 6, 8])
def test_what_reading_raises_rises(number: int) -> None:
    """While the model is at work too, which ends with it."""
    model = Waiting()
    model.go.set()

    def fail(at: int) -> None:
        if at == number:
            raise PostponedError("no time")

    with pytest.raises(PostponedError):
        list(classify(pictures(9, fail), model, FOUR, WATCH))
    assert not any(thread.is_alive() for thread in model.threads if thread is not threading.main_thread())


def test_closing_the_rows_ends_the_thread() -> None:
    """Whoever stops early leaves nothing behind that works on."""
    model = Waiting()
    model.go.set()
    rows = classify(pictures(1000, lambda _: None), model, FOUR, WATCH)
    next(rows)
    rows.close()  # type: ignore[attr-defined]  # it is a generator

    assert len(model.threads) <= cores() + 1
    assert not any(thread.is_alive() for thread in model.threads)
