"""Named pictures to rows, lazily, in groups of the size that the model reads."""

import math
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np

from handler.cores import cores
from handler.doubt import doubt
from handler.groups import Alike, Read
from handler.members import Picture
from handler.normal import MNIST, Mnist, Normal, Signs
from handler.placement import SIDE
from handler.ports import Classifier, Probabilities
from handler.reading import HERE_ALONE, Elsewhere, groups
from handler.rows import ERROR, OK, REVIEW, Row, image_cell, image_cells
from handler.second_look import look_again
from handler.settings import Settings
from handler.stopwatch import CLASSIFY, READ, Stopwatch

_FEW: Final = 16
"""Pictures that the model has read before a thread would begin."""
_WORTH: Final = sys.getswitchinterval()
"""Seconds of the model's, at least, that a thread is worth: so long it may wait until it has Python's lock again."""
_PARTS: Final = 10_000
"""Of a probability, as it is written: four digits."""


class _Answer(NamedTuple):
    """What the model read of a group."""

    found: Probabilities
    seconds: float
    """Of a processor, that it took."""


class _Held(NamedTuple):
    """A group that the model reads, or has read."""

    group: Sequence[Read]
    readable: Sequence[Normal]
    call: Callable[[], _Answer]
    """Gives what it read of those."""


def classify(
    pictures: Iterable[Picture],
    classifier: Classifier,
    settings: Settings,
    watch: Stopwatch,
    elsewhere: Elsewhere = HERE_ALONE,
) -> Iterator[Row]:
    """A row for each picture, in order.

    Of groups of `settings.group_size` pictures, of at most 127×127 pixels each, one more is held than there are cores,
    and some that are read elsewhere.

    While threads, as many as cores, have the model read a group each, the next one is taken and normalised, here or
    `elsewhere`; a model that reads a group in no time has no threads. What either raises rises here, in the order of
    the pictures; closing the rows ends the threads.
    """
    read = groups(iter(pictures), settings.group_size, elsewhere)
    threads = cores()
    held: deque[_Held] = deque()
    pool = ThreadPoolExecutor(threads)
    seconds = math.inf  # of the model's for a picture, as it was the last time

    def rows() -> Iterator[Row]:
        nonlocal seconds
        group, readable, call = held.popleft()
        with watch.on(CLASSIFY):
            found, took = call()
            seconds = took / len(found) if len(found) else seconds
            # Not in the threads: what is Python's own work there would only have the threads wait for each other.
            readable, found = look_again(readable, found, classifier)
        return _rows(group, readable, found, classifier, settings)

    try:
        while group := _next(read, watch):
            readable = group.normals if isinstance(group, Alike) else [normal for _, normal in group if normal]
            call: Callable[[], _Answer] = partial(_read, readable, classifier)
            is_small = len(group) < min(_FEW, settings.group_size)  # as a loose image
            if not is_small and seconds * len(group) > _WORTH:
                call = pool.submit(call).result
            held.append(_Held(group, readable, call))
            if len(held) > threads:
                yield from rows()
        while held:
            yield from rows()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(readable: Sequence[Normal], classifier: Classifier) -> _Answer:
    if not readable:
        return _Answer(np.empty((0, len(classifier.labels)), np.float32), 0)
    begun = time.thread_time()
    if isinstance(readable, Mnist):
        images = readable.pixels
    else:
        images = np.concatenate([normal.pixels for normal in readable]).reshape(-1, SIDE, SIDE)
    return _Answer(classifier.probabilities(images), time.thread_time() - begun)


def _rows(
    group: Sequence[Read], readable: Sequence[Normal], found: Probabilities, classifier: Classifier, settings: Settings
) -> Iterator[Row]:
    """The rows of a group, of whose pictures those that are `readable` have the probabilities `found`."""
    version = classifier.version
    if isinstance(group, Alike):
        images = image_cells([picture.name for picture in group.pictures])
        *columns, others = _columns(repeat(MNIST), found, classifier, settings)
        count = len(images)
        yield from map(Row._make, zip(images, repeat("", count), *columns, repeat(version, count), others, strict=True))
        return
    predicted = zip(*_columns((normal.signs for normal in readable), found, classifier, settings), strict=False)
    for picture, anything in group:
        image, frame = image_cell(picture.name), "" if picture.frame is None else str(picture.frame)
        if anything:
            digit, confidence, status, detail, shares = next(predicted)
            yield Row(image, frame, digit, confidence, status, detail, version, shares)
        else:
            yield Row(image, frame, "", "", ERROR, str(picture.error), version)


def _columns(
    signs: Iterable[Signs], found: Probabilities, classifier: Classifier, settings: Settings
) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str], Iterable[tuple[str, ...]]]:
    """Digit, confidence, status, detail and probabilities, if these are asked for, of each picture of `signs`."""
    review_below = classifier.review_below if settings.review_below is None else settings.review_below
    not_a_digit_below = classifier.not_a_digit_below
    best = found.argmax(axis=1)
    # Sixteen digits hold ten thousand times 32 bits exactly, so this rounds as writing them does.
    parts = np.rint(np.float64(found) * _PARTS)
    best_parts = parts[np.arange(len(best)), best].tolist()
    details = [
        # The confidence as it is written, so that the CSV agrees with itself.
        "" if seen is MNIST and sure >= review_below else doubt(seen, sure, review_below, not_a_digit_below)
        for seen, sure in zip(signs, (part / _PARTS for part in best_parts), strict=False)
    ]
    shares: Iterable[tuple[str, ...]] = repeat((), len(best))
    if settings.probabilities:
        shares = [tuple(map(_cell, others)) for others in parts.tolist()]
    digits = [classifier.labels[label] for label in best.tolist()]
    return digits, list(map(_cell, best_parts)), [REVIEW if detail else OK for detail in details], details, shares


def _next(read: Iterator[Sequence[Read]], watch: Stopwatch) -> Sequence[Read]:
    with watch.on(READ):
        return next(read, ())


@lru_cache(maxsize=_PARTS + 2)
def _cell(parts: float) -> str:
    """A probability, in ten thousandths, as the CSV has it."""
    return f"{parts / _PARTS:.4f}"
