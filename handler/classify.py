"""Named pictures to rows, lazily, in groups of the size that the model reads."""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from handler.images import normalise
from handler.members import Named
from handler.ports import Classifier, Images
from handler.rows import ERROR, OK, REVIEW, Row, image_cell
from handler.stopwatch import CLASSIFY, READ, Stopwatch


def classify(
    pictures: Iterable[Named], classifier: Classifier, group_size: int, watch: Stopwatch, *, probabilities: bool
) -> Iterator[Row]:
    """A row for each picture, in order. At most `group_size` pictures are held, each as 28×28."""
    pictures = iter(pictures)
    while group := _take(pictures, group_size, watch):
        readable = [pixels for _, pixels in group if pixels is not None]
        with watch.on(CLASSIFY):
            predicted = iter(classifier.probabilities(np.stack(readable)) if readable else ())
        for picture, pixels in group:
            if pixels is None:
                yield _error_row(picture, classifier)
            else:
                yield _row(picture, pixels, next(predicted).tolist(), classifier, probabilities=probabilities)


def _take(pictures: Iterator[Named], size: int, watch: Stopwatch) -> list[tuple[Named, Images | None]]:
    with watch.on(READ):
        return [(picture, _pixels(picture)) for picture in islice(pictures, size)]


def _pixels(picture: Named) -> Images | None:
    return None if picture.plane is None else normalise(picture.plane).pixels


def _row(picture: Named, pixels: Images, shares: list[float], classifier: Classifier, *, probabilities: bool) -> Row:
    best = max(range(len(shares)), key=shares.__getitem__)
    confidence = f"{shares[best]:.4f}"
    detail = ""
    if not pixels.any():
        detail = "blank: nothing on the picture stands out from its paper"
    elif not float(confidence) >= classifier.review_below:  # as written, so that the CSV agrees with itself
        detail = f"low-confidence: the model is less sure than {classifier.review_below:g}"
    return Row(
        image=image_cell(picture.name),
        frame=_frame(picture),
        digit=classifier.labels[best],
        confidence=confidence,
        status=REVIEW if detail else OK,
        detail=detail,
        model=classifier.version,
        probabilities=tuple(f"{share:.4f}" for share in shares) if probabilities else (),
    )


def _error_row(picture: Named, classifier: Classifier) -> Row:
    return Row(image_cell(picture.name), _frame(picture), "", "", ERROR, str(picture.error), classifier.version)


def _frame(picture: Named) -> str:
    return "" if picture.frame is None else str(picture.frame)
