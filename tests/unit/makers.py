"""Makers of broken and odd inputs, and readers that turn what is raised into values to compare."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handler.errors import UnreadableError
from handler.inflation import inflate
from handler.luminance import Plane
from handler.pictures import read_frames
from handler.zips import walk

Member = tuple[str, bytes | str]
"""A member's name, and its bytes or the code of why it has none."""


def members(data: bytes, limit: int = 1 << 30) -> list[Member]:
    """The members of an archive as this project reads them; an archive that breaks ends with ("", code)."""
    found: list[Member] = []
    file = io.BytesIO(data)
    try:
        for entry in walk(file):
            try:
                found.append((entry.name, b"".join(inflate(file, entry, limit))))
            except UnreadableError as error:
                found.append((entry.name, error.code))
    except UnreadableError as error:
        found.append(("", error.code))
    return found


@dataclass(frozen=True)
class Frames:
    """What came of a picture: its planes, and the code of what ended it early."""

    planes: tuple[Plane, ...]
    code: str = ""
    sentence: str = ""


def frames(data: bytes, max_pixels: int = 1_000_000, max_frames: int = 100) -> Frames:
    """All of a picture."""
    planes: list[Plane] = []
    try:
        planes.extend(read_frames(data, max_pixels, max_frames))
    except UnreadableError as error:
        return Frames(tuple(planes), error.code, str(error))
    return Frames(tuple(planes))


def plane_of(data: bytes) -> Plane:
    """The one frame of a good picture."""
    (plane,) = read_frames(data, 1_000_000, 100)
    return plane


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A Pillow picture as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def drawing(high: int = 12, wide: int = 17) -> NDArray[np.uint8]:
    """A picture without any symmetry, dark on light: no turning or mirroring of it gives itself."""
    picture = np.full((high, wide), 250, np.uint8)
    picture[1, 2 : wide - 2] = 10
    picture[1 : high - 2, 2] = 60
    picture[4, 4] = 130
    return picture


def as_plane(picture: NDArray[np.uint8]) -> Plane:
    """The plane that a gray picture of 8 bits is read as."""
    return picture.astype(np.float32) / np.float32(255)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(wide: int, high: int, bits: int = 8, colour: int = 0) -> bytes:
    """The signature of a PNG and its header chunk."""
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, bits, colour, 0, 0, 0))


def archive(
    named: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED, comment: bytes = b"", prefix: bytes = b""
) -> bytes:
    """An archive by Python's `zipfile`; names may repeat, `prefix` is put before it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as written:
        for name, body in named:
            written.writestr(zipfile.ZipInfo(name), body, compress_type=method)
        written.comment = comment
    return prefix + file.getvalue()


def with_zip64(bodies: list[bytes], prefix: bytes = b"") -> bytes:
    """An archive whose directory and end record hold all numbers in their zip64 form."""
    local, directory = prefix, b""
    for number, body in enumerate(bodies):
        name, crc, offset = b"%d.png" % number, zlib.crc32(body), len(local) - len(prefix)
        full = 0xFFFFFFFF
        local += struct.pack("<4sHHHIIIIHH", b"PK\x03\x04", 45, 0, 0, 0, crc, full, full, len(name), 20) + name
        local += struct.pack("<HHQQ", 1, 16, len(body), len(body)) + body
        extra = struct.pack("<HHQQQ", 1, 24, len(body), len(body), offset)
        lengths = (len(name), len(extra), 0)
        directory += struct.pack(
            "<4sHHHHIIIIHHHHHII", b"PK\x01\x02", 45, 45, 0, 0, 0, crc, full, full, *lengths, 0, 0, 0, full
        )
        directory += name + extra
    start, count = len(local) - len(prefix), len(bodies)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(directory), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + directory + end64 + locator + end


def directory_at(data: bytes) -> int:
    """Where the central directory of a plain archive begins."""
    end = data.rfind(b"PK\x05\x06")
    (start,) = struct.unpack_from("<I", data, end + 16)
    return int(start)


def patched(data: bytes, position: int, value: bytes) -> bytes:
    """The same bytes, with others at `position`."""
    return data[:position] + value + data[position + len(value) :]


def mutated(data: bytes, changes: Sequence[tuple[int, int]], cut: int) -> bytes:
    """`data` with bytes replaced at places counted modulo its length, and `cut` bytes of its end missing."""
    changed = bytearray(data)
    for place, value in changes:
        changed[place % len(changed)] = value
    return bytes(changed[: max(0, len(changed) - cut)])


class CountingFile(io.BytesIO):
    """A file that notes which ranges of it are read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.ranges: list[tuple[int, int]] = []

    def read(self, size: int | None = -1) -> bytes:
        """Note the range, then read it."""
        start = self.tell()
        found = super().read(size)
        self.ranges.append((start, start + len(found)))
        return found

    def touched(self, start: int, end: int) -> bool:
        """Whether any byte from `start` up to `end` was read."""
        return any(low < end and start < high for low, high in self.ranges)


def tiled_tiff(side: int) -> bytes:
    """A TIFF of a few pixels whose directory says that they are in one tile of `side`."""
    tiff = bytearray(saved(Image.new("L", (28, 28)), "TIFF"))
    directory = int.from_bytes(tiff[4:8], "little")
    count = int.from_bytes(tiff[directory : directory + 2], "little")
    entries = bytes(tiff[directory + 2 : directory + 2 + 12 * count])
    tile = b"".join(struct.pack("<HHII", tag, 4, 1, side) for tag in (322, 323))
    start = len(tiff)
    tiff += struct.pack("<H", count + 2) + entries + tile + bytes(4)
    tiff[4:8] = start.to_bytes(4, "little")
    return bytes(tiff)
