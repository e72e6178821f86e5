"""Families in uneven light."""

import numpy as np

from bench.drawing import (
    Digit,
    Rng,
    as_plane,
    cut,
    drawn,
    noisy,
    placed,
    ruled,
    shaded,
    sloped,
    stroke,
    thickened,
    through,
)
from handler.luminance import Plane


def gradient(digit: Digit, rng: Rng) -> Plane:
    """In the light of a lamp at the side."""
    return noisy(shaded(drawn(placed(stroke(digit, rng), rng), rng, noise=0), rng), rng, 0.01)


def shadow(digit: Digit, rng: Rng) -> Plane:
    """With the edge of a shadow across it, sharp or soft."""
    plane = drawn(placed(stroke(digit, rng), rng), rng, noise=0)
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in plane.shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    distance = np.cos(angle) * down + np.sin(angle) * across - rng.uniform(-0.7, 0.7)
    dark = np.clip(distance / rng.uniform(0.02, 0.4) + 0.5, 0, 1) * rng.uniform(0.15, 0.55)
    return noisy(shaded((plane * (1 - dark)).astype(np.float32), rng), rng, 0.01)


def photograph(digit: Digit, rng: Rng) -> Plane:
    """Ruled paper in a shadow, a little blurred, through JPEG."""
    ink = placed(stroke(digit, rng, side=int(rng.integers(80, 200))), rng, least=0.2)
    plane = drawn(
        ruled(ink, rng, rng.uniform(0.6, 1.5) * ink.shape[0], rng.uniform(0.2, 0.6), both=False), rng, noise=0
    )
    down = np.linspace(-1, 1, plane.shape[1])[None] - rng.uniform(-0.8, 0.8)
    plane = as_plane(plane * (1 - np.clip(down / rng.uniform(0.05, 0.5) + 0.5, 0, 1) * rng.uniform(0.1, 0.5)))
    return through(noisy(shaded(plane, rng), rng, 0.015), "JPEG", quality=70)


def tight_shaded(digit: Digit, rng: Rng) -> Plane:
    """Cut out with hardly any paper, 60 pixels long, where the light falls much."""
    ink = placed(cut(stroke(digit, rng, side=60), 0.5), rng, least=0, most=0.1)
    return _in_falling_light(ink, rng)


def thick_shaded(digit: Digit, rng: Rng) -> Plane:
    """With a pen 3 to 7 pixels wider on 60 in such a light."""
    ink = placed(thickened(stroke(digit, rng, side=60, thick=0), rng.uniform(3, 7)), rng, least=0.1, most=0.4)
    return _in_falling_light(ink, rng)


def _in_falling_light(ink: Plane, rng: Rng) -> Plane:
    return noisy(sloped(drawn(ink, rng, rng.uniform(0.5, 0.8), noise=0), rng), rng, 0.01)
