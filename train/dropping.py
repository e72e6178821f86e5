"""A file through the handler's own code, from an S3 event to the rows of its CSV."""

import csv
import io
import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

from handler.batches import read_batch
from handler.contents import SNIFF_BYTES, sniff
from handler.delivery import Tools, deliver
from handler.errors import MissingError
from handler.events import unwrap
from handler.luminance import Plane
from handler.ports import Classifier
from handler.predictions import batch_csv_of
from handler.settings import INCOMING, Settings
from train.filestore import FileStore
from train.labels import LabelsError

BUCKET: Final = "evaluation"
"""Its name is in no row."""


def predict(path: Path, classifier: Classifier, settings: Settings) -> Iterator[Mapping[str, str]]:
    """The rows of the CSV that the handler writes when the file at `path` is dropped, by column.

    Raises whatever made the delivery fail.
    """
    key = f"{INCOMING}{path.name}"
    store = FileStore({key: path})
    event = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": settings.digitdrop_bucket},
            "object": {"key": quote_plus(key, errors="surrogateescape")},
        },
    }
    tools = Tools(settings, store, None, lambda: classifier)
    for failure in deliver(unwrap({"Records": [event]}), tools, lambda: math.inf).values():
        raise failure
    try:
        blob = store.read(batch_csv_of(key))
    except MissingError as error:
        raise LabelsError(f"{path} has no CSV of its own under that name: rename it to DATA.zip") from error
    body = blob.body if blob else b""
    yield from csv.DictReader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""), strict=True)


def pictures(path: Path, numbers: Collection[int], settings: Settings) -> Mapping[int, Plane]:
    """The pictures of some rows of `predict`, by the row's number, as luminance (H, W) 0–1; read anew."""
    found: dict[int, Plane] = {}
    with path.open("rb") as file:
        kind = sniff(file.read(SNIFF_BYTES), path.name)
        file.seek(0)
        for number, picture in enumerate(read_batch(file, kind, path.name, settings)):
            if number in numbers and picture.plane is not None:
                found[number] = picture.plane
            if len(found) == len(numbers):
                break
    return found
