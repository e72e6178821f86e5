"""Zip and tar archives to named pictures, lazily: whatever happens to a member, the next is still read."""

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from handler import tars, zips
from handler.contents import ARRAY, COMPRESSED, SNIFF_BYTES, sniff
from handler.errors import SpentError, UnreadableError
from handler.inflation import inflate
from handler.members import Named, Packed, Picture, are_files, is_ignored, pack, pack_pngs, read_images, read_picture
from handler.pngs import START
from handler.settings import Settings
from handler.slices import Slices
from handler.streams import Budget, Stream, decompress, pieces_of


def read_zip(file: BinaryIO, budget: Budget, settings: Settings) -> Iterator[Picture]:
    """The pictures of a zip's members, in its order; `UnreadableError` where the archive breaks or passes a cap."""
    slices, number = Slices(file), 0
    for lines in zips.runs(file):
        small = _small(lines, slices, budget, settings) if number + len(lines) <= settings.max_members else None
        if small is not None:
            yield from small
            number += len(lines)
            continue
        for line in lines:
            entry = zips.Entry(*line)
            if number >= settings.max_members:
                raise _too_many(number, entry.name, settings.max_members)
            if not entry.name.endswith("/") and not is_ignored(entry.name):
                try:
                    yield from _read_entry(file, entry, slices, budget, settings)
                except SpentError as error:
                    raise _ending(number, entry.name, error) from error
            number += 1


def _small(lines: Sequence[zips.Line], slices: Slices, budget: Budget, settings: Settings) -> Sequence[Packed] | None:
    """What `_read_entry` gives for entries that all are small PNGs; None where one is not, or there is no budget."""
    names = [line[0] for line in lines]
    files = slices.run(lines, settings.max_member_bytes) if are_files(names) else None
    packed = pack_pngs(files, names, settings) if files else None
    return packed if files and packed and budget.pays(sum(map(len, files))) else None


def _read_entry(
    file: BinaryIO, entry: zips.Entry, slices: Slices, budget: Budget, settings: Settings
) -> Iterator[Picture]:
    """The pictures of a zip's member."""

    def reopen() -> Stream:
        return Stream(budget.spend(inflate(file, entry, settings.max_inflated_bytes)))

    data = slices.whole(entry, settings.max_member_bytes)
    if data and data.startswith(START) and (packed := pack(data, entry.name, settings)) and budget.pays(len(data)):
        yield packed
        return
    if data and not sniff(data[:SNIFF_BYTES], entry.name) and budget.pays(len(data)):
        yield from read_picture(data, entry.name, settings)
        return
    try:
        stream = reopen()
        if sniff(stream.peek(SNIFF_BYTES), entry.name) == ARRAY:
            yield from read_images(reopen, entry.name, settings)
        else:
            yield from _read_data(_whole(stream, settings), entry.name, budget, settings)
    except UnreadableError as error:
        yield Named(entry.name, error=error)


def read_tar(stream: Stream, budget: Budget, settings: Settings) -> Iterator[Picture]:
    """The pictures of a tar's members, in one pass; raises as `read_zip` does."""
    members = tars.walk(stream)
    number, name = 0, ""
    try:
        for number, member in enumerate(members):
            name = member.name
            if number >= settings.max_members:
                raise _too_many(number, name, settings.max_members)
            if member.folder or is_ignored(name):
                continue
            if member.other:
                sentence = f"{member.other} and not a file: put the picture itself into the archive"
                yield Named(name, error=UnreadableError("unsupported", sentence))
            elif member.size > settings.max_member_bytes:
                yield Named(name, error=_too_large(settings))
            else:
                data = stream.read(member.size)
                if len(data) < member.size:
                    raise UnreadableError("truncated", f"the tar ends inside its member {number + 1}, {name!a}")
                yield from _read_data(data, name, budget, settings)
    except SpentError as error:
        raise _ending(number, name, error) from error


def _read_data(data: bytes, name: str, budget: Budget, settings: Settings) -> Iterator[Picture]:
    """A member that is held: a picture, or an array, compressed or not; an archive is refused."""
    kind = sniff(data[:SNIFF_BYTES], name) if data else ""

    def reopen() -> Stream:
        file = io.BytesIO(data)
        return Stream(budget.spend(decompress(file, kind)) if kind in COMPRESSED else pieces_of(file))

    try:
        inner = sniff(reopen().peek(SNIFF_BYTES), "") if kind in COMPRESSED else kind
    except UnreadableError as error:
        yield Named(name, error=error)
        return
    if inner == ARRAY:
        yield from read_images(reopen, name, settings)
    elif kind:
        yield Named(name, error=UnreadableError("nested-archive", f"a {kind} inside an archive: upload it by itself"))
    else:
        yield from read_picture(data, name, settings)


def _whole(stream: Stream, settings: Settings) -> bytes:
    data = stream.read(settings.max_member_bytes + 1)
    if len(data) > settings.max_member_bytes:
        raise _too_large(settings)
    return data


def _too_many(number: int, name: str, most: int) -> UnreadableError:
    return UnreadableError("too-many-members", f"{_where(number, name)}: split it into archives of {most}")


def _too_large(settings: Settings) -> UnreadableError:
    return UnreadableError("too-large", f"more than {settings.max_member_bytes} bytes: scale it down")


def _ending(number: int, name: str, error: SpentError) -> UnreadableError:
    return UnreadableError("too-large", f"{_where(number, name)}: {error}, split it")


def _where(number: int, name: str) -> str:
    return f"the archive was read up to its member {number}, {name!a}, and no further"
