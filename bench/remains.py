"""Families with something on the paper beside the digit: lines, boxes, specks, what stood next to it."""

import numpy as np

from bench.drawing import Digit, Rng, as_plane, cut, drawn, placed, ruled, stroke
from handler.luminance import Plane


def lines(digit: Digit, rng: Rng) -> Plane:
    """On ruled paper: a line or more near it or through it."""
    ink = placed(stroke(digit, rng), rng, least=0.2)
    gap = rng.uniform(0.5, 1.5) * ink.shape[0]
    return drawn(ruled(ink, rng, gap, rng.uniform(0.2, 1), both=False), rng)


def grid(digit: Digit, rng: Rng) -> Plane:
    """On squared paper."""
    ink = placed(stroke(digit, rng), rng, least=0.2)
    return drawn(ruled(ink, rng, rng.uniform(0.2, 0.5) * max(ink.shape), rng.uniform(0.15, 0.6), both=True), rng)


def box(digit: Digit, rng: Rng) -> Plane:
    """With one to four edges of a box at the picture's border."""
    ink = placed(stroke(digit, rng), rng, least=0.2, most=0.5)
    thick = max(1, round(rng.uniform(0.01, 0.04) * max(ink.shape)))
    far = int(rng.integers(0, max(1, max(ink.shape) // 20)))
    for side in rng.permutation(4)[: rng.integers(1, 5)]:
        turned = np.rot90(ink, side)
        turned[far : far + thick] = rng.uniform(0.6, 1)
    return drawn(ink, rng)


def specks(digit: Digit, rng: Rng) -> Plane:
    """With one to six dots anywhere that they do not touch it."""
    ink = placed(stroke(digit, rng), rng, least=0.2)
    longer = max(ink.shape)
    down, across = np.meshgrid(*(np.arange(side) for side in ink.shape), indexing="ij")
    for _ in range(rng.integers(1, 7)):
        row, column = rng.uniform(0, ink.shape[0]), rng.uniform(0, ink.shape[1])
        radius = rng.uniform(0.008, 0.035) * longer
        distance = np.hypot(down - row, across - column)
        if ink[distance < radius + 0.06 * longer].max(initial=0) < 0.1:
            ink = np.maximum(ink, np.clip(radius - distance + 0.5, 0, 1)).astype(np.float32)
    return drawn(ink, rng)


def neighbour(digit: Digit, rng: Rng) -> Plane:
    """With the remains of what stood beside it, at the edge."""
    ink = placed(stroke(digit, rng), rng, least=0.25, most=0.5)
    other = stroke(digit, rng, side=max(ink.shape) // 2)
    deep = max(1, round(rng.uniform(0.03, 0.09) * max(ink.shape)))
    turned = np.rot90(ink, int(rng.integers(4)))
    part = other[-deep:, : turned.shape[1]]
    left = int(rng.integers(0, turned.shape[1] - part.shape[1] + 1))
    turned[: part.shape[0], left : left + part.shape[1]] = part
    return drawn(ink, rng)


def boxed(digit: Digit, rng: Rng) -> Plane:
    """In a whole box, 2 to 8 pixels inside the picture's edge."""
    ink = placed(stroke(digit, rng, side=60), rng, least=0.25, most=0.5)
    far, thick = rng.integers(2, 9), rng.integers(1, 4)
    line = np.full_like(ink, rng.uniform(0.6, 1))
    line[:far] = line[-far:] = line[:, :far] = line[:, -far:] = 0
    line[far + thick : -far - thick, far + thick : -far - thick] = 0
    return drawn(np.maximum(ink, line), rng)


def circled(digit: Digit, rng: Rng) -> Plane:
    """With a ring around it that does not touch it."""
    ink = cut(stroke(digit, rng, side=60), 0.3)
    radii = [max(side, 35) / 2 * rng.uniform(1.5, 1.8) for side in ink.shape]
    margins = [int(radius - side / 2 + rng.uniform(4, 20)) for radius, side in zip(radii, ink.shape, strict=True)]
    ink = np.pad(ink, [(margin, margin) for margin in margins])
    down, across = np.meshgrid(*(np.arange(side) - (side - 1) / 2 for side in ink.shape), indexing="ij")
    far = (np.hypot(down / radii[0], across / radii[1]) - 1) * min(radii)
    return drawn(np.maximum(ink, as_plane(np.clip(rng.uniform(1, 2) + 0.5 - np.abs(far), 0, 1))), rng)


def framed(digit: Digit, rng: Rng) -> Plane:
    """In a black frame of 2 to 8 pixels, as a scanner's lid leaves one."""
    plane = drawn(placed(stroke(digit, rng, side=60), rng, least=0.1, most=0.4), rng)
    return np.pad(plane, int(rng.integers(2, 9)), constant_values=rng.uniform(0, 0.1))
