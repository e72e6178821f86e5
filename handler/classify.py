"""Named pictures to rows, lazily, in groups of the size that the model reads."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import islice
from typing import Final

import numpy as np

from handler.cores import cores
from handler.doubt import doubt
from handler.groups import normals
from handler.members import Picture
from handler.normal import Normal
from handler.placement import SIDE
from handler.ports import Classifier, Probabilities
from handler.rows import ERROR, OK, REVIEW, Row, image_cell
from handler.second_look import look_again
from handler.settings import Settings
from handler.stopwatch import CLASSIFY, READ, Stopwatch

_Group = list[tuple[Picture, Normal | None]]
_Read = tuple[Sequence[Normal], Probabilities]
_PARTS: Final = 10_000
"""Of a probability, as it is written: four digits."""


def classify(
    pictures: Iterable[Picture], classifier: Classifier, settings: Settings, watch: Stopwatch
) -> Iterator[Row]:
    """A row for each picture, in order.

    Of groups of `settings.group_size` pictures, of at most 127×127 pixels each, one more is held than there are cores.

    While threads, as many as cores, have the model read a group each, the next one is taken and normalised. What either
    raises rises here, in the order of the pictures; closing the rows ends the threads.
    """
    pictures = iter(pictures)
    threads = cores()
    held: deque[tuple[_Group, Callable[[], _Read]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        while group := _take(pictures, settings.group_size, watch):
            call: Callable[[], _Read] = partial(_read, group, classifier)
            if len(group) == settings.group_size:  # else nothing follows it, and a loose image needs no thread
                call = pool.submit(call).result
            held.append((group, call))
            if len(held) > threads:
                yield from _rows(*held.popleft(), classifier, settings, watch)
        while held:
            yield from _rows(*held.popleft(), classifier, settings, watch)
    finally:
        pool.shutdown(cancel_futures=True)


def _read(group: _Group, classifier: Classifier) -> _Read:
    readable = [normal for _, normal in group if normal]
    if not readable:
        return (), np.empty((0, len(classifier.labels)), np.float32)
    found = classifier.probabilities(np.concatenate([normal.pixels for normal in readable]).reshape(-1, SIDE, SIDE))
    return look_again(readable, found, classifier)


def _rows(
    group: _Group, call: Callable[[], _Read], classifier: Classifier, settings: Settings, watch: Stopwatch
) -> Iterator[Row]:
    with watch.on(CLASSIFY):
        readable, found = call()
    labels, version = classifier.labels, classifier.version
    review_below = classifier.review_below if settings.review_below is None else settings.review_below
    not_a_digit_below = classifier.not_a_digit_below
    best = found.argmax(axis=1)
    # Sixteen digits hold ten thousand times 32 bits exactly, so this rounds as writing them does.
    parts = np.rint(np.float64(found) * _PARTS)
    sure = parts[np.arange(len(best)), best]
    shares = parts.tolist() if settings.probabilities else None
    predicted = iter(zip(readable, best.tolist(), sure.tolist(), shares or [()] * len(best), strict=True))
    for picture, normal in group:
        image, frame = image_cell(picture.name), "" if picture.frame is None else str(picture.frame)
        if not normal:
            yield Row(image, frame, "", "", ERROR, str(picture.error), version)
            continue
        settled, label, part, others = next(predicted)
        # The confidence as it is written, so that the CSV agrees with itself.
        detail = doubt(settled.signs, part / _PARTS, review_below, not_a_digit_below)
        status = REVIEW if detail else OK
        yield Row(image, frame, labels[label], _cell(part), status, detail, version, tuple(map(_cell, others)))


def _take(pictures: Iterator[Picture], size: int, watch: Stopwatch) -> _Group:
    with watch.on(READ):
        return normals(islice(pictures, size))


@lru_cache(maxsize=_PARTS + 2)
def _cell(parts: float) -> str:
    """A probability, in ten thousandths, as the CSV has it."""
    return f"{parts / _PARTS:.4f}"
