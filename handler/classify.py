"""Named pictures to rows, lazily, in groups of the size that the model reads."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

import numpy as np

from handler.doubt import doubt
from handler.groups import normals
from handler.members import Picture
from handler.normal import Normal
from handler.ports import Classifier, Probabilities
from handler.rows import ERROR, OK, REVIEW, Row, image_cell
from handler.second_look import look_again
from handler.settings import Settings
from handler.stopwatch import CLASSIFY, READ, Stopwatch

_Group = list[tuple[Picture, Normal | None]]
_Read = tuple[Sequence[Normal], Probabilities]


def classify(
    pictures: Iterable[Picture], classifier: Classifier, settings: Settings, watch: Stopwatch
) -> Iterator[Row]:
    """A row for each picture, in order.

    At most twice `settings.group_size` pictures are held, of at most 127×127 pixels each.

    While a thread has the model read a group, the next one is taken and normalised. What either raises rises here, in
    the order of the pictures; closing the rows ends the thread.
    """
    pictures = iter(pictures)
    held: tuple[_Group, Callable[[], _Read]] | None = None
    with ThreadPoolExecutor(1) as pool:
        while group := _take(pictures, settings.group_size, watch):
            call: Callable[[], _Read] = partial(_read, group, classifier)
            if len(group) == settings.group_size:  # else nothing follows it, and a loose image needs no thread
                call = pool.submit(call).result
            if held:
                yield from _rows(*held, classifier, settings, watch)
            held = group, call
        if held:
            yield from _rows(*held, classifier, settings, watch)


def _read(group: _Group, classifier: Classifier) -> _Read:
    readable = [normal for _, normal in group if normal]
    if not readable:
        return (), np.empty((0, 0), np.float32)
    found = classifier.probabilities(np.stack([normal.pixels for normal in readable]))
    return look_again(readable, found, classifier)


def _rows(
    group: _Group, call: Callable[[], _Read], classifier: Classifier, settings: Settings, watch: Stopwatch
) -> Iterator[Row]:
    with watch.on(CLASSIFY):
        readable, found = call()
    predicted = zip(readable, found.tolist(), strict=True)
    for picture, normal in group:
        yield _row(picture, *next(predicted), classifier, settings) if normal else _error_row(picture, classifier)


def _take(pictures: Iterator[Picture], size: int, watch: Stopwatch) -> _Group:
    with watch.on(READ):
        return normals(islice(pictures, size))


def _row(picture: Picture, normal: Normal, shares: list[float], classifier: Classifier, settings: Settings) -> Row:
    best = max(range(len(shares)), key=shares.__getitem__)
    confidence = f"{shares[best]:.4f}"
    review_below = classifier.review_below if settings.review_below is None else settings.review_below
    # The confidence as it is written, so that the CSV agrees with itself.
    detail = doubt(normal.signs, float(confidence), review_below, classifier.not_a_digit_below)
    return Row(
        image=image_cell(picture.name),
        frame=_frame(picture),
        digit=classifier.labels[best],
        confidence=confidence,
        status=REVIEW if detail else OK,
        detail=detail,
        model=classifier.version,
        probabilities=tuple(f"{share:.4f}" for share in shares) if settings.probabilities else (),
    )


def _error_row(picture: Picture, classifier: Classifier) -> Row:
    return Row(image_cell(picture.name), _frame(picture), "", "", ERROR, str(picture.error), classifier.version)


def _frame(picture: Picture) -> str:
    return "" if picture.frame is None else str(picture.frame)
