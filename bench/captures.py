"""Families that differ in the digit itself, in how it was cut out, or in the device that saw it."""

import numpy as np
from PIL import Image

from bench.drawing import Digit, Rng, as_plane, cut, drawn, noisy, placed, stroke, thickened, through
from handler.luminance import RGB_WEIGHTS, Plane
from handler.placement import SIDE


def plain(digit: Digit, rng: Rng) -> Plane:
    """Anywhere on paper."""
    return drawn(placed(stroke(digit, rng), rng), rng)


def small(digit: Digit, rng: Rng) -> Plane:
    """A scan of 28×28 of a digit 12 to 22 pixels long, anywhere."""
    ink = stroke(digit, rng, side=int(rng.integers(14, 24)))
    free = SIDE - ink.shape[0], SIDE - ink.shape[1]
    top, left = (int(rng.integers(0, side + 1)) for side in free)
    ink = np.pad(ink, [(top, free[0] - top), (left, free[1] - left)])
    return noisy((1 - ink * rng.uniform(0.15, 0.8)).astype(np.float32), rng, rng.uniform(0, 0.015))


def thin(digit: Digit, rng: Rng) -> Plane:
    """A thin pen on a large scan."""
    return drawn(placed(stroke(digit, rng, side=int(rng.integers(100, 300)), thick=-1.4), rng), rng)


def thick(digit: Digit, rng: Rng) -> Plane:
    """A thick pen."""
    return drawn(placed(stroke(digit, rng, thick=1.3), rng), rng)


def faint(digit: Digit, rng: Rng) -> Plane:
    """Ink that hardly differs from its paper."""
    return drawn(placed(stroke(digit, rng), rng), rng, contrast=rng.uniform(0.06, 0.15), noise=0.006)


def noise(digit: Digit, rng: Rng) -> Plane:
    """With much of a sensor's noise."""
    return drawn(placed(stroke(digit, rng), rng), rng, noise=rng.uniform(0.02, 0.06))


def jpeg(digit: Digit, rng: Rng) -> Plane:
    """Packed tightly."""
    plane = drawn(placed(stroke(digit, rng), rng), rng)
    return through(plane, "JPEG", quality=int(rng.integers(8, 40)))


def clipped(digit: Digit, rng: Rng) -> Plane:
    """With up to a twelfth of it cut away by the picture's edge."""
    ink = stroke(digit, rng)
    deep = round(rng.uniform(0.04, 0.1) * max(ink.shape))
    side = int(rng.integers(4))
    turned = np.rot90(ink, side)
    if turned.shape[0] > 3 * deep:
        turned = turned[deep:]
    margin = int(0.3 * max(ink.shape))
    return drawn(np.rot90(np.pad(turned, [(0, margin), (margin, margin)]), -side), rng)


def inverted(digit: Digit, rng: Rng) -> Plane:
    """Light on dark."""
    return (1 - plain(digit, rng)).astype(np.float32)


def zip_code(digit: Digit, rng: Rng) -> Plane:
    """16×16, white on black, edge to edge."""
    ink = stroke(digit, rng, side=80, thick=rng.uniform(-0.5, 1))
    ink = cut(ink, 0.3)
    free = int((max(ink.shape) - ink.shape[1]) * rng.choice([0.2, 1]))
    ink = np.pad(ink, [(0, 0), (free // 2, free - free // 2)]) if free else ink
    return _in_sixteen(ink)


def thick_zip_code(digit: Digit, rng: Rng) -> Plane:
    """A very thick pen, stretched over 16×16; but what is as slim as a 1 keeps its proportions."""
    ink = cut(thickened(stroke(digit, rng, side=48, thick=0), rng.uniform(3, 7)), 0.3)
    free = max(ink.shape) - ink.shape[1]
    return _in_sixteen(np.pad(ink, [(0, 0), (free // 2, free - free // 2)]) if free > 0.55 * len(ink) else ink)


def _in_sixteen(ink: Plane) -> Plane:
    picture = Image.fromarray(np.rint(ink * 255).astype(np.uint8)).resize((16, 16), Image.Resampling.BOX)
    return as_plane(np.asarray(picture)) / np.float32(255)


def tight(digit: Digit, rng: Rng) -> Plane:
    """Dark on light, cut along its bounds."""
    return drawn(cut(stroke(digit, rng), 0.5), rng)


def coloured(digit: Digit, rng: Rng) -> Plane:
    """Ink of a colour on paper of another, both of a luminance that tells them apart."""
    ink = placed(stroke(digit, rng), rng)[..., None]
    while True:
        paper, colour = rng.uniform(0, 1, (2, 3))
        if abs(float((paper - colour) @ RGB_WEIGHTS)) > 0.15:
            break
    return noisy(np.asarray((paper * (1 - ink) + colour * ink) @ RGB_WEIGHTS, np.float32), rng, 0.01)


def far(digit: Digit, rng: Rng) -> Plane:
    """A small digit on a large sheet."""
    return drawn(placed(stroke(digit, rng, side=int(rng.integers(40, 70))), rng, least=1, most=6), rng)
