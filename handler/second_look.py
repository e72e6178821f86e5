"""A picture that the model cannot make sense of is read again: with paper and ink exchanged, or in another light."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.images import read_again
from handler.normal import Normal
from handler.ports import Classifier, Probabilities
from handler.steps import ALL, Steps

_BELIEVED: Final = 0.5
"""Another reading is taken from this confidence on; from `look_again_below` on where the first saw several digits."""


def look_again(
    normals: Sequence[Normal], found: Probabilities, classifier: Classifier, steps: Steps = ALL
) -> tuple[Sequence[Normal], Probabilities]:
    """What stands on pictures, and the model's probabilities of it, (N, classes), after a second look at some.

    Of those that are read again the surest reading is taken, if it is believable. The model reads as many at a time
    as there are pictures.
    """
    if not len(normals):
        return normals, found
    doubtful = np.flatnonzero(found.max(axis=1) < classifier.look_again_below).tolist()
    others = [(number, other) for number in doubtful for other in read_again(normals[number], steps)]
    if not others:
        return normals, found
    again = np.concatenate(
        [
            classifier.probabilities(np.stack([other.pixels for _, other in others[first : first + len(normals)]]))
            for first in range(0, len(others), len(normals))
        ]
    )
    owners = np.array([number for number, _ in others])
    several = np.array([normal.signs.several for normal in normals])
    settled, result = list(normals), found.copy()
    for number, chosen in enumerate(surest(found, again, owners, several, classifier.look_again_below)):
        if chosen >= 0:
            settled[number], result[number] = others[chosen][1], again[chosen]
    return settled, result


def surest(
    found: NDArray[np.floating],
    again: NDArray[np.floating],
    owners: NDArray[np.intp],
    several: NDArray[np.bool_],
    look_again_below: float,
) -> NDArray[np.intp]:
    """(N,): which row of `again`, (M, classes), is taken for each picture; -1 for its own of `found`, (N, classes).

    `owners`, (M,), are the pictures that the rows of `again` are of; `several`, (N,), whether the first reading has
    several digits.
    """
    first, other = found.max(axis=1), again.max(axis=1)
    least = np.where(several, max(look_again_below, _BELIEVED), _BELIEVED)
    chosen = np.full(len(found), -1, np.intp)
    for row in np.argsort(other, kind="stable"):  # the surest comes last
        owner = owners[row]
        if first[owner] < look_again_below and other[row] > first[owner] and other[row] >= least[owner]:
            chosen[owner] = row
    return chosen
