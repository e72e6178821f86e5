"""A training run or an evaluation, as PNG files: learning curve, confusion matrix, mistakes, worth of confidence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from handler.ports import Images, Probabilities
from train.calibration import Reliability
from train.rates import wilson
from train.thresholds import Curve

MISTAKE_ROWS: Final = 4
MISTAKE_COLUMNS: Final = 6
DOTS_PER_INCH: Final = 110


def learning_curve(history: Mapping[str, Sequence[float]], path: Path) -> None:
    """Loss and accuracy over the epochs, of training and of validation, as `training.Fit.history` holds them."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, history[name], marker="o", label="training")
        axes.plot(epochs, history[f"val_{name}"], marker="o", label="validation")
        axes.set(xlabel="epoch", ylabel=name, title=name.capitalize())
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    _save(figure, path)


def confusion_matrix(probabilities: Probabilities, labels: NDArray[np.uint8], path: Path) -> None:
    """How often each digit (rows) was read as each digit (columns); `probabilities` (N, 10), `labels` (N,)."""
    classes = probabilities.shape[1]
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    figure = Figure(figsize=(7, 7), layout="constrained")
    axes = figure.subplots()
    # A logarithmic scale: a dozen mistakes must show beside a thousand hits.
    axes.imshow(np.maximum(counts, 0.5), cmap="Blues", norm=LogNorm(0.5, max(counts.max(), 1)))
    for (true, read), count in np.ndenumerate(counts):
        dark = count > counts.max() / 20
        axes.text(read, true, str(count), ha="center", va="center", color="white" if dark else "black")
    right = np.trace(counts)
    axes.set(
        xlabel="read as",
        ylabel="is",
        title=f"{right:,} of {len(labels):,} right ({right / max(len(labels), 1):.2%})",
        xticks=range(classes),
        yticks=range(classes),
    )
    _save(figure, path)


def mistakes(images: Images, probabilities: Probabilities, labels: NDArray[np.uint8], path: Path) -> None:
    """The wrong readings of the highest confidence, most confident first, each with its image, (28, 28)."""
    read = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(read != labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][: MISTAKE_ROWS * MISTAKE_COLUMNS]
    figure = Figure(figsize=(11, 8), layout="constrained")
    figure.suptitle(f"Most confident {len(worst)} of {len(wrong)} mistakes" if len(wrong) else "No mistakes")
    for axes in figure.subplots(MISTAKE_ROWS, MISTAKE_COLUMNS).flat:
        axes.axis("off")
    for axes, index in zip(figure.axes, worst, strict=False):
        axes.imshow(images[index], cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"is {labels[index]}, read {read[index]}\n{confidence[index]:.2%} sure", fontsize=9)
    _save(figure, path)


def reliability(found: Mapping[str, Reliability], path: Path) -> None:
    """How often predictions of each confidence are right, beside how many there are; one line for each name.

    A reliability diagram (Guo et al., On Calibration of Modern Neural Networks, 2017): on the diagonal a confidence is
    what it says.
    """
    figure = Figure(figsize=(10, 5), layout="constrained")
    diagram, histogram = figure.subplots(1, 2)
    diagram.plot((0, 1), (0, 1), color="grey", linestyle=":", label="as sure as right")
    for name, bins in found.items():
        some = bins.count > 0
        means, accuracies = bins.confidence[some] / bins.count[some], bins.right[some] / bins.count[some]
        intervals = [wilson(*pair) for pair in zip(bins.right[some], bins.count[some], strict=True)]
        lows, highs = [low for low, _ in intervals], [high for _, high in intervals]
        (line,) = diagram.plot(means, accuracies, marker="o", label=f"{name}: calibration error {bins.error:.2%}")
        diagram.vlines(means, lows, highs, color=line.get_color(), alpha=0.4)
        edges = np.linspace(0, 1, len(bins.count) + 1)
        histogram.stairs(bins.count, edges, fill=True, alpha=0.5, label=name)
    diagram.set(
        xlabel="confidence",
        ylabel="accuracy",
        xlim=(0, 1),
        ylim=(-0.02, 1.02),
        title="Reliability, with 95 % intervals",
    )
    histogram.set(xlabel="confidence", ylabel="predictions", yscale="symlog", xlim=(0, 1), title="Predictions")
    for axes in (diagram, histogram):
        axes.grid(alpha=0.3)
        axes.legend()
    _save(figure, path)


def risk_coverage(curves: Mapping[str, Curve], review_below: float, path: Path) -> None:
    """What each threshold costs: errors among `ok` over the share that is `ok`, and that share over the threshold.

    `review_below` is marked; a curve without a right reading, as of what is no digit, has only a share.
    """
    figure = Figure(figsize=(10, 5), layout="constrained")
    risks, shares = figure.subplots(1, 2)
    for name, curve in curves.items():
        (line,) = shares.plot(curve.thresholds, 100 * curve.coverage, label=name)
        if curve.right.any():
            risk = 100 * (1 - curve.accuracy)
            risks.plot(100 * curve.coverage, risk, color=line.get_color(), label=name)
            here = int(np.abs(curve.thresholds - review_below).argmin())
            risks.plot(100 * curve.coverage[here], risk[here], marker="o", color=line.get_color())
    shares.axvline(review_below, color="grey", linestyle=":", label=f"review below {review_below:g}")
    risks.set(xlabel="ok, % of all", ylabel="errors, % of ok", title="Risk and coverage")
    shares.set(xlabel="threshold", ylabel="ok, % of all", ylim=(0, 102), title="What a threshold leaves")
    for axes in (risks, shares):
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[1]:
            axes.legend()
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """Drawn by Agg whatever the machine's display; without pyplot there is no global state to clear."""
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DOTS_PER_INCH)
