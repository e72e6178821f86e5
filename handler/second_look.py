"""A picture that the model cannot make sense of is read again: with paper and ink exchanged, or in another light."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from handler.images import read_again
from handler.normal import Normal
from handler.ports import Classifier, Probabilities


def look_again(
    normals: Sequence[Normal], found: Probabilities, classifier: Classifier
) -> tuple[Sequence[Normal], Probabilities]:
    """What stands on pictures, and the model's probabilities of it, (N, classes), after a second look at some.

    Of those that are read again the surest reading is taken.
    """
    doubtful = np.flatnonzero(found.max(axis=1) < classifier.look_again_below).tolist()
    others = [(number, other) for number in doubtful for other in read_again(normals[number])]
    if not others:
        return normals, found
    owners = np.array([number for number, _ in others])
    again = classifier.probabilities(np.stack([other.pixels for _, other in others]))
    settled, result = list(normals), found.copy()
    for number, chosen in enumerate(surest(found, again, owners, classifier.look_again_below)):
        if chosen >= 0:
            settled[number], result[number] = others[chosen][1], again[chosen]
    return settled, result


def surest(
    found: NDArray[np.floating], again: NDArray[np.floating], owners: NDArray[np.intp], look_again_below: float
) -> NDArray[np.intp]:
    """(N,): which row of `again`, (M, classes), is taken for each picture; -1 for its own of `found`, (N, classes).

    `owners`, (M,), are the pictures that the rows of `again` are of.
    """
    first, other = found.max(axis=1), again.max(axis=1)
    chosen = np.full(len(found), -1, np.intp)
    for row in np.argsort(other, kind="stable"):  # the surest comes last
        if first[owners[row]] < min(look_again_below, other[row]):
            chosen[owners[row]] = row
    return chosen
