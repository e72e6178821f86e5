"""Pictures to groups of what the model reads, in order: some decoded and normalised here, some in other processes."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Final, Protocol

from handler.errors import LostError
from handler.groups import Read, normals, packed_normals
from handler.members import LIGHT_PIXELS, Packed, Picture

_MOST_BYTES: Final = 3 << 17
"""Of a group's pictures that are not decoded yet, as of pixels `LIGHT_PIXELS`: what reaches either ends the group."""
_WAITING: Final = 8
"""Groups that are held, at most: another process is at the first of them, or was while others were read."""


class Elsewhere(Protocol):
    """Other processes that read pictures."""

    def take(self, pictures: Sequence[Packed]) -> Future[Sequence[Read]] | None:
        """What will be made of pictures, or `LostError`; None where nobody has time for them.

        Who no longer wants it cancels it.
        """

    def is_short(self) -> bool:
        """Whether one of them will soon have nothing to read."""

    def note(self, seconds: float) -> None:
        """Pictures were read here for so long."""


class Nowhere:
    """`Elsewhere` where there is this process alone."""

    def take(self, pictures: Sequence[Packed]) -> None:
        """Nobody has time."""

    def is_short(self) -> bool:
        """There is nobody."""
        return False

    def note(self, seconds: float) -> None:
        """It changes nothing."""


HERE_ALONE: Final = Nowhere()


class _Group:
    """Some pictures, taken from a drop; what is not `Packed` is normalised as it is taken."""

    def __init__(self, pictures: Iterator[Picture], size: int, elsewhere: Elsewhere) -> None:
        self._packed: list[tuple[int, Packed]] = []
        self._others: list[int] = []
        self._elsewhere = elsewhere
        self._read = normals(self._sorted(pictures, size))
        self._future = elsewhere.take([picture for _, picture in self._packed]) if self._packed else None
        self._found = () if self._future else self._here()

    def __len__(self) -> int:
        return len(self._packed) + len(self._others)

    def is_read(self) -> bool:
        """Whether nobody has to be waited for."""
        return self._future is None or self._future.done()

    def read_here(self) -> None:
        """Read it here, whatever another process will make of it."""
        if self._future:
            self._future.cancel()
        self._future, self._found = None, self._here()

    def found(self) -> Sequence[Read]:
        """What was made of each, in order."""
        found = self._found
        if self._future:
            try:
                found = self._future.result()
            except LostError:
                found = self._here()
        if not self._others:
            return found
        places = [*self._others, *(place for place, _ in self._packed)]
        every = dict(zip(places, [*self._read, *found], strict=True))
        return [every[place] for place in range(len(self))]

    def _sorted(self, pictures: Iterator[Picture], size: int) -> Iterator[Picture]:
        """Those that are not packed, as they come; the others are put aside, as far as they are to be held at once."""
        held = pixels = 0
        for place, picture in enumerate(islice(pictures, size)):
            if isinstance(picture, Packed):
                self._packed.append((place, picture))
                held, pixels = held + len(picture.data), pixels + picture.pixels
                if held >= _MOST_BYTES or pixels >= LIGHT_PIXELS:
                    return
            else:
                self._others.append(place)
                yield picture

    def _here(self) -> Sequence[Read]:
        if not self._packed:
            return ()
        begun = time.perf_counter()
        found = packed_normals([picture for _, picture in self._packed])
        self._elsewhere.note(time.perf_counter() - begun)
        return found


def groups(pictures: Iterator[Picture], size: int, elsewhere: Elsewhere) -> Iterator[Sequence[Read]]:
    """What `groups.normals` gives, for groups of at most `size` pictures, in their order.

    A group is taken when it is asked for, and others meanwhile where another process is at it, which has its next one
    before this one goes on with what is read. When there are no more, those that wait for that process are read here
    too, from the last one on.
    """
    held: deque[_Group] = deque()
    while group := _Group(pictures, size, elsewhere):
        held.append(group)
        while held and (held[0].is_read() or len(held) >= _WAITING):
            yield held.popleft().found()
            if elsewhere.is_short():
                break
    while held:
        waiting = [group for group in held if not group.is_read()]
        if len(waiting) > 1 and waiting[0] is held[0]:
            waiting[-1].read_here()
        else:
            yield held.popleft().found()
