"""Digits made harder, many at a time, in TensorFlow: what pens, scanners and the handler's own normalising do to them.

All is decided by a seed: the same seed gives the same images. Images are (N, 28, 28) floats from 0, paper, to 1, ink.
"""

from typing import Any, Final

import numpy as np
import tensorflow as tf

SIDE: Final = 28
_PAD: Final = 8
"""Paper around an image while it is bent, so that nothing is fetched from outside."""
_SMALL: Final = 16
_EDGES: Final = np.linspace(0, SIDE, _SMALL + 1)
_FEW: Final = (
    np.clip(np.minimum(_EDGES[1:, None], np.arange(1, SIDE + 1)) - np.maximum(_EDGES[:-1, None], np.arange(SIDE)), 0, 1)
    * (_SMALL / SIDE)
).astype(np.float32)
_BLUR: Final = (0.5 * np.eye(SIDE) + 0.25 * (np.eye(SIDE, k=1) + np.eye(SIDE, k=-1))).astype(np.float32)


def augment(images: Any, seed: Any) -> Any:  # noqa: ANN401  # TensorFlow's tensors have no useful types
    """Each image changed in its own way; more than half of them bent alone, the others put through real use as well."""
    draw = _Draw(seed)
    count = tf.shape(images)[0]
    bent = warp(images, draw, count)
    used = _stroke(bent, draw, count)
    used = _remains(used, draw, count)
    used = _clip(used, draw, count)
    used = _optics(used, draw, count)
    return tf.where(draw.chance(count, 0.45), used, bent)


class _Draw:
    """Random numbers, each call its own, all of one seed."""

    def __init__(self, seed: Any) -> None:  # noqa: ANN401  # likewise
        self._seed = tf.cast(seed, tf.int32)
        self._calls = 0

    def _next(self) -> Any:  # noqa: ANN401  # likewise
        self._calls += 1
        return tf.stack([self._seed, self._calls])

    def uniform(self, shape: Any, low: float, high: float) -> Any:  # noqa: ANN401  # likewise
        return tf.random.stateless_uniform(shape, self._next(), low, high)

    def normal(self, shape: Any) -> Any:  # noqa: ANN401  # likewise
        return tf.random.stateless_normal(shape, self._next())

    def each(self, count: Any, low: float, high: float) -> Any:  # noqa: ANN401  # likewise
        """A number for each image, (N, 1, 1)."""
        return self.uniform([count, 1, 1], low, high)

    def chance(self, count: Any, share: float) -> Any:  # noqa: ANN401  # likewise
        """True for a share of the images, (N, 1, 1)."""
        return self.each(count, 0.0, 1.0) < share


def warp(images: Any, draw: _Draw, count: Any) -> Any:  # noqa: ANN401  # likewise
    """Turned, slanted, stretched, moved, and bent smoothly (Simard et al., Best Practices for CNNs, 2003)."""
    degrees = draw.uniform([count], -16.0, 16.0) * draw.uniform([count], 0.0, 1.0)
    angle = degrees * 3.14159265 / 180
    slant = draw.uniform([count], -0.35, 0.35) * draw.uniform([count], 0.0, 1.0)
    zoom = tf.exp(draw.uniform([count], -0.16, 0.14))
    aspect = tf.exp(draw.uniform([count], -0.14, 0.14))
    cos, sin = tf.cos(angle), tf.sin(angle)
    grid = tf.range(SIDE, dtype=tf.float32) - (SIDE - 1) / 2
    down, across = tf.meshgrid(grid, grid, indexing="ij")
    down, across = down[None], across[None]
    wide, high = (zoom * aspect)[:, None, None], (zoom / aspect)[:, None, None]
    x = across / wide
    y = down / high
    x = x + slant[:, None, None] * y
    turned_x = cos[:, None, None] * x - sin[:, None, None] * y
    turned_y = sin[:, None, None] * x + cos[:, None, None] * y
    strength = draw.each(count, 0.0, 1.3)
    turned_x += _smooth(draw.normal([count, 5, 5])) * strength + draw.each(count, -1.3, 1.3)
    turned_y += _smooth(draw.normal([count, 5, 5])) * strength + draw.each(count, -1.3, 1.3)
    return _sample(images, turned_y + (SIDE - 1) / 2, turned_x + (SIDE - 1) / 2, count)


def _sample(images: Any, y: Any, x: Any, count: Any) -> Any:  # noqa: ANN401  # likewise
    """Bilinear values of images at (y, x), (N, 28, 28) each."""
    wide = SIDE + 2 * _PAD
    flat = tf.reshape(tf.pad(images, [[0, 0], [_PAD, _PAD], [_PAD, _PAD]]), [-1])
    y = tf.clip_by_value(y + _PAD, 0.0, wide - 1.001)
    x = tf.clip_by_value(x + _PAD, 0.0, wide - 1.001)
    top, left = tf.floor(y), tf.floor(x)
    dy, dx = y - top, x - left
    start = tf.range(count)[:, None, None] * (wide * wide) + tf.cast(top, tf.int32) * wide + tf.cast(left, tf.int32)
    upper = tf.gather(flat, start) * (1 - dx) + tf.gather(flat, start + 1) * dx
    lower = tf.gather(flat, start + wide) * (1 - dx) + tf.gather(flat, start + wide + 1) * dx
    return upper * (1 - dy) + lower * dy


def _smooth(coarse: Any) -> Any:  # noqa: ANN401  # likewise
    """(N, k, k) brought to (N, 28, 28), linearly between its values."""
    weights = _between(int(coarse.shape[1]))
    return weights @ coarse @ tf.transpose(weights)


def _few(images: Any) -> Any:  # noqa: ANN401  # likewise
    """(N, 28, 28) in 16 × 16 pixels, each the mean of what it covers, as zip codes were once scanned."""
    weights = tf.constant(_FEW)
    return weights @ images @ tf.transpose(weights)


def _between(size: int) -> Any:  # noqa: ANN401  # likewise
    """(28, size): what each of `size` values gives to each of 28 pixels over the same length."""
    place = (np.arange(SIDE) + 0.5) * size / SIDE - 0.5
    distance = np.abs(place.clip(0, size - 1)[:, None] - np.arange(size))
    return tf.constant(np.maximum(1 - distance, 0).astype(np.float32))


def _stroke(images: Any, draw: _Draw, count: Any) -> Any:  # noqa: ANN401  # likewise
    """Thicker or thinner strokes, and a pen that fades or presses."""
    planes = images[..., None]
    thick = tf.nn.max_pool2d(planes, 3, 1, "SAME")[..., 0]
    thin = -tf.nn.max_pool2d(-planes, 2, 1, "SAME")[..., 0]
    change = draw.each(count, -0.75, 1.0)
    images += tf.maximum(change, 0.0) * (thick - images) + tf.maximum(-change, 0.0) * (thin - images)
    fading = _smooth(draw.uniform([count, 4, 4], 0.0, 1.0))
    depth = tf.where(draw.chance(count, 0.3), draw.each(count, 0.0, 0.8), 0.0)
    return images * (1 - depth * fading)


def _remains(images: Any, draw: _Draw, count: Any) -> Any:  # noqa: ANN401  # likewise
    """What is left of a box or a ruled line near an edge, and specks."""
    place = tf.range(SIDE, dtype=tf.float32)
    near = tf.where(draw.chance(count, 0.5), draw.each(count, 0.0, 5.0), draw.each(count, 22.0, 27.0))
    tilt = draw.each(count, -0.06, 0.06)
    along, across = place[None, :, None], place[None, None, :]
    distance = tf.abs(across - near - tilt * (along - SIDE / 2))
    line = tf.clip_by_value(draw.each(count, 0.6, 1.3) - distance, 0.0, 1.0)
    begin, end = draw.each(count, -20.0, 14.0), draw.each(count, 14.0, 48.0)
    line *= tf.cast((along >= begin) & (along <= end), tf.float32) * draw.each(count, 0.2, 1.0)
    line = tf.where(draw.chance(count, 0.5), line, tf.transpose(line, [0, 2, 1]))
    images = tf.maximum(images, tf.where(draw.chance(count, 0.1), line, 0.0))
    y, x = draw.each(count, 0.0, 27.0), draw.each(count, 0.0, 27.0)
    squared = (along - y) ** 2 + (across - x) ** 2
    speck = tf.exp(-squared / draw.each(count, 0.3, 1.6)) * draw.each(count, 0.3, 1.0)
    return tf.maximum(images, tf.where(draw.chance(count, 0.12), speck, 0.0))


def _clip(images: Any, draw: _Draw, count: Any) -> Any:  # noqa: ANN401  # likewise
    """A side cut off, by up to a fifth of the digit."""
    place = tf.range(SIDE, dtype=tf.float32)[None, :, None]
    edge = draw.each(count, 3.0, 8.0)
    kept = tf.cast(place >= edge, tf.float32)
    kept = tf.where(draw.chance(count, 0.5), kept, kept[:, ::-1])
    kept = tf.where(draw.chance(count, 0.5), kept, tf.transpose(kept, [0, 2, 1]))
    return images * tf.where(draw.chance(count, 0.1), kept, 1.0)


def _optics(images: Any, draw: _Draw, count: Any) -> Any:  # noqa: ANN401  # likewise
    """Blur, few pixels, contrast, noise, and blocks of a strongly packed JPEG."""
    images = tf.where(draw.chance(count, 0.15), _smooth(_few(images)), images)
    blurred = _BLUR @ images @ _BLUR
    sharpness = draw.each(count, -0.5, 1.0)
    images = tf.clip_by_value(images + sharpness * (blurred - images), 0.0, 1.0)
    images = tf.pow(images + 1e-6, tf.exp(draw.each(count, -0.7, 0.7)))
    steep = tf.where(draw.chance(count, 0.3), draw.each(count, 1.0, 4.0), 1.0)
    images = tf.clip_by_value((images - 0.5) * steep + 0.5, 0.0, 1.0)
    means = tf.reshape(images, [count, SIDE // 4, 4, SIDE // 4, 4])
    means = tf.reduce_mean(means, [2, 4], keepdims=True) + tf.zeros_like(means)
    means = tf.reshape(means, [count, SIDE, SIDE])
    images = tf.where(draw.chance(count, 0.08), images + draw.each(count, 0.0, 0.5) * (means - images), images)
    rough = _smooth(draw.normal([count, 14, 14]))
    noise = draw.normal([count, SIDE, SIDE]) * 0.7 + rough * 0.7
    loud = tf.where(draw.chance(count, 0.4), draw.each(count, 0.0, 0.22), 0.0)
    faint = tf.where(draw.chance(count, 0.2), draw.each(count, 0.5, 1.0), 1.0)
    return tf.clip_by_value(images * faint + loud * noise, 0.0, 1.0)
