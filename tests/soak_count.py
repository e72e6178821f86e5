"""What must lie in the bucket and in the dead-letter queue after a soak, and what does."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from botocore.exceptions import ClientError
from numpy.typing import NDArray
from PIL import Image

from handler.events import unwrap
from infra.running import Running
from tests.stacks import s3_of


@dataclass
class Expected:
    """What was dropped, as it is now."""

    batches: dict[str, list[str]] = field(default_factory=dict)
    """Names of the images, by key."""
    images: dict[str, int] = field(default_factory=dict)
    """Numbers of frames, by key."""
    poison: list[str] = field(default_factory=list)
    """Bodies of messages."""
    killers: list[str] = field(default_factory=list)
    """Keys."""

    def summary(self) -> str:
        """Counts."""
        named, frames = sum(map(len, self.batches.values())), sum(self.images.values())
        return (
            f"expected: {len(self.batches)} batches with {named} rows, {len(self.images)} loose images with {frames}; "
            f"dead letters: {len(self.poison)} poison, {len(self.killers)} killers"
        )

    def csvs(self) -> dict[str, list[tuple[str, str]]]:
        """(image, frame) of each row, by key of the CSV."""
        found = {
            f"predictions/{key.removeprefix('incoming/')}.csv": [(name, "") for name in names]
            for key, names in self.batches.items()
        }
        for key, frames in sorted(self.images.items()):
            folder, _, name = key.removeprefix("incoming/").rpartition("/")
            rows = [(name, str(number)) for number in range(frames)] if frames > 1 else [(name, "")]
            found.setdefault(f"predictions/{folder}/predictions.csv", []).extend(rows)
        return found


def differences(stack: Running, expected: Expected, letters: list[str]) -> list[str]:
    """What is not as expected, a line for each; `letters` are the bodies of all dead letters."""
    return [*_csv_differences(stack, expected), *_letter_differences(letters, expected)]


def repeated(letters: list[str], expected: Expected) -> list[str]:
    """Killers that are dead letters more than once, which is a difference that has one known reason.

    A process that is killed while it sends a drop afresh, and before it deletes the message that brought it, leaves it
    in two messages. SQS knows no way to do both at once.
    """
    found = Counter(map(_name, letters))
    return [key for key in expected.killers if found[key] > 1]


def in_frames(pixels: NDArray[np.uint8], frames: int) -> bytes:
    """A TIFF that holds a picture so often."""
    file = io.BytesIO()
    first, *others = [Image.fromarray(pixels)] * frames
    first.save(file, "TIFF", save_all=True, append_images=others)
    return file.getvalue()


def _csv_differences(stack: Running, expected: Expected) -> Iterator[str]:
    for key, rows in expected.csvs().items():
        try:
            body = s3_of(stack.place).get_object(Bucket=stack.stack.bucket, Key=key)["Body"].read()
        except ClientError as error:
            yield f"{key}: {error}"
            continue
        read = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
        found = [(row["image"], row["frame"]) for row in read]
        if found != rows:
            missing, more = Counter(rows) - Counter(found), Counter(found) - Counter(rows)
            yield f"{key}: {len(found)} rows, expected {len(rows)}; missing {dict(missing)}; too many {dict(more)}"
        if errors := [row for row in read if row["status"] == "error"]:
            yield f"{key}: {errors}"


def _letter_differences(bodies: list[str], expected: Expected) -> Iterator[str]:
    wanted, found = Counter(expected.poison + expected.killers), Counter(map(_name, bodies))
    for name, count in (wanted - found).items():
        yield f"not among the dead letters: {name} ({count} fewer)"
    for name, count in (found - wanted).items():
        yield f"among the dead letters: {name} ({count} more)"


def _name(body: str) -> str:
    """The key that a dead letter brings, or the body itself where it brings none."""
    try:
        keys = [found.key for message in unwrap(json.loads(body)).messages for found in message.drops]
    except Exception:  # noqa: BLE001  # poison, of any kind
        return body
    return " and ".join(keys) or body
