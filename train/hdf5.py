"""The structure of an `.h5` file: refused unless it is plain groups, numbers and names, all inside the file itself.

h5py opens the file, but follows no link and reads no value before it is known to be harmless: HDF5 files can point at
other files (CVE-2026-1669 read the host's through external storage), and declare far more than they hold
(CVE-2026-0897). What Keras would read is read here, too, so that whatever is damaged shows. The C library underneath
can crash on damaged files: `inspection.py` runs this in a process of its own.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any, Final

import h5py  # type: ignore[import-untyped]  # it has no types

from train.errors import PublishError

MAX_WEIGHTS: Final = 256 << 20
"""Bytes: 67 million float32. The function holds a model of that size twice over while it loads it."""
MAX_OBJECTS: Final = 20_000
MAX_ATTRIBUTE: Final = 16 << 20
"""Bytes."""
MAX_EXPANSION: Final = 1000
"""Deflate cannot make one byte of more than 1032."""
WEIGHTS: Final = "model_weights"
_ARCHITECTURE: Final = "model_config"
_FILTERS: Final = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_LINKS: Final = {h5py.h5l.TYPE_SOFT: "a soft link", h5py.h5l.TYPE_EXTERNAL: "a link to another file"}
_NUMBERS: Final = {h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM}
_AGAIN: Final = "load the model where it was made, and save it with model.save('model.h5')"


@dataclass(frozen=True, slots=True)
class Description:
    """What an `.h5` file says of its model."""

    architecture: str
    """The JSON that Keras will read."""
    keras: str
    """The version of Keras that wrote it; empty where it does not say."""


def description(path: Path) -> Description:
    """What the file says of its model, once all else in it is seen to be harmless.

    Raises `PublishError`, which names the link, the shape or whatever else is wrong; and whatever h5py raises.
    """
    with h5py.File(path, "r", locking=False) as file:
        sizes = dict(_walk(file))
        _check_weights(file, sizes)
        return Description(_text(file.attrs[_ARCHITECTURE]), _text(file.attrs.get("keras_version", "")))


def write_architecture(path: Path, text: str) -> None:
    """Replace the model's architecture in the file at `path`, one that `description` has passed; all else stays."""
    with h5py.File(path, "r+") as file:
        del file.attrs[_ARCHITECTURE]
        file.attrs[_ARCHITECTURE] = text.encode()


def _walk(file: h5py.File) -> Iterator[tuple[str, int]]:
    """The path and the declared bytes of each group (0) and data set, all checked."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", file.id)]
    while waiting:
        path, group = waiting.pop()
        _check_attributes(path, group)
        yield path, 0
        for raw in group:
            name = f"{path}/{raw.decode('utf-8', 'backslashreplace')}"
            link = group.links.get_info(raw).type
            if link != h5py.h5l.TYPE_HARD:
                raise PublishError(f"{name!a} is {_LINKS.get(link, 'a link of an unknown kind')}: {_AGAIN}")
            child = h5py.h5o.open(group, raw)
            address = h5py.h5o.get_info(child).addr
            if address in seen or len(seen) >= MAX_OBJECTS:
                raise PublishError(
                    f"{name!a} is a second name of another object: {_AGAIN}"
                    if address in seen
                    else f"it holds more than {MAX_OBJECTS} objects: {_AGAIN}"
                )
            seen.add(address)
            if isinstance(child, h5py.h5g.GroupID):
                waiting.append((name, child))
            elif isinstance(child, h5py.h5d.DatasetID):
                _check_attributes(name, child)
                yield name, _check_dataset(name, child)
            else:
                raise PublishError(f"{name!a} is neither a group nor a data set: {_AGAIN}")


def _check_dataset(name: str, dataset: Any) -> int:  # noqa: ANN401  # h5py has no types
    """The bytes that it declares."""
    properties = dataset.get_create_plist()
    if properties.get_external_count():
        raise PublishError(f"{name!a} has its values in another file, {properties.get_external(0)[0]!a}: {_AGAIN}")
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        raise PublishError(f"{name!a} is virtual: its values are in other data sets, or other files: {_AGAIN}")
    kind = dataset.get_type()
    if kind.get_class() not in _NUMBERS:
        raise PublishError(f"{name!a} holds {_class_name(kind)}, and not numbers: {_AGAIN}")
    filters = [properties.get_filter(index) for index in range(properties.get_nfilters())]
    for number, *_, title in filters:
        if number not in _FILTERS:
            raise PublishError(
                f"{name!a} is compressed by the filter {number} ({title!a}): save it without compression"
            )
    if dataset.get_space().get_simple_extent_type() == h5py.h5s.NULL:
        raise PublishError(f"{name!a} has no shape: {_AGAIN}")
    declared, stored = math.prod(dataset.shape) * kind.get_size(), dataset.get_storage_size()
    chunk = math.prod(properties.get_chunk()) * kind.get_size() if properties.get_layout() == h5py.h5d.CHUNKED else 0
    if max(declared, chunk) > MAX_WEIGHTS or declared > stored * (MAX_EXPANSION if filters else 1):
        raise PublishError(
            f"{name!a} has the shape {dataset.shape}, {max(declared, chunk)} bytes, of which the file holds {stored} "
            f"(at most {MAX_WEIGHTS} are read): a smaller model is needed"
        )
    return int(declared)


def _check_attributes(name: str, owner: Any) -> None:  # noqa: ANN401  # h5py has no types
    for index in range(h5py.h5a.get_num_attrs(owner)):
        attribute = h5py.h5a.open(owner, index=index)
        title = f"{name}@{attribute.name.decode('utf-8', 'backslashreplace')}"
        kind = attribute.get_type()
        if kind.get_class() not in _NUMBERS | {h5py.h5t.STRING}:
            raise PublishError(f"the attribute {title!a} holds {_class_name(kind)}: {_AGAIN}")
        size = math.prod(attribute.shape) * kind.get_size()
        if size > MAX_ATTRIBUTE:
            raise PublishError(f"the attribute {title!a} has the shape {attribute.shape}, {size} bytes: {_AGAIN}")


def _check_weights(file: h5py.File, sizes: dict[str, int]) -> None:
    """Follow the names that Keras follows, and read what it reads."""
    if _ARCHITECTURE not in file.attrs or f"/{WEIGHTS}" not in sizes:
        raise PublishError(
            f"it holds no whole model, since {_ARCHITECTURE if _ARCHITECTURE not in file.attrs else WEIGHTS} is "
            "missing: weights alone are not enough, save the model itself with model.save('model.h5')"
        )
    weights = file[WEIGHTS]
    layers = _names(weights, "layer_names")
    listed = [f"/{WEIGHTS}/{layer}" for layer in (*layers, "top_level_model_weights")]
    total = 0
    for layer in listed:
        if layer not in sizes:
            if layer.endswith("/top_level_model_weights"):
                continue  # which files of Keras 2 need not have
            raise PublishError(f"it lists the layer {layer!a}, which it does not hold: {_AGAIN}")
        for weight in _names(file[layer], "weight_names"):
            path = f"{layer}/{weight}"
            if path not in sizes or not isinstance(file[path], h5py.Dataset):
                raise PublishError(f"it lists the weight {path!a}, which it does not hold: {_AGAIN}")
            total += sizes[path]
            if total > MAX_WEIGHTS:
                raise PublishError(f"its weights are more than {MAX_WEIGHTS} bytes: a smaller model is needed")
            file[path][()]


def _names(group: h5py.Group, name: str) -> list[str]:
    """As Keras reads them: one attribute, or several that are numbered from 0 where one would be too large."""
    if name in group.attrs:
        return [_text(item) for item in group.attrs[name]]
    parts = takewhile(lambda part: part in group.attrs, (f"{name}{number}" for number in count()))
    return [_text(item) for part in parts for item in group.attrs[part]]


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str):
        return value
    raise PublishError(f"it holds {type(value).__name__} where a text should be: {_AGAIN}")


def _class_name(kind: Any) -> str:  # noqa: ANN401  # h5py has no types
    """Such as `references`, for a message."""
    names = {h5py.h5t.REFERENCE: "references", h5py.h5t.STRING: "text", h5py.h5t.COMPOUND: "records"}
    return names.get(kind.get_class(), "values of another kind")
