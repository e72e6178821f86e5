"""What is to be reached, as ratios within one run, and how far what was measured is from it; pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MET: Final = "met"
MISSED: Final = "missed"
UNKNOWN: Final = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """A number to be reached."""

    name: str
    """What a section of the benchmark measures it as."""
    text: str
    least: float
    """At least this, or at most where less is better."""
    aim: float
    unit: str
    falls: bool = False
    """Whether less is better."""


PEER_START: Final = "start, TensorFlow peer / ours"
FLOOR_START: Final = "start, ours / floor"
PEER: Final = "mlp, ours / peer"
KERAS: Final = "mlp, ours / Keras"
DECODING: Final = "mlp, ours / decoding"
NETWORK: Final = "cnn, ours / network"
SMALL: Final = "mlp, small / mnist"
MEGABYTES: Final = "cnn, megabytes"
MEMORY_GROWTH: Final = "megabytes, largest / 10,000"
TIME_GROWTH: Final = "seconds an image, largest / 10,000"
LOOSE: Final = "loose, latency x images / seconds"

TARGETS: Final = (
    Target(PEER_START, "start-up against the TensorFlow peer", 5, 8, "× faster"),
    Target(FLOOR_START, "start-up against its floor", 1.5, 1.2, "×", falls=True),
    Target(PEER, "mlp, PNG zip, against the TensorFlow peer image by image", 300, 600, "×"),
    Target(KERAS, "mlp, PNG zip, against Keras in batches with Pillow", 3, 5, "×"),
    Target(DECODING, "mlp, PNG zip, against decoding alone on all cores", 0.5, 0.7, "×"),
    Target(NETWORK, "cnn, PNG zip, against the network alone on all cores", 0.75, 0.9, "×"),
    Target(SMALL, "small scans, against the same images as MNIST-like PNGs", 0.5, 0.8, "×"),
    Target(MEGABYTES, "peak memory, cnn, 10,000 images", 250, 180, "MB", falls=True),
    Target(MEMORY_GROWTH, "peak memory at 1,000,000 against 10,000 images", 1.10, 1.03, "×", falls=True),
    Target(TIME_GROWTH, "seconds per image at 1,000,000 against 10,000", 1.10, 1.0, "×", falls=True),
    Target(LOOSE, "loose images against one request's latency × images", 20, 40, "× faster"),
)
"""What issue 6 asks for, on 2 cores."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, what was measured, and how they compare."""

    target: Target
    measured: float | None
    word: str


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the quotients of runs of the same round: what else the machine did meets both alike.

    Raises `ValueError` where there are not as many of the one as of the other.
    """
    return statistics.median(one / other for one, other in zip(over, under, strict=True))


def verdict(target: Target, measured: float | None) -> Verdict:
    """Whether what was measured reaches the target, or by how much of it not."""
    if measured is None:
        return Verdict(target, None, UNKNOWN)
    sign = -1 if target.falls else 1
    if sign * measured >= sign * target.aim:
        return Verdict(target, measured, f"{MET}, and the aim")
    if sign * measured >= sign * target.least:
        return Verdict(target, measured, MET)
    return Verdict(target, measured, f"{MISSED} by {abs(measured - target.least) / target.least:.0%}")


def verdicts(measured: Mapping[str, float]) -> list[Verdict]:
    """One for each target, in their order."""
    return [verdict(target, measured.get(target.name)) for target in TARGETS]


def figure(value: float) -> str:
    """A number of about three figures, as a table shows it."""
    if abs(value) >= 100:  # noqa: PLR2004  # three figures
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004  # likewise
