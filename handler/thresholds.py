"""From what strength on ink is ink, the digit's, or full: for one picture (`images`) and for a sheet of them alike."""

from typing import Final

SEEN: Final = 0.12
"""Of the strongest ink: what is weaker is paper."""
BARE: Final = 0.04
"""Of the strongest ink: what is weaker is no ink at all; more, up to `SEEN`, where the paper's noise is."""
NOISE: Final = 3.5
"""Times the paper's noise that ink is stronger than."""
FULL: Final = 0.8
"""Of the strongest ink: what is stronger is full ink."""
STRONG: Final = 0.9
"""Of a digit's pixels: so many are weaker than its strongest ink, which a few dark ones do not tell."""
FEW: Final = 250
"""One pixel in so many may be darker than any ink."""
