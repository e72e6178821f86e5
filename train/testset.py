"""MNIST's test set as a user would drop it: a zip of PNGs beside their labels."""

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from handler.ports import Images


def write(path: Path, images: Images, labels: Iterable[int]) -> None:
    """A zip at `path` of `images`, (N, 28, 28), 0 to 255, and their `labels` in labels.csv."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("file", "label"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            name, file = f"{number:05}.png", io.BytesIO()
            Image.fromarray(image).save(file, "PNG")
            archive.writestr(name, file.getvalue())
            rows.writerow((name, int(label)))
        archive.writestr("labels.csv", table.getvalue())
