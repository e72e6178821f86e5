"""The steps of the normaliser, each of which can be left out to see what it is worth."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done to a picture; `bench.normaliser` shows what each step is worth by leaving it out."""

    votes: bool = True
    """More than the border tells paper from ink."""
    shade: bool = True
    """Paper is measured by place where the light is uneven."""
    lines: bool = True
    """Ruled lines and edges of boxes are taken out."""
    parts: bool = True
    """Specks, and remains of what stood beside the digit, are taken out."""
    zoom: bool = True
    """A small digit on a large sheet is looked at again by itself."""
    gain: bool = True
    """Most of a stroke is made full ink."""
    thicken: bool = True
    """Thin strokes are made as thick as MNIST's."""


ALL: Final = Steps()
