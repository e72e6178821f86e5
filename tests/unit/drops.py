"""Small drops, and what is read of them as values to compare."""

import dataclasses
import io
import tarfile
from collections.abc import Iterator

import numpy as np
from PIL import Image

from handler.batches import read_batch
from handler.contents import SNIFF_BYTES, sniff
from handler.members import Picture
from handler.settings import Settings
from tests.doubles import bar, encoded, zipped
from tests.unit.makers import saved

SETTINGS = Settings("digits")
PNG = encoded(bar(4, 20))
ZIP = zipped({"a.png": PNG})
TIFF_PAGES = saved(Image.fromarray(bar(4, 20)), "TIFF", save_all=True, append_images=[Image.fromarray(bar(20, 4))] * 2)
LINE = tuple[str, int | None, str]
"""Name, frame, and the code of the error, or nothing."""


def lines(pictures: Iterator[Picture]) -> list[LINE]:
    """Pictures as values to compare; each has a plane or a reason, and never both."""
    found = []
    for picture in pictures:
        assert (picture.plane is None) != (picture.error is None)
        found.append((picture.name, picture.frame, picture.error.code if picture.error else ""))
    return found


def batch(data: bytes, name: str = "x.zip", **changes: int) -> list[LINE]:
    """The pictures of a batch, with some settings changed."""
    with_changes = dataclasses.replace(SETTINGS, **changes)  # type: ignore[arg-type]  # only the caps are changed
    return lines(read_batch(io.BytesIO(data), sniff(data[:SNIFF_BYTES], name), name, with_changes))


def sentence(pictures: Iterator[Picture]) -> str:
    """What the last picture's error says."""
    return str(list(pictures)[-1].error)


def tar() -> bytes:
    """A tar archive of one picture."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archived:
        info = tarfile.TarInfo("a.png")
        info.size = len(PNG)
        archived.addfile(info, io.BytesIO(PNG))
    return file.getvalue()


def npy() -> bytes:
    """A NumPy array of one picture."""
    file = io.BytesIO()
    np.save(file, bar(4, 20))
    return file.getvalue()
