"""Pictures as the handler reads them, kept together with whose readings they are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handler.images import normalise, read_again
from tests.unit.makers import as_plane
from tests.unit.test_images import seven
from train.readings import Readings, looked_at, plain, read


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.data())
def test_what_is_kept_keeps_its_own_readings(kept: list[bool], data: st.DataObject) -> None:
    """Each picture carries its number as a pixel, and its other readings do; after a choice they still agree."""
    count = len(kept)
    owners = np.array(data.draw(st.lists(st.integers(0, count - 1), max_size=9)), np.intp)
    first = np.zeros((count, 28, 28), np.uint8)
    first[:, 0, 0] = np.arange(count)
    again = np.zeros((len(owners), 28, 28), np.uint8)
    again[:, 0, 0] = owners
    odd, even = np.arange(count) % 2 == 1, np.arange(count) % 2 == 0
    found = Readings(first, again, owners, odd, even, owners % 2 == 0).only(np.array(kept))
    numbers = found.first[:, 0, 0]
    assert numbers.tolist() == [number for number, keep in enumerate(kept) if keep]
    assert found.again[:, 0, 0].tolist() == numbers[found.owners].tolist()
    assert found.several.tolist() == (numbers % 2 == 1).tolist()
    assert found.light.tolist() == (numbers % 2 == 0).tolist()
    assert found.light_again.tolist() == (found.again[:, 0, 0] % 2 == 0).tolist()


def test_readings_are_the_handlers() -> None:
    """In its order, of a picture with others, of one that is blank, and of none at all."""
    planes = [as_plane(255 - seven(60)), np.ones((30, 30), np.float32), as_plane(seven(40))]
    found = read(planes)
    others = [(number, other) for number, plane in enumerate(planes) for other in read_again(normalise(plane))]
    np.testing.assert_array_equal(found.first, [normalise(plane).pixels for plane in planes])
    np.testing.assert_array_equal(found.again, [other.pixels for _, other in others])
    assert found.owners.tolist() == [number for number, _ in others] == [0, 2]
    assert found.light.tolist() == [True, False, False]
    assert found.visible().owners.tolist() == [0, 1]
    assert read([]).first.shape == (0, 28, 28)
    assert looked_at(plain(read([]).first), lambda images: images.astype(np.float32)).found.shape == (0, 1)
