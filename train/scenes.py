"""MNIST's digits drawn as people hand them in, and read back the way the handler reads them.

A digit is drawn large, with a pen of some width and darkness, on paper that is uneven, ruled, specked and noisy, cut
out tightly or loosely, and packed as a JPEG now and then; then `handler.images` makes 28×28 of it. All follows from a
seed.
"""

import io
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from handler.luminance import Plane
from handler.ports import Images
from train.readings import Readings, read

_SIDES: Final = (18, 150)
_ZIP_CODE: Final = 16


def silence(_done: int) -> None:
    """Where nobody wants to know how far it is."""


def draw(images: Images, seed: int, tell: Callable[[int], None] = silence) -> tuple[Readings, NDArray[np.bool_]]:
    """What the handler reads in a picture of each of `images`, (N, 28, 28), 0 to 255; (N,) whether its paper is light.

    `tell` is called with how many are done.
    """
    light = np.zeros(len(images), np.bool_)

    def planes() -> Iterator[Plane]:
        for number, image in enumerate(images):
            plane, light[number] = scene(image, np.random.default_rng((seed, number)))
            yield plane
            tell(number + 1)

    return read(planes()), light


def scene(image: Images, random: np.random.Generator) -> tuple[Plane, bool]:
    """The luminance, (H, W) 0–1, of a picture of one digit, (28, 28) 0 to 255, and whether its paper is light."""
    if random.random() < 0.12:
        return _zip_code(image, random)
    side = int(np.exp(random.uniform(*np.log(_SIDES))))
    ink = _inked(image, side, random)
    ink = _placed(ink, random)
    if random.random() < 0.06:
        ink = enclosed(ink, random)
    height, width = ink.shape
    paper = random.uniform(0.45, 1.0) * np.ones((height, width)) + _gradient(height, width, random)
    contrast = np.exp(random.uniform(np.log(0.12), np.log(0.95)))
    ink *= 1 - random.uniform(0, 0.5) * _gradient(height, width, random, 1.0) if random.random() < 0.5 else 1.0
    _rule(paper, contrast, random)
    plane = paper - contrast * np.clip(ink, 0, 1) * np.minimum(paper, 1)
    _specks(plane, contrast, random)
    if random.random() < 0.4:
        plane += random.normal(size=plane.shape) * random.uniform(0, 0.09) * contrast
    plane = plane.clip(0, 1)
    if random.random() < 0.35:
        plane *= 0.9 + random.uniform(0.1, 1.4) * _gradient(height, width, random).clip(-0.4, 0.07)
    if random.random() < 0.3:
        plane = _packed(plane, random)
    light = random.random() < 0.75
    return np.asarray(plane if light else 1 - plane, np.float32), light


def _inked(image: Images, side: int, random: np.random.Generator) -> NDArray[np.float64]:
    """The digit enlarged, its strokes smooth, of another width, with sharp or soft edges; 0 to 1."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = side / max(cut.shape)
    shape = max(4, round(cut.shape[1] * factor)), max(4, round(cut.shape[0] * factor))
    margin = max(1, round(2 * factor))
    large = Image.fromarray(np.pad(cut, 2)).resize(
        (shape[0] + 2 * margin, shape[1] + 2 * margin), Image.Resampling.BICUBIC
    )
    values = (
        np.asarray(large.filter(ImageFilter.GaussianBlur(max(factor, 1) * random.uniform(0.2, 0.7))), np.float64) / 255
    )
    level = random.uniform(0.22, 0.62)
    softness = random.uniform(0.08, 0.6) if factor > 1 else 0.9
    found: NDArray[np.float64] = ((values - level) / softness + 0.5).clip(0, 1)
    if random.random() < 0.12:  # a marker
        wide = 2 * round(random.uniform(0.3, 1.3) * factor) + 1
        thick = Image.fromarray((np.pad(found, wide) * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(wide))
        found = np.asarray(thick, np.float64) / 255
    return found if found.max() > 0.5 else values.clip(0, 1)


def _placed(ink: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """The digit somewhere on a larger sheet, or cut at one of its sides."""
    size = max(ink.shape)
    most = 0.6 if random.random() < 0.75 else 0.1
    before = random.uniform(0.0, most, 2) * size
    after = random.uniform(0.0, most, 2) * size
    sheet = np.pad(ink, [(int(before[0]), int(after[0])), (int(before[1]), int(after[1]))])
    if random.random() < 0.08:
        hit = np.flatnonzero(sheet.max(axis=1) > 0.3)
        if len(hit) > 8:
            sheet = sheet[hit[0] + int(random.uniform(0, 0.12) * len(hit)) :]
    return sheet


def enclosed(ink: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """The digit in a ring, in a box, or in a picture with a frame."""
    far = max(3, round(0.25 * max(ink.shape)))
    thick = max(1, round(random.uniform(0.02, 0.06) * max(ink.shape)))
    sheet = Image.fromarray((np.pad(ink, far) * 255).astype(np.uint8))
    kind = random.integers(3)
    gap = 0 if kind == 2 else int(random.integers(1, far - 1))
    bounds = (gap, gap, sheet.width - 1 - gap, sheet.height - 1 - gap)
    pen = ImageDraw.Draw(sheet)
    (pen.ellipse if kind == 0 else pen.rectangle)(bounds, outline=int(random.uniform(120, 256)), width=thick)
    return np.asarray(sheet, np.float64) / 255


def _gradient(height: int, width: int, random: np.random.Generator, most: float = 0.25) -> NDArray[np.float64]:
    """Light that is not the same everywhere, within ±most; sometimes with the edge of a shadow."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    angle = random.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)
    field = slope * random.uniform(0, 1)
    if random.random() < 0.15:
        field += 0.5 * np.tanh((slope - random.uniform(-0.3, 0.3)) / random.uniform(0.02, 0.2))
    found: NDArray[np.float64] = most * field.clip(-1, 1) * (random.random() < 0.6)
    return found


def _rule(paper: NDArray[np.float64], contrast: float, random: np.random.Generator) -> None:
    """Ruled lines, a grid, or what is left of a box at an edge."""
    if random.random() > 0.2:
        return
    for turned in (paper, paper.T):
        if random.random() < 0.6:
            width = max(1, round(len(turned) * random.uniform(0.008, 0.03)))
            space = len(turned) * random.uniform(0.3, 0.9)
            for place in np.arange(random.uniform(0, space), len(turned), space):
                turned[int(place) : int(place) + width] -= contrast * random.uniform(0.1, 0.6)


def _specks(plane: NDArray[np.float64], contrast: float, random: np.random.Generator) -> None:
    if random.random() > 0.25:
        return
    for _ in range(random.integers(1, 5)):
        size = max(1, round(max(plane.shape) * random.uniform(0.004, 0.03)))
        y, x = (int(random.uniform(0, length)) for length in plane.shape)
        plane[y : y + size, x : x + size] -= contrast * random.uniform(0.2, 1.0)


def _packed(plane: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    file = io.BytesIO()
    Image.fromarray((plane * 255).astype(np.uint8)).save(file, "JPEG", quality=int(random.uniform(20, 90)))
    found: NDArray[np.float64] = np.asarray(Image.open(file), np.float64) / 255
    return found


def _zip_code(image: Images, random: np.random.Generator) -> tuple[Plane, bool]:
    """White on black, edge to edge, in 16 × 16 pixels: stretched to fill them, as the post's digits once were."""
    ink = _inked(image, int(random.uniform(24, 48)), random)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    wide = max(3, min(_ZIP_CODE, round(_ZIP_CODE * cut.shape[1] / cut.shape[0] * random.uniform(0.9, 1.4))))
    small = Image.fromarray((cut * 255).astype(np.uint8)).resize((wide, _ZIP_CODE), Image.Resampling.BOX)
    left = (_ZIP_CODE - wide) // 2
    values = np.zeros((_ZIP_CODE, _ZIP_CODE), np.float32)
    values[:, left : left + wide] = np.asarray(small, np.float32) / 255
    light = random.random() > 0.8
    return (1 - values if light else values), light
