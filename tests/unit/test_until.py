"""Pictures for as long as there is time."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from handler.errors import PostponedError
from handler.members import Named, until


def numbered(count: int) -> Iterator[Named]:
    """Pictures by number."""
    for number in range(count):
        yield Named(f"{number}.png", plane=np.zeros((1, 1), np.float32))


def test_pictures_are_given_while_there_is_time() -> None:
    """Time is asked for before each picture but the first, and nothing is added where it lasts."""
    asked = itertools.count()

    assert [picture.name for picture in until(numbered(3), lambda: next(asked) < 99, "x", final=True)] == [
        "0.png",
        "1.png",
        "2.png",
    ]
    assert next(asked) == 2


@pytest.mark.parametrize("good", [0, 1, 5])
def test_out_of_time_ends_a_final_drop_with_one_error(good: int) -> None:
    """What was read before has rows, the first always, then one names the drop and says how far it came."""
    answers = iter([True] * good + [False])
    found = list(until(numbered(10), lambda: next(answers), "x.zip", final=True))

    assert [picture.name for picture in found] == [*(f"{number}.png" for number in range(good + 1)), "x.zip"]
    assert found[-1].error
    assert found[-1].error.code == "out-of-time"
    assert f"after {good + 1} images, before '{good + 1}.png'" in str(found[-1].error)


def test_out_of_time_postpones_a_drop_that_is_not_final() -> None:
    """Another invocation takes it whole; no row of it is kept."""
    pictures = until(numbered(10), lambda: False, "x.zip", final=False)

    assert next(pictures).name == "0.png"
    with pytest.raises(PostponedError, match=r"x\.zip"):
        next(pictures)


def test_a_drop_of_one_picture_is_never_out_of_time() -> None:
    """The first is always given, so that every drop gets something done."""
    assert len(list(until(numbered(1), lambda: False, "x", final=False))) == 1
    assert list(until(numbered(0), lambda: False, "x", final=False)) == []


def test_time_is_up_before_the_next_picture_is_kept() -> None:
    """No picture is begun in vain once the caller stops asking: the source is taken one by one."""
    taken = itertools.count()

    def source() -> Iterator[Named]:
        for picture in numbered(10):
            next(taken)
            yield picture

    pictures = until(source(), lambda: True, "x", final=True)
    next(pictures)
    assert next(taken) == 1
