"""Pictures that are read again where the model is not sure, and which of the readings counts."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.images import normalise, read_again
from handler.normal import Normal
from handler.ports import Images, Probabilities
from handler.second_look import look_again, surest
from tests.doubles import RowClassifier
from tests.unit.makers import as_plane
from tests.unit.test_images import seven


@dataclass(frozen=True)
class InkClassifier(RowClassifier):
    """Surer the less ink there is: a digit has little, a sheet read for its ink has much."""

    look_again_below: float = 0.9
    asked: list[int] = field(default_factory=list)

    def probabilities(self, images: Images) -> Probabilities:
        """(N, 10), of class 1 where there is little ink, else of class 0."""
        self.asked.append(len(images))
        found = np.zeros((len(images), 10), np.float32)
        little = images.mean(axis=(1, 2)) < 90
        found[np.arange(len(images)), little.astype(int)] = np.where(little, 0.95, 0.5)
        return found


@dataclass(frozen=True)
class OneSure(RowClassifier):
    """Reads a 1 in everything, and is so sure."""

    sure: float = 0.5
    look_again_below: float = 0.98

    def probabilities(self, images: Images) -> Probabilities:
        """(N, 10)."""
        found = np.full((len(images), 10), (1 - self.sure) / 9, np.float32)
        found[:, 1] = self.sure
        return found


def mistaken() -> Normal:
    """A dark seven in a black frame, which is taken for paper."""
    picture = np.zeros((80, 80), np.uint8)
    picture[10:70, 10:70] = 255 - seven(60)
    found = normalise(as_plane(picture))
    assert not found.paper_is_light
    return found


def test_an_unsure_picture_is_read_with_paper_and_ink_exchanged() -> None:
    """The surer reading counts, with its signs."""
    classifier, first = InkClassifier(), mistaken()
    found = classifier.probabilities(first.pixels[None])
    normals, settled = look_again([first], found, classifier)
    assert [found.argmax().item(), settled.argmax().item()] == [0, 1]
    assert normals[0].paper_is_light
    np.testing.assert_allclose(
        normals[0].pixels.astype(int), normalise(as_plane(255 - seven(60))).pixels.astype(int), atol=40
    )


@pytest.mark.parametrize("below", [0, 0.4])
def test_what_is_sure_enough_is_not_read_again(below: float) -> None:
    """Nor is anything by a model whose card does not ask for it: the model is not even asked."""
    classifier, first = InkClassifier(look_again_below=below), mistaken()
    found = classifier.probabilities(first.pixels[None])
    normals, settled = look_again([first], found, classifier)
    assert normals == [first]
    assert settled is found
    assert classifier.asked == [1]


def test_mnist_and_blank_pictures_are_read_in_one_way_alone() -> None:
    """There is no paper to mistake."""
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 12:16] = 255
    first = normalise(as_plane(digit))
    np.testing.assert_array_equal(first.pixels, digit)
    assert read_again(first) == ()
    assert read_again(normalise(np.ones((40, 40), np.float32))) == ()


def test_a_small_digit_on_a_large_sheet_is_looked_at_closely_again() -> None:
    """What is read again is what was cut out, not the sheet; and that does not keep the sheet."""
    sheet = np.ones((900, 900), np.float32)
    sheet[400:460, 400:460] = 1 - as_plane(seven(60))
    first = normalise(sheet)
    assert first.seen is not None
    assert max(first.seen.shape) < 128
    assert (first.seen < 0.5).mean() > 0.01  # of the whole sheet it is less than a thousandth
    assert first.seen.base is None


def test_several_digits_stay_several_unless_another_reading_is_beyond_doubt() -> None:
    """Two sevens side by side, whose paper alone looks like one digit to the model."""
    pair = 255 - np.concatenate([seven(60), seven(60)], axis=1)
    first = normalise(as_plane(pair))
    assert first.signs.several
    found = np.full((1, 10), 0.1, np.float32)
    for sure, kept in ((0.95, True), (0.995, False)):
        classifier = OneSure(sure=sure)
        normals, settled = look_again([first], found, classifier)
        assert normals[0].signs.several == kept
        assert (settled.max() < 0.2) == kept


@pytest.mark.parametrize(("sure", "taken"), [(0.49, False), (0.51, True), (float("nan"), False)])
def test_a_reading_that_nobody_believes_replaces_none(sure: float, taken: bool) -> None:  # noqa: FBT001  # a case
    """Of two readings of what is no digit the first stays, with its signs."""
    first = mistaken()
    normals, _ = look_again([first], np.full((1, 10), 0.1, np.float32), OneSure(sure=sure))
    assert (normals[0] is not first) == taken


def test_the_model_reads_no_more_at_a_time_than_there_are_pictures() -> None:
    """Though each may have three readings more: a group's memory stays that of its first look."""
    down, across = np.meshgrid(np.linspace(-1, 1, 80), np.linspace(-1, 1, 80), indexing="ij")
    shaded = as_plane(255 - seven(80)) * np.asarray(0.7 + 0.25 * down - 0.05 * across, np.float32)
    normals = [normalise(shaded)] * 3
    classifier = InkClassifier(look_again_below=1)
    look_again(normals, np.full((3, 10), 0.1, np.float32), classifier)
    assert sum(classifier.asked) > 3
    assert max(classifier.asked) == 3


def test_a_second_reading_of_a_negative_is_that_of_the_picture() -> None:
    """Pixels within rounding, on the other paper, in the same order."""
    dark, light = (read_again(normalise(as_plane(values))) for values in (seven(60), 255 - seven(60)))
    assert len(dark) == len(light) > 0
    for one, other in zip(dark, light, strict=True):
        assert one.paper_is_light != other.paper_is_light
        np.testing.assert_allclose(one.pixels.astype(int), other.pixels.astype(int), atol=2)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6), st.data())
def test_the_surest_reading_counts_where_the_first_is_not_sure(first: list[float], data: st.DataObject) -> None:
    """Of each picture its own; the first stays where it is sure enough, or nothing is surer and believable."""
    owners = data.draw(st.lists(st.integers(0, len(first) - 1), max_size=8))
    again = data.draw(st.lists(st.floats(0, 1, width=32), min_size=len(owners), max_size=len(owners)))
    below = data.draw(st.floats(0, 1))
    several = data.draw(st.lists(st.booleans(), min_size=len(first), max_size=len(first)))
    columns = np.array(first)[:, None], np.array(again).reshape(-1, 1)
    chosen = surest(*columns, np.array(owners, np.intp), np.array(several), below)
    for picture, row in enumerate(chosen):
        own = [sure for owner, sure in zip(owners, again, strict=True) if owner == picture]
        best = max(own, default=0)
        least = max(below, 0.5) if several[picture] else 0.5
        if first[picture] < below and best > first[picture] and best >= least:
            assert owners[row] == picture
            assert again[row] == best
        else:
            assert row == -1
