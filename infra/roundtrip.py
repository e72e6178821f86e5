"""Drop objects into the running stack, and wait for the CSVs that follow from them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from handler.settings import INCOMING, PREDICTIONS
from infra.processes import LocalError
from infra.running import Running
from infra.summary import Row, read_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Drop:
    """Objects that give one CSV."""

    name: str
    objects: Mapping[str, bytes]
    """By key, below `incoming/`."""
    csv: str
    """Its key, below `predictions/`."""
    rows: int
    """That it will have."""
    file: Path
    """Where it is downloaded to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The CSV of a drop."""

    rows: Sequence[Row]
    seconds: float
    """From the drop to the whole CSV."""


def deliver(stack: Running, drops: Sequence[Drop], limit: float) -> list[Answer]:
    """Drop all, look after the workers until each CSV has its rows, and download them.

    Raises `LocalError` where that takes more than `limit` seconds.
    """
    s3, bucket = stack.place.s3(), stack.stack.bucket
    begun = [_send(s3, bucket, drop) for drop in drops]
    answers: dict[int, Answer] = {}
    found = [0] * len(drops)
    end = time.monotonic() + limit
    while len(answers) < len(drops):
        for index, drop in enumerate(drops):
            if index in answers:
                continue
            body = download(s3, bucket, PREDICTIONS + drop.csv)
            rows = read_rows(body)
            found[index] = len(rows)
            if len(rows) >= drop.rows:
                answers[index] = Answer(rows, time.monotonic() - begun[index])
                drop.file.write_bytes(body)
        if time.monotonic() > end:
            counts = ", ".join(f"{drop.name} {count} of {drop.rows}" for drop, count in zip(drops, found, strict=True))
            raise LocalError(f"not all rows came within {limit:g} s: {counts}")
        stack.tend()
        time.sleep(_POLL_SECONDS)
    return [answers[index] for index in range(len(drops))]


def _send(s3: "S3Client", bucket: str, drop: Drop) -> float:
    """Put a drop's objects into the bucket; gives when that began, on the clock of `time.monotonic`."""
    begun = time.monotonic()
    for key, body in drop.objects.items():
        s3.put_object(Bucket=bucket, Key=INCOMING + key, Body=body)
    return begun


def download(s3: "S3Client", bucket: str, key: str) -> bytes:
    """An object whole, or nothing where there is none yet."""
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchKey":
            raise
        return b""
