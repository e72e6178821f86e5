"""The runs as PNG files: throughput, memory, growth."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.curves import Curve
from bench.plan import NETWORKS
from bench.rates import DECODING, DROPS, KERAS, NETWORK, OURS, PEER, Runs, fastest, per_image
from bench.ratios import figure

_DOTS_PER_INCH: Final = 110


def throughput(runs: Runs, path: Path) -> None:
    """Images a second of everything that took turns, on a logarithmic scale; of floors the fastest."""
    names = {f"{text}": f"{OURS}, {{}}, {drop}" for drop, text in DROPS.items()}
    names |= {PEER: f"{PEER}, {{}}", KERAS: f"{KERAS}, {{}}"}
    picture = Figure(figsize=(11, 6), layout="constrained")
    axes = picture.subplots()
    for row, net in enumerate(NETWORKS):
        of = {text: runs[name.format(net)] for text, name in names.items()}
        of[NETWORK] = fastest(runs, f"{NETWORK}, {net}, ").runs
        of[DECODING] = fastest(runs, f"{DECODING}, ").runs
        rates = [1 / statistics.median(per_image(answers)) for answers in of.values()]
        places = [number + 0.4 * row for number in range(len(of))]
        bars = axes.barh(places, rates, height=0.38, label=net)
        axes.bar_label(bars, [figure(rate) for rate in rates], padding=3)
        axes.set_yticks([place - 0.2 for place in places], list(of))
    axes.set(xscale="log", xlabel="images a second", title="Throughput, warm, event to complete CSV")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.legend()
    _save(picture, path)


def memory(curve: Curve, most: float, path: Path) -> None:
    """The peak of the process against the images in a zip, and what it may be at most."""
    picture = Figure(figsize=(7, 4.5), layout="constrained")
    axes = picture.subplots()
    medians = [statistics.median(point.megabytes) for point in curve.points]
    axes.plot([point.x for point in curve.points], medians, marker="o")
    axes.axhline(most, color="tab:red", linestyle="--", label=f"at most {most:g} MB")
    axes.set(xscale="log", xlabel="images in one zip", ylabel="peak MB", title="Memory, cnn", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    _save(picture, path)


def growth(curves: Sequence[Curve], path: Path) -> None:
    """Seconds against all that grows, each with the line of the last point's cost."""
    columns = 2
    rows = -(-len(curves) // columns)
    picture = Figure(figsize=(12, 4 * rows), layout="constrained")
    grid = picture.subplots(rows, columns, squeeze=False).flat
    for axes in grid[len(curves) :]:
        axes.set_axis_off()
    for axes, curve in zip(grid[: len(curves)], curves, strict=True):
        _draw(axes, curve)
    _save(picture, path)


def _draw(axes: Axes, curve: Curve) -> None:
    places = [point.x for point in curve.points]
    axes.plot(places, [statistics.median(point.seconds) for point in curve.points], marker="o", label="measured")
    last = curve.points[-1].cost
    axes.plot(places, [last * point.units for point in curve.points], "--", color="grey", label="linear")
    axes.set(xscale="log", yscale="log", xlabel=curve.grows, ylabel="seconds")
    axes.set_title(curve.name, fontsize="small")
    axes.grid(alpha=0.3, which="both")
    axes.legend()


def _save(picture: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(picture).print_figure(path, dpi=_DOTS_PER_INCH)
