"""What is on paper without a pen: stains, grains, ink that was wiped."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from handler.ports import Images
from train import pen
from train.calibration import Floats
from train.pen import SIDE


def blobs(_: Images, random: Generator) -> Floats:
    """Stains: smooth noise above a level."""
    values = _clouds(int(random.integers(4, 14)), random)
    found: Floats = ((values - random.uniform(0.45, 0.7)) * random.uniform(4, 30)).clip(0, 1)
    return found


def grains(_: Images, random: Generator) -> Floats:
    """Noise of one size, thick or thin."""
    size = int(random.integers(10, 57))
    values = (random.random((size, size)) < random.uniform(0.05, 0.6)) * random.random((size, size))
    sheet = Image.fromarray((values * 255).astype(np.uint8))
    return pen.as_ink(sheet.resize((SIDE, SIDE), Image.Resampling.NEAREST))


def smudge(_: Images, random: Generator) -> Floats:
    """A wide, soft trace, darker here and there, as of a finger over wet ink or of a rubber."""
    ends = np.array([(0, random.uniform(0, 1)), (0.5, random.uniform(0.2, 0.8)), (1, random.uniform(0, 1))])
    traces = [pen.by_hand([ends], random, 0.1)[0] for _ in range(random.integers(1, 4))]
    trace = Image.fromarray((pen.drawn(traces, random, random.uniform(12, 34)) * 255).astype(np.uint8))
    soft = pen.as_ink(trace.filter(ImageFilter.GaussianBlur(random.uniform(2, 7))))
    return np.asarray(soft * _clouds(int(random.integers(5, 20)), random) ** random.uniform(0.3, 1.5))


def _clouds(size: int, random: Generator) -> Floats:
    coarse = Image.fromarray((random.random((size, size)) * 255).astype(np.uint8))
    return pen.as_ink(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
