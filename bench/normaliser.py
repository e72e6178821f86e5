"""What each step of the normaliser is worth on hard pictures of MNIST's test digits: `python -m bench.normaliser`.

Each family is a way in which pictures of digits are hard. Zips with labels.csv may be given as well. Every row of the
table is the normaliser with one step left out.
"""

import argparse
import io
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from handler.images import normalise
from handler.luminance import RGB_WEIGHTS, Plane
from handler.pictures import read_frames
from handler.placement import SIDE
from handler.steps import ALL, Steps
from train.data import load_mnist
from train.labels import read_labels

Rng = np.random.Generator
Digit = NDArray[np.uint8]
Pictures = Sequence[Plane]

_PIXELS: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures and what they show."""

    planes: Pictures
    labels: NDArray[np.uint8]


def stroke(digit: Digit, rng: Rng, *, side: int = 0, thick: float | None = None) -> Plane:
    """A digit drawn large and smooth, ink 0 to 1, cut along its bounds; `thick` is -1 thin to 1 thick."""
    rows, columns = (np.flatnonzero((digit > 60).any(axis=axis)) for axis in (1, 0))  # noqa: PLR2004  # what is seen
    cut = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cut = np.pad(cut, 2)
    factor = (side or int(rng.integers(40, 160))) / max(cut.shape)
    size = max(4, round(cut.shape[1] * factor)), max(4, round(cut.shape[0] * factor))
    big = np.asarray(Image.fromarray(cut.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)) / 255
    level = 0.5 - 0.25 * (rng.uniform(-1, 1) if thick is None else thick)
    return _plane(np.clip((big - level) * max(factor * 1.5, 0.5 / min(level, 1 - level)) + 0.5, 0, 1))


def _plane(values: Any) -> Plane:  # noqa: ANN401  # NumPy types arithmetic with its own scalars as 64 bits or as Any
    return np.asarray(values, np.float32)


def placed(ink: Plane, rng: Rng, *, least: float = 0.08, most: float = 0.7) -> Plane:
    """The ink anywhere on a sheet whose margins are of the ink's longer side."""
    longer = max(ink.shape)
    before = rng.uniform(least, most, 2) * longer
    after = rng.uniform(least, most, 2) * longer
    return np.pad(ink, [(int(before[0]), int(after[0])), (int(before[1]), int(after[1]))])


def drawn(ink: Plane, rng: Rng, contrast: float | None = None, noise: float = 0.01) -> Plane:
    """Ink on paper of some luminance, a little blurred and noisy."""
    paper = rng.uniform(0.75, 0.98)
    contrast = rng.uniform(0.3, 0.7) if contrast is None else contrast
    plane = blurred(_plane(paper * (1 - ink * contrast)), min(rng.uniform(0, 0.02) * max(ink.shape) / 2, 1.5))
    return noisy(plane, rng, noise)


def blurred(plane: Plane, radius: float) -> Plane:
    """Out of focus."""
    picture = Image.fromarray(np.rint(plane.clip(0, 1) * 255).astype(np.uint8))
    return _plane(np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)))) / np.float32(255)


def noisy(plane: Plane, rng: Rng, sigma: float) -> Plane:
    """With a sensor's noise, in 255 levels."""
    noise = rng.normal(0, sigma, plane.shape)
    return _plane(np.rint((plane + noise).clip(0, 1) * 255) / 255)


def _plain(digit: Digit, rng: Rng) -> Plane:
    return drawn(placed(stroke(digit, rng), rng), rng)


def _small(digit: Digit, rng: Rng) -> Plane:
    """A scan of 28×28 of a digit 12 to 22 pixels long, anywhere."""
    ink = stroke(digit, rng, side=int(rng.integers(14, 24)))
    free = SIDE - ink.shape[0], SIDE - ink.shape[1]
    top, left = (int(rng.integers(0, side + 1)) for side in free)
    ink = np.pad(ink, [(top, free[0] - top), (left, free[1] - left)])
    return noisy((1 - ink * rng.uniform(0.15, 0.8)).astype(np.float32), rng, rng.uniform(0, 0.015))


def _thin(digit: Digit, rng: Rng) -> Plane:
    return drawn(placed(stroke(digit, rng, side=int(rng.integers(100, 300)), thick=-1.4), rng), rng)


def _thick(digit: Digit, rng: Rng) -> Plane:
    return drawn(placed(stroke(digit, rng, thick=1.3), rng), rng)


def _faint(digit: Digit, rng: Rng) -> Plane:
    return drawn(placed(stroke(digit, rng), rng), rng, contrast=rng.uniform(0.06, 0.15), noise=0.006)


def _shaded(plane: Plane, rng: Rng) -> Plane:
    """In the light of a lamp at the side, darker towards the corners."""
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in plane.shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    slope = 1 - rng.uniform(0.1, 0.4) * (1 + np.cos(angle) * down + np.sin(angle) * across) / 2
    return _plane(plane * slope * (1 - rng.uniform(0, 0.2) * (down**2 + across**2)))


def _gradient(digit: Digit, rng: Rng) -> Plane:
    return noisy(_shaded(drawn(placed(stroke(digit, rng), rng), rng, noise=0), rng), rng, 0.01)


def _shadow(digit: Digit, rng: Rng) -> Plane:
    """With the edge of a shadow across it, sharp or soft."""
    plane = drawn(placed(stroke(digit, rng), rng), rng, noise=0)
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in plane.shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    distance = np.cos(angle) * down + np.sin(angle) * across - rng.uniform(-0.7, 0.7)
    dark = np.clip(distance / rng.uniform(0.02, 0.4) + 0.5, 0, 1) * rng.uniform(0.15, 0.55)
    return noisy(_shaded((plane * (1 - dark)).astype(np.float32), rng), rng, 0.01)


def _ruled(ink: Plane, rng: Rng, gap: float, strength: float, *, both: bool) -> Plane:
    """Lines from edge to edge, of a slope of up to three degrees."""
    lines = np.zeros_like(ink)
    thick = max(1.0, rng.uniform(0.008, 0.025) * max(ink.shape))
    slope = rng.uniform(-0.05, 0.05)
    down, across = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in ink.shape), indexing="ij")
    start = rng.uniform(0, gap)
    for along, other, tilt in ((down, across, slope), (across, down, -slope))[: 1 + both]:
        place = (along - start + tilt * other) % gap
        lines = np.maximum(lines, np.clip(thick / 2 + 0.5 - np.minimum(place, gap - place), 0, 1) * strength)
    return np.maximum(ink, lines)


def _lines(digit: Digit, rng: Rng) -> Plane:
    """On ruled paper: a line or more near it or through it."""
    ink = placed(stroke(digit, rng), rng, least=0.2)
    gap = rng.uniform(0.5, 1.5) * ink.shape[0]
    return drawn(_ruled(ink, rng, gap, rng.uniform(0.2, 1), both=False), rng)


def _grid(digit: Digit, rng: Rng) -> Plane:
    ink = placed(stroke(digit, rng), rng, least=0.2)
    return drawn(_ruled(ink, rng, rng.uniform(0.2, 0.5) * max(ink.shape), rng.uniform(0.15, 0.6), both=True), rng)


def _box(digit: Digit, rng: Rng) -> Plane:
    """With one to four edges of a box at the picture's border."""
    ink = placed(stroke(digit, rng), rng, least=0.2, most=0.5)
    thick = max(1, round(rng.uniform(0.01, 0.04) * max(ink.shape)))
    far = int(rng.integers(0, max(1, max(ink.shape) // 20)))
    for side in rng.permutation(4)[: rng.integers(1, 5)]:
        turned = np.rot90(ink, side)
        turned[far : far + thick] = rng.uniform(0.6, 1)
    return drawn(ink, rng)


def _specks(digit: Digit, rng: Rng) -> Plane:
    """With one to six dots anywhere that they do not touch it."""
    ink = placed(stroke(digit, rng), rng, least=0.2)
    longer = max(ink.shape)
    down, across = np.meshgrid(*(np.arange(side) for side in ink.shape), indexing="ij")
    for _ in range(rng.integers(1, 7)):
        row, column = rng.uniform(0, ink.shape[0]), rng.uniform(0, ink.shape[1])
        radius = rng.uniform(0.008, 0.035) * longer
        distance = np.hypot(down - row, across - column)
        if ink[distance < radius + 0.06 * longer].max(initial=0) < 0.1:  # noqa: PLR2004  # apart from the digit
            ink = np.maximum(ink, np.clip(radius - distance + 0.5, 0, 1)).astype(np.float32)
    return drawn(ink, rng)


def _neighbour(digit: Digit, rng: Rng) -> Plane:
    """With the remains of what stood beside it, at the edge."""
    ink = placed(stroke(digit, rng), rng, least=0.25, most=0.5)
    other = stroke(digit, rng, side=max(ink.shape) // 2)
    deep = max(1, round(rng.uniform(0.03, 0.09) * max(ink.shape)))
    turned = np.rot90(ink, int(rng.integers(4)))
    part = other[-deep:, : turned.shape[1]]
    left = int(rng.integers(0, turned.shape[1] - part.shape[1] + 1))
    turned[: part.shape[0], left : left + part.shape[1]] = part
    return drawn(ink, rng)


def _noise(digit: Digit, rng: Rng) -> Plane:
    return drawn(placed(stroke(digit, rng), rng), rng, noise=rng.uniform(0.02, 0.06))


def _jpeg(digit: Digit, rng: Rng) -> Plane:
    plane = drawn(placed(stroke(digit, rng), rng), rng)
    return _through(plane, "JPEG", quality=int(rng.integers(8, 40)))


def _through(plane: Plane, kind: str, **options: int) -> Plane:
    file = io.BytesIO()
    Image.fromarray(np.rint(plane * 255).astype(np.uint8)).save(file, kind, **options)
    return next(read_frames(file.getvalue(), _PIXELS, 1))


def _clipped(digit: Digit, rng: Rng) -> Plane:
    """With up to a twelfth of it cut away by the picture's edge."""
    ink = stroke(digit, rng)
    deep = round(rng.uniform(0.04, 0.1) * max(ink.shape))
    side = int(rng.integers(4))
    turned = np.rot90(ink, side)
    if turned.shape[0] > 3 * deep:
        turned = turned[deep:]
    margin = int(0.3 * max(ink.shape))
    return drawn(np.rot90(np.pad(turned, [(0, margin), (margin, margin)]), -side), rng)


def _inverted(digit: Digit, rng: Rng) -> Plane:
    return (1 - _plain(digit, rng)).astype(np.float32)


def _zip_code(digit: Digit, rng: Rng) -> Plane:
    """16×16, white on black, edge to edge."""
    ink = stroke(digit, rng, side=80, thick=rng.uniform(-0.5, 1))
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0))  # noqa: PLR2004  # what is seen
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    free = int((max(ink.shape) - ink.shape[1]) * rng.choice([0.2, 1]))
    ink = np.pad(ink, [(0, 0), (free // 2, free - free // 2)]) if free else ink
    picture = Image.fromarray(np.rint(ink * 255).astype(np.uint8)).resize((16, 16), Image.Resampling.BOX)
    return _plane(np.asarray(picture)) / np.float32(255)


def _tight(digit: Digit, rng: Rng) -> Plane:
    """Dark on light, cut along its bounds."""
    ink = stroke(digit, rng)
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))  # noqa: PLR2004  # what is seen
    return drawn(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], rng)


def _coloured(digit: Digit, rng: Rng) -> Plane:
    """Ink of a colour on paper of another, both of a luminance that tells them apart."""
    ink = placed(stroke(digit, rng), rng)[..., None]
    while True:
        paper, colour = rng.uniform(0, 1, (2, 3))
        if abs(float((paper - colour) @ RGB_WEIGHTS)) > 0.15:  # noqa: PLR2004  # else it is `faint`
            break
    return noisy(np.asarray((paper * (1 - ink) + colour * ink) @ RGB_WEIGHTS, np.float32), rng, 0.01)


def _far(digit: Digit, rng: Rng) -> Plane:
    """A small digit on a large sheet."""
    return drawn(placed(stroke(digit, rng, side=int(rng.integers(40, 70))), rng, least=1, most=6), rng)


def _photograph(digit: Digit, rng: Rng) -> Plane:
    """Ruled paper in a shadow, a little blurred, through JPEG."""
    ink = placed(stroke(digit, rng, side=int(rng.integers(80, 200))), rng, least=0.2)
    plane = drawn(
        _ruled(ink, rng, rng.uniform(0.6, 1.5) * ink.shape[0], rng.uniform(0.2, 0.6), both=False), rng, noise=0
    )
    down = np.linspace(-1, 1, plane.shape[1])[None] - rng.uniform(-0.8, 0.8)
    plane = _plane(plane * (1 - np.clip(down / rng.uniform(0.05, 0.5) + 0.5, 0, 1) * rng.uniform(0.1, 0.5)))
    return _through(noisy(_shaded(plane, rng), rng, 0.015), "JPEG", quality=70)


FAMILIES: Final[Mapping[str, Callable[[Digit, Rng], Plane]]] = {
    "plain": _plain,
    "small": _small,
    "thin": _thin,
    "thick": _thick,
    "faint": _faint,
    "gradient": _gradient,
    "shadow": _shadow,
    "lines": _lines,
    "grid": _grid,
    "box": _box,
    "specks": _specks,
    "neighbour": _neighbour,
    "noise": _noise,
    "jpeg": _jpeg,
    "clipped": _clipped,
    "inverted": _inverted,
    "zip-code": _zip_code,
    "tight": _tight,
    "coloured": _coloured,
    "far": _far,
    "photograph": _photograph,
}


def made(family: str, count: int) -> Labelled:
    """Pictures of a family, of MNIST's first test digits; the same at each call."""
    mnist = load_mnist()
    rng = np.random.default_rng(list(FAMILIES).index(family))
    planes = [FAMILIES[family](digit, rng) for digit in mnist.x_test[:count]]
    return Labelled(planes, mnist.y_test[:count])


def read_zip(path: Path) -> Labelled:
    """The pictures that the labels.csv of a zip names."""
    labels = read_labels(path)
    with zipfile.ZipFile(path) as file:
        planes = [next(read_frames(file.read(name), _PIXELS, 1)) for name in labels]
    return Labelled(planes, np.array([int(label) for label in labels.values()], np.uint8))


class Reader:
    """A network in ONNX that reads (N, 28, 28) of 0–1."""

    def __init__(self, path: Path) -> None:
        """Of the file at `path`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options)
        self._input = self._session.get_inputs()[0].name

    def digits(self, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The digit of each of (N, 28, 28)."""
        found = [
            self._session.run(None, {self._input: group.astype(np.float32) / np.float32(255)})[0].argmax(axis=1)
            for group in np.array_split(images, max(1, len(images) // 256))
        ]
        return np.concatenate(found)


def variants() -> Mapping[str, Steps]:
    """All steps, and each of them left out or, where it is not done, put in."""
    single = {field.name: getattr(ALL, field.name) for field in fields(ALL)}
    return {"all": ALL} | {
        f"{'without' if on else 'with'} {name}": replace(ALL, **{name: not on}) for name, on in single.items()
    }


def measure(sets: Mapping[str, Labelled], reader: Reader, steps: Steps) -> tuple[dict[str, float], float]:
    """Accuracy of each set, 0 to 1, and images normalised in a second."""
    seconds, count, found = 0.0, 0, {}
    for name, labelled in sets.items():
        start = time.perf_counter()
        images = [normalise(plane, steps).pixels for plane in labelled.planes]
        seconds += time.perf_counter() - start
        count += len(images)
        found[name] = float((reader.digits(np.stack(images)) == labelled.labels).mean())
    return found, count / seconds


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.normaliser", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("model", type=Path, help="a network in ONNX that reads (N, 28, 28) of 0 to 1")
    parser.add_argument("zips", type=Path, nargs="*", help="zips with labels.csv")
    parser.add_argument("--count", type=int, default=300, help="pictures of each family (%(default)s)")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--all", action="store_true", help="all steps only, nothing left out")
    flags = parser.parse_args(arguments)
    sets = {name: made(name, flags.count) for name in flags.families} | {
        path.stem: read_zip(path) for path in flags.zips
    }
    chosen = {"all": ALL} if flags.all else variants()
    results = {name: measure(sets, Reader(flags.model), steps) for name, steps in chosen.items()}
    print(report(sets, results))  # noqa: T201  # the command line is made of these lines
    return 0


def report(sets: Mapping[str, Labelled], results: Mapping[str, tuple[Mapping[str, float], float]]) -> str:
    """The table in Markdown: a row for each set, a column for each variant, in per cent."""
    lines = ["| set | of | " + " | ".join(results) + " |", "|---|--:|" + "--:|" * len(results)]
    for name, labelled in sets.items():
        shares = " | ".join(f"{accuracy[name]:.1%}" for accuracy, _ in results.values())
        lines.append(f"| {name} | {len(labelled.labels)} | {shares} |")
    lines.append("| images/s | | " + " | ".join(f"{rate:.0f}" for _, rate in results.values()) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
