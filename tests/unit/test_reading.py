"""Groups that are read here, elsewhere, or partly elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import LostError, UnreadableError
from handler.groups import Read, normals
from handler.members import LIGHT_PIXELS, Named, Packed, Picture, pack
from handler.reading import HERE_ALONE, groups
from handler.settings import Settings
from tests.doubles import bar, encoded
from tests.unit.makers import as_plane

TAKEN: Final = "taken"
LATER: Final = "later"
LOST: Final = "lost"
REFUSED: Final = "refused"
FILES = [encoded(np.roll(bar(4, 20), number % 5, 0)) for number in range(5)]


@dataclass
class Scripted:
    """`Elsewhere` that does with one group after the other what it is told to; what is `LATER` is done when asked."""

    script: Iterator[str]
    sizes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    waiting: list[Callable[[], None]] = field(default_factory=list)
    short: bool = False

    def take(self, pictures: Sequence[Packed]) -> Future[Sequence[Read]] | None:
        """As it is told."""
        what = next(self.script, REFUSED)
        if what == REFUSED:
            return None
        self.sizes.append(len(pictures))
        found: Future[Sequence[Read]] = Future()
        if what == TAKEN:
            found.set_result(normals(pictures))
        elif what == LATER:
            self.waiting.append(lambda: found.set_result(normals(pictures)))
        else:
            found.set_exception(LostError("it is"))
        return found

    def is_short(self) -> bool:
        """As it is told."""
        return self.short

    def note(self, seconds: float) -> None:
        """Keep it."""
        self.seconds.append(seconds)


def packed(number: int) -> Packed:
    """A picture that may be read elsewhere."""
    found = pack(FILES[number % 5], str(number), Settings("digits"))
    assert found
    return found


def picture(kind: int, number: int) -> Picture:
    """One that may be read elsewhere, a plane, an error, a damaged one, or another one that may be."""
    if kind == 1:
        return Named(str(number), 3, plane=as_plane(bar(20, 4)))
    if kind == 2:
        return Named(str(number), error=UnreadableError("empty", "it is"))
    if kind == 3:
        broken = pack(FILES[0][:-20], str(number), Settings("digits"))
        assert broken
        return broken
    return packed(number)


def told(found: Sequence[Read]) -> list[tuple[object, ...]]:
    """All that there is of pictures, to be compared."""
    return [
        (one.name, one.frame, str(one.error) if normal is None else "", normal and (normal.pixels.tobytes(), normal[1]))
        for one, normal in found
    ]


@given(
    st.lists(st.integers(0, 4), max_size=40),
    st.integers(1, 9),
    st.lists(st.sampled_from([TAKEN, LOST, REFUSED]), max_size=20),
)
@settings(deadline=None)
def test_what_is_read_elsewhere_is_as_if_it_were_read_here(kinds: list[int], size: int, script: list[str]) -> None:
    """Whoever reads which group, and whoever ends before it has: every picture, in order, in groups of the size."""
    drawn = [picture(kind, number) for number, kind in enumerate(kinds)]
    found = list(groups(iter(drawn), size, Scripted(iter(script))))

    assert [len(group) for group in found] == [len(group) for group in groups(iter(drawn), size, HERE_ALONE)]
    assert told([one for group in found for one in group]) == told(normals(drawn))


def test_later_groups_are_read_while_another_is_waited_for() -> None:
    """In their order all the same, and no more of them than a few: what is read is held."""
    asked = 0

    def source() -> Iterator[Picture]:
        nonlocal asked
        for asked in range(100):
            yield packed(asked)
        asked += 1

    elsewhere = Scripted(iter([LATER]))
    read = groups(source(), 2, elsewhere)
    with pytest.raises(TimeoutError):
        next(_impatient(read))
    assert 10 < asked < 20


@pytest.mark.parametrize("short", [False, True])
def test_another_process_has_its_next_group_before_what_is_read_goes_on(short: bool) -> None:  # noqa: FBT001
    """Where it is short of them: else it would have nothing to do while the model reads one group after the other."""
    events: list[str] = []

    class Told(Scripted):
        def take(self, pictures: Sequence[Packed]) -> Future[Sequence[Read]] | None:
            events.append("take")
            if len(events) == 4:
                self.waiting[0]()
            return super().take(pictures)

    elsewhere = Told(iter([LATER, *[TAKEN] * 9]), short=short)
    given = groups((packed(number) for number in range(20)), 2, elsewhere)
    while next(given, None):
        events.append("give")

    first, later = ["take"] * 4, ["give", "take"] if short else ["give"]
    assert events[:8] == (first + later * 4)[:8]
    assert (events.count("take"), events.count("give")) == (10, 10)


def test_at_the_end_what_waits_for_another_process_is_read_here() -> None:
    """From the last group on, as long as that process is at the first and has more than one left."""

    class Slow(Scripted):
        def note(self, seconds: float) -> None:
            super().note(seconds)
            if len(self.seconds) == 2:
                for done in self.waiting[:2]:
                    done()

    drawn = [packed(number) for number in range(8)]
    elsewhere = Slow(iter([LATER] * 4))
    found = list(_impatient(groups(iter(drawn), 2, elsewhere)))

    assert told([one for group in found for one in group]) == told(normals(drawn))
    assert len(elsewhere.seconds) == 2


def _impatient(read: Iterator[Sequence[Read]]) -> Iterator[Sequence[Read]]:
    """The same, but that nobody is waited for."""
    real = Future.result

    def result(future: Future[Sequence[Read]], timeout: float | None = None) -> Sequence[Read]:
        assert timeout is None
        return real(future, 0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Future, "result", result)
        yield from read


def test_only_what_is_packed_goes_elsewhere() -> None:
    """A plane is read at once, and never crosses to another process."""
    elsewhere = Scripted(iter([TAKEN] * 9))
    drawn = [picture(kind, number) for number, kind in enumerate([0, 1, 2, 4, 1, 1, 1, 1, 0])]
    list(groups(iter(drawn), 3, elsewhere))

    assert elsewhere.sizes == [1, 1, 1]


def test_what_is_read_here_is_told() -> None:
    """So that others are begun where it takes long; nothing is told of what they read."""
    elsewhere = Scripted(iter([REFUSED, TAKEN, LOST]))
    list(groups((packed(number) for number in range(6)), 2, elsewhere))

    assert len(elsewhere.seconds) == 2
    assert min(elsewhere.seconds) > 0


@pytest.mark.parametrize("here", [True, False])
def test_a_group_ends_before_it_holds_much(here: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Pictures that are large for their kind make small groups, of half a megabyte or a million pixels."""
    elsewhere = HERE_ALONE if here else Scripted(iter([TAKEN] * 100))
    many = [Packed(str(number), FILES[0], LIGHT_PIXELS // 2, 1 << 20) for number in range(6)]
    large = [Packed(str(number), FILES[0] + bytes(1 << 18), 784, 1 << 20) for number in range(6)]

    assert [len(group) for group in groups(iter(many), 256, elsewhere)] == [2, 2, 2]
    assert [len(group) for group in groups(iter(large), 256, elsewhere)] == [2, 2, 2]
