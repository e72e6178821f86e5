"""Pictures to rows, in groups of the model's size."""

import dataclasses
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from handler.classify import classify
from handler.cores import cores
from handler.errors import UnreadableError
from handler.groups import Alike, packed_normals
from handler.members import Named, Packed
from handler.normal import Normal, Signs
from handler.ports import Images, Probabilities
from handler.rows import Row
from handler.settings import Settings
from handler.stopwatch import Stopwatch
from tests.doubles import RowClassifier, bar, encoded
from tests.unit.makers import as_plane
from tests.unit.test_images import seven
from tests.unit.test_second_look import InkClassifier

VERSION = "0123456789ab"
WATCH = Stopwatch(lambda: 0.0)
GOOD = as_plane(bar(4, 20))
BLANK = np.ones((9, 9), np.float32)
GROUPS = [1, 2, 3, 7, 100]


@dataclass(frozen=True)
class FixedClassifier:
    """`ports.Classifier` that gives always the same, and notes how many images it was asked for at a time."""

    shares: tuple[float, ...]
    review_below: float = 0.8
    not_a_digit_below: float = 0.2
    look_again_below: float = 0
    version: str = VERSION
    labels: tuple[str, ...] = tuple("ABCDEFGHIJ")
    groups: list[int] = field(default_factory=list)

    def probabilities(self, images: Images) -> Probabilities:
        """(N, 10)."""
        assert images.dtype == np.uint8
        assert images.shape[1:] == (28, 28)
        self.groups.append(len(images))
        return np.tile(np.array(self.shares, np.float32), (len(images), 1))


def set_to(group_size: int, **other: Any) -> Settings:  # noqa: ANN401  # whatever a setting can be
    """Settings with groups of a size."""
    return Settings("digits", group_size=group_size, **other)


def sure(best: int, share: float) -> tuple[float, ...]:
    """Probabilities of which one is `share`."""
    shares = [(1 - share) / 9] * 10
    shares[best] = share
    return tuple(shares)


def pictures(count: int) -> list[Named]:
    """Good pictures, blank ones and errors in turn, each with its number as its name."""
    kinds = (
        {"plane": GOOD},
        {"error": UnreadableError("corrupt", "it is")},
        {"plane": as_plane(bar(20, 4)), "frame": 3},
        {"plane": BLANK},
        {"error": UnreadableError("too-large", "it is"), "frame": 0},
    )
    return [Named(str(number), **kinds[number % 5]) for number in range(count)]


def rows(count: int, group_size: int, *, probabilities: bool = False) -> list[Row]:
    """Rows of pictures by the stand-in for a model."""
    return list(classify(pictures(count), RowClassifier(), set_to(group_size, probabilities=probabilities), WATCH))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 23])
def test_every_picture_has_a_row_in_order_whatever_the_group(count: int) -> None:
    """The size of groups changes nothing that is written."""
    expected = rows(count, 1)

    assert [row.image for row in expected] == [str(number) for number in range(count)]
    for group_size in GROUPS:
        assert rows(count, group_size) == expected


def test_a_row_says_what_the_contract_says() -> None:
    """Digit, confidence, status and detail of an ok, an error, a doubtful and a blank picture."""
    ok, error, doubtful, blank, frame_error = rows(5, 3)

    assert ok == Row("0", "", "2", "0.9700", "ok", "", VERSION)
    assert error == Row("1", "", "", "", "error", "corrupt: it is", VERSION)
    assert doubtful == Row(
        "2", "3", "4", "0.6000", "review", "low-confidence: the model is less sure than 0.8", VERSION
    )
    assert (blank.status, blank.detail.split(":")[0]) == ("review", "blank")
    assert blank.digit
    assert blank.confidence
    assert (frame_error.frame, frame_error.digit, frame_error.status) == ("0", "", "error")


def test_a_blank_picture_is_for_review_however_sure_the_model_is() -> None:
    """A model reads something in nothing too."""
    classifier = FixedClassifier(sure(3, 1.0))
    (row,) = classify([Named("a", plane=BLANK)], classifier, set_to(8), WATCH)

    assert (row.status, row.digit, row.confidence) == ("review", "D", "1.0000")
    assert row.detail.startswith("blank: ")


@pytest.mark.parametrize(
    ("share", "threshold", "status"),
    [
        (0.8, 0.8, "ok"),
        (0.79996, 0.8, "ok"),
        (0.79994, 0.8, "review"),
        (0.81, 0.8, "ok"),
        (0.5, 0.0, "ok"),
        (0.9999, 1.0, "review"),
        (1.0, 1.0, "ok"),
    ],
)
def test_confidence_is_held_against_the_threshold_as_it_is_written(share: float, threshold: float, status: str) -> None:
    """Four decimals decide, so that the CSV agrees with itself."""
    classifier = FixedClassifier(sure(0, share), review_below=threshold)
    (row,) = classify([Named("a", plane=GOOD)], classifier, set_to(8), WATCH)

    assert row.status == status
    assert (row.detail == "") == (status == "ok")


@pytest.mark.parametrize("best", range(10))
def test_the_digit_is_the_models_own_label(best: int) -> None:
    """Of the highest probability; of two as high, the first."""
    classifier = FixedClassifier(sure(best, 0.9))
    (row,) = classify([Named("a", plane=GOOD)], classifier, set_to(8), WATCH)
    (tied,) = classify([Named("a", plane=GOOD)], FixedClassifier((0.1,) * 10), set_to(8), WATCH)

    assert row.digit == "ABCDEFGHIJ"[best]
    assert tied.digit == "A"


def test_probabilities_stand_in_rows_only_where_they_are_asked_for() -> None:
    """Four decimals each, for rows with a prediction."""
    ok, error, *_ = rows(5, 2, probabilities=True)

    assert ok.probabilities == ("0.0033", "0.0033", "0.9700", *["0.0033"] * 7)
    assert error.probabilities == ()
    assert all(row.probabilities == () for row in rows(5, 2))


@pytest.mark.parametrize("group_size", GROUPS)
def test_the_model_reads_readable_pictures_group_by_group(group_size: int) -> None:
    """Never more than a group at a time, errors not among them, and none at all for a group of errors."""
    classifier = FixedClassifier(sure(0, 0.9))
    errors = [Named("e", error=UnreadableError("empty", "it is"))] * group_size
    named = [*errors, *pictures(20)]
    list(classify(named, classifier, set_to(group_size), WATCH))

    assert sum(classifier.groups) == sum(picture.plane is not None for picture in named)
    assert all(0 < size <= group_size for size in classifier.groups)


@pytest.mark.parametrize("group_size", GROUPS)
def test_pictures_are_taken_no_further_than_their_group(monkeypatch: pytest.MonkeyPatch, group_size: int) -> None:
    """Memory does not grow with the batch: of two cores each has a group, and one more is read before the first row."""
    monkeypatch.setattr("handler.classify.cores", lambda: 2)
    taken: list[int] = []

    def source() -> Iterator[Named]:
        for number in range(1000):
            taken.append(number)
            yield Named(str(number), plane=GOOD)

    next(classify(source(), RowClassifier(), set_to(group_size), WATCH))
    assert len(taken) == 3 * group_size


def test_names_stand_in_cells() -> None:
    """Whatever a picture is called, its row can be written."""
    named = [Named("=a", plane=GOOD), Named("\udcff", error=UnreadableError("empty", "it is"))]

    assert [row.image for row in classify(named, RowClassifier(), set_to(8), WATCH)] == ["'=a", r"\xff"]


def test_the_version_in_a_row_is_the_models() -> None:
    """Good and bad rows name the model that read them."""
    classifier = dataclasses.replace(RowClassifier(), version="ba9876543210")

    assert {row.model for row in classify(pictures(5), classifier, set_to(8), WATCH)} == {"ba9876543210"}


@pytest.mark.parametrize(("threshold", "status"), [(None, "ok"), (0.85, "ok"), (0.9001, "review"), (1.0, "review")])
def test_a_threshold_that_is_set_stands_before_the_models_own(threshold: float | None, status: str) -> None:
    """`ReviewBelow`, up or down, and the sentence names it."""
    for own in (0.1, 0.9) if threshold is None else (0.1, 0.99):
        classifier = FixedClassifier(sure(0, 0.9), review_below=own)
        (row,) = classify([Named("a", plane=GOOD)], classifier, set_to(8, review_below=threshold), WATCH)
        assert row.status == status
        assert row.status == "ok" or row.detail == f"low-confidence: the model is less sure than {threshold:g}"


def test_the_signs_of_each_picture_reach_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two pictures in a group, with errors between them, each has the reason that is its own."""
    seen = iter([Signs(0.8, cut=True, several=False, is_blank=False), Signs(0.1, False, False, False)])  # noqa: FBT003  # none
    pixels = np.zeros((28, 28), np.uint8)
    monkeypatch.setattr("handler.groups.normalise", lambda _plane: Normal(pixels, next(seen)))
    error = Named("e", error=UnreadableError("corrupt", "it is"))
    named = [error, Named("cut", plane=BLANK), error, Named("faint", plane=BLANK)]
    found = classify(named, FixedClassifier(sure(0, 0.1)), set_to(8), WATCH)

    assert [row.detail.partition(":")[0] for row in found] == ["corrupt", "cut-off", "corrupt", "low-contrast"]


def test_a_group_does_not_hold_its_pictures() -> None:
    """Of a picture of millions of pixels only what is read of it is kept until the group is classified."""
    held: list[weakref.ref[object]] = []

    def large() -> Iterator[Named]:
        for number in range(8):
            plane = np.ones((600, 600), np.float32)
            plane[100:500, 280:320] = 0
            held.append(weakref.ref(plane))
            yield Named(str(number), plane=plane)

    rows = classify(large(), FixedClassifier(sure(0, 0.9)), set_to(8), WATCH)
    assert next(rows).status == "ok"
    assert sum(plane() is not None for plane in held) <= 1


def test_what_is_read_again_is_in_the_row() -> None:
    """Of a model whose card asks for it; each picture's own reading, in the order of the drop."""
    framed = np.zeros((80, 80), np.float32)
    framed[10:70, 10:70] = 1 - as_plane(seven(60))
    pictures = [
        Named("seven", plane=1 - as_plane(seven(60))),
        Named("framed", plane=framed),
        Named("blank", plane=BLANK),
    ]
    once, twice = (
        [row.digit for row in classify(pictures, InkClassifier(look_again_below=below), set_to(8), WATCH)]
        for below in (0, 0.9)
    )
    assert once == ["1", "0", "1"]
    assert twice == ["1", "1", "1"]


@pytest.mark.parametrize("look_again_below", [0, 1])
def test_rows_of_pictures_that_are_alike_are_those_of_any(look_again_below: float) -> None:
    """MNIST's own, upright and inverted: the same rows as of their planes, which are not decoded together."""
    images = [np.roll(bar(20, 4) if number % 3 else bar(4, 20), number % 2, 0) for number in range(12)]
    images[5] = 255 - images[5]
    packed = [Packed(str(number), encoded(image), 784, 784) for number, image in enumerate(images)]
    planes = [Named(str(number), plane=as_plane(image)) for number, image in enumerate(images)]
    assert isinstance(packed_normals(packed), Alike)
    classifier = InkClassifier(look_again_below=look_again_below)

    found, expected = (list(classify(drawn, classifier, set_to(5), WATCH)) for drawn in (packed, planes))
    assert found == expected
    assert [row.image for row in found] == [str(number) for number in range(12)]


@dataclass(frozen=True)
class TimedClassifier(RowClassifier):
    """That takes so many seconds of a processor for each group, and notes who asks."""

    seconds: float = 0
    threads: list[int] = field(default_factory=list)

    def probabilities(self, images: Images) -> Probabilities:
        """(N, 10)."""
        self.threads.append(threading.get_ident())
        end = time.thread_time() + self.seconds
        while time.thread_time() < end:
            pass
        return super().probabilities(images)


def test_a_quick_model_is_asked_without_threads() -> None:
    """From when that is known on; one that takes longer than Python keeps its lock is asked by others all along."""
    quick, slow = TimedClassifier(), TimedClassifier(seconds=2 * sys.getswitchinterval())
    expected = rows(400, 20)
    for classifier in (quick, slow):
        assert list(classify(pictures(400), classifier, set_to(20), WATCH)) == expected

    own = threading.get_ident()
    assert [thread == own for thread in quick.threads][cores() + 1 :] == [True] * (len(quick.threads) - cores() - 1)
    assert own not in slow.threads
