"""What crosses between the handler and a process that reads pictures for it."""

import io
from collections.abc import Sequence

import numpy as np
import pytest

from handler.groups import Read, normals, packed_normals
from handler.images import read_again
from handler.members import Packed, pack
from handler.packets import answer, answered, asked, question, read_of
from handler.settings import Settings
from tests.doubles import bar, encoded
from tests.unit.gallery import ALL

SETTINGS = Settings("digits", workers=1)
BROKEN = {"cut": ALL["png"][:-9], "no zlib": ALL["png"].replace(b"IDAT", b"IDAX")}


def packed(files: dict[str, bytes]) -> list[Packed]:
    """Those that are sent."""
    found = [pack(data, name, SETTINGS) for name, data in files.items()]
    return [picture for picture in found if picture]


def there_and_back(pictures: list[Packed]) -> Sequence[Read]:
    """What the handler has of pictures that another process read."""
    reply = io.BytesIO()
    answer(packed_normals(asked(io.BytesIO(question(pictures)))), reply)
    reply.seek(0)
    return read_of(pictures, answered(reply))


def check(pictures: list[Packed]) -> None:
    """It is what the handler would have made of them itself."""
    for (picture, found), (expected_picture, expected) in zip(there_and_back(pictures), normals(pictures), strict=True):
        assert (picture.name, picture.frame) == (expected_picture.name, expected_picture.frame)
        assert (found is None) == (expected is None)
        if found is None or expected is None:
            assert str(picture.error) == str(expected_picture.error)
            assert picture.error
            assert expected_picture.error
            assert picture.error.code == expected_picture.error.code
            continue
        np.testing.assert_array_equal(found.pixels, expected.pixels)
        assert (found.signs, found.paper_is_light) == (expected.signs, expected.paper_is_light)
        for one, other in zip((found, *read_again(found)), (expected, *read_again(expected)), strict=True):
            np.testing.assert_array_equal(one.pixels, other.pixels)
        seen, expected_seen = found.plane(), expected.plane()
        assert (seen is None) == (expected_seen is None)
        if seen is not None and expected_seen is not None:
            np.testing.assert_array_equal(seen, expected_seen)


def test_every_picture_comes_back_as_it_is_read_here() -> None:
    """Of all formats, those that are MNIST's already, scans, and broken ones, together and alone."""
    mnist = {f"{number}": encoded(np.roll(bar(4, 20), number, 0)) for number in range(3)}
    pictures = packed(ALL | BROKEN | mnist)

    assert {"jpeg", "tiff", "png", "cut", "0"} <= {picture.name for picture in pictures}
    check(pictures)
    check(packed(mnist | {"inverted": encoded(255 - bar(4, 20))}))
    for picture in pictures:
        check([picture])


def test_a_picture_does_not_come_back_whole() -> None:
    """A small scan that may be read again is decoded again then: its pixels are not in the answer."""
    (scan,) = packed({"scan": encoded(np.pad(255 - bar(4, 20), 40, constant_values=250))})
    reply = io.BytesIO()
    answer(packed_normals([scan]), reply)
    ((_, found),) = there_and_back([scan])

    assert len(reply.getvalue()) < 3000
    assert found
    assert found.seen is None
    assert found.plane() is not None


def test_an_answer_may_come_in_pieces() -> None:
    """A pipe gives what is in it; where it ends within an answer that is no answer."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 700))

    pictures = packed({f"{number}": encoded(np.roll(bar(4, 20), number, 0)) for number in range(9)})
    reply = io.BytesIO()
    answer(packed_normals(pictures), reply)

    found = read_of(pictures, answered(Slow(reply.getvalue())))
    assert [normal.pixels.tobytes() for _, normal in found if normal] == [
        normal.pixels.tobytes() for _, normal in normals(pictures) if normal
    ]
    for length in (0, 3, 2000):
        with pytest.raises(EOFError):
            answered(Slow(reply.getvalue()[:length]))


def test_names_stay_at_home() -> None:
    """A name may be any bytes, and the other process has no use for it."""
    assert b"secret" not in question(packed({"\udcff\udcfe secret": ALL["png"]}))


def test_an_answer_about_fewer_pictures_is_none() -> None:
    """Of arrays too: else rows would be missing."""
    pictures = packed({f"{number}": encoded(np.roll(bar(4, 20), number, 0)) for number in range(2)})
    reply = io.BytesIO()
    answer(packed_normals(pictures), reply)

    with pytest.raises(ValueError, match="2 came back"):
        read_of([*pictures, *pictures], answered(io.BytesIO(reply.getvalue())))


@pytest.mark.parametrize("name", ["gif-animated", "webp-animated", "tiff-pages", "apng"])
def test_what_has_several_frames_is_never_sent(name: str) -> None:
    """It gives several rows, and how many is known only once it is read."""
    assert pack(ALL[name], name, SETTINGS) is None
