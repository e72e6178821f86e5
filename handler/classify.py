"""Named pictures to rows, lazily, in groups of the size that the model reads."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from handler.doubt import doubt
from handler.images import normalise
from handler.members import Named
from handler.normal import Normal
from handler.ports import Classifier
from handler.rows import ERROR, OK, REVIEW, Row, image_cell
from handler.second_look import look_again
from handler.settings import Settings
from handler.stopwatch import CLASSIFY, READ, Stopwatch


def classify(pictures: Iterable[Named], classifier: Classifier, settings: Settings, watch: Stopwatch) -> Iterator[Row]:
    """A row for each picture, in order.

    At most `settings.group_size` pictures are held, of at most 127×127 pixels each.
    """
    pictures = iter(pictures)
    while group := _take(pictures, settings.group_size, watch):
        readable: Sequence[Normal] = [normal for _, normal in group if normal]
        found = np.empty((0, 0), np.float32)
        if readable:
            with watch.on(CLASSIFY):
                found = classifier.probabilities(np.stack([normal.pixels for normal in readable]))
                readable, found = look_again(readable, found, classifier)
        predicted = zip(readable, found.tolist(), strict=True)
        for picture, normal in group:
            yield _row(picture, *next(predicted), classifier, settings) if normal else _error_row(picture, classifier)


def _take(pictures: Iterator[Named], size: int, watch: Stopwatch) -> list[tuple[Named, Normal | None]]:
    """The next pictures, without their planes: these may be large."""
    with watch.on(READ):
        return [
            (
                Named(picture.name, picture.frame, error=picture.error),
                None if picture.plane is None else normalise(picture.plane),
            )
            for picture in islice(pictures, size)
        ]


def _row(picture: Named, normal: Normal, shares: list[float], classifier: Classifier, settings: Settings) -> Row:
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


def _error_row(picture: Named, classifier: Classifier) -> Row:
    return Row(image_cell(picture.name), _frame(picture), "", "", ERROR, str(picture.error), classifier.version)


def _frame(picture: Named) -> str:
    return "" if picture.frame is None else str(picture.frame)
