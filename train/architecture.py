"""The architecture in an `.h5` file, as JSON: refused unless every part of it is one of Keras' own that is known here.

Keras builds whatever the JSON names, at any depth, and some of that runs code or reads files: `Lambda` holds a
marshalled Python function (CVE-2025-9905 ran it in spite of `safe_mode`), `TFSMLayer` and `StringLookup` open paths.
So a list says what may be there, not what may not.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final

from train.errors import PublishError
from train.ingredients import ACTIVATIONS, LAYERS, MODELS, PARTS

MAX_CHARACTERS: Final = 8 << 20
"""Of the JSON; the largest model of keras.applications takes less than one million."""
MAX_LAYERS: Final = 2000
MAX_STRING: Final = 1000
"""No setting of a layer is longer; marshalled code and pickles are."""

_SHOWN: Final = 80
_MODULE: Final = re.compile(r"(tf_)?keras(\.src)?(\.[a-z_0-9]+){0,3}|builtins")
_MERGES: Final = frozenset({"Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average", "Dot", "Concatenate"})
"""Layers that have the name of an operator, which `model.save` writes without any settings."""
_IN_OTHER_WORDS: Final = {
    "Lambda": "it is Python code in the file: put layers such as Rescaling, Reshape or Resizing in its place",
    "TFOpLambda": "it is an operator or function on tensors: put layers such as Rescaling or Add in its place",
    "SlicingOpLambda": "it is a slice of a tensor: put layers such as Cropping2D in its place",
}


def check(text: str) -> None:
    """Raise `PublishError`, which names the layer, unless `text` holds nothing but what is known here."""
    if len(text) > MAX_CHARACTERS:
        raise PublishError(f"its architecture is JSON of {len(text)} characters, more than {MAX_CHARACTERS}: shrink it")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PublishError(f"its architecture is not JSON ({error}): save it again") from error
    if not (isinstance(config, dict) and _is_in(config.get("class_name"), MODELS)):
        kind = config.get("class_name") if isinstance(config, dict) else config
        raise PublishError(
            f"its architecture is {_short(kind)}, and none of {', '.join(sorted(MODELS))}: save a whole model"
        )
    layers = 0
    for part, owner in _parts(config):
        layers += _is_in(part.get("class_name"), LAYERS)
        if layers > MAX_LAYERS:
            raise PublishError(f"it has more than {MAX_LAYERS} layers: shrink it")
        _check_part(part, owner)


def _parts(config: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every object of the JSON with the name of the layer that it belongs to, outermost first, at whatever depth."""
    waiting: list[tuple[Any, str]] = [(config, "the model")]
    while waiting:
        value, owner = waiting.pop()
        if isinstance(value, dict):
            owner = _owner(value, owner)
            yield value, owner
            waiting.extend((item, owner) for item in value.values())
        elif isinstance(value, list):
            waiting.extend((item, owner) for item in value)
        elif isinstance(value, str) and len(value) > MAX_STRING:
            raise PublishError(f"{owner} holds a string of {len(value)} characters, which no setting is: remove it")


def _owner(part: dict[str, Any], owner: str) -> str:
    """Parts with a name of their own are layers; an initialiser or an activation belongs to the layer around it."""
    config = part.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    if "class_name" not in part or _is_in(part["class_name"], PARTS - LAYERS) or not isinstance(name, str):
        return owner
    return f"layer {_short(name)}"


def _check_part(part: dict[str, Any], owner: str) -> None:
    if part.get("compile_config"):
        raise PublishError(f"{owner} brings settings of its training along: save it as .h5 with Keras' own model.save")
    if isinstance(part.get("layers"), list):
        _check_names(part["layers"], owner)
    for key, value in part.items():
        if (key == "activation" or key.endswith("_activation")) and isinstance(value, str):
            _check_activation(value, owner)
    if "class_name" not in part:
        return
    kind, name = part["class_name"], part.get("registered_name")
    if kind == "function":
        _check_activation(part.get("config"), owner)
        known: tuple[Any, ...] = (None, "function", part.get("config"))
    elif _is_in(kind, LAYERS | PARTS):
        known = (None, kind)
    else:
        reason = _IN_OTHER_WORDS.get(kind) if isinstance(kind, str) else None
        reason = reason or "it is not one of Keras' own that can be published: put layers of Keras in its place"
        raise PublishError(f"{owner} is or has a {_short(kind)}; {reason}, and save it again")
    config = part.get("config")
    if kind in _MERGES and isinstance(config, dict) and "trainable" not in config:
        sign = f"{owner} is the operator {kind} on tensors, which .h5 files do not keep"
        raise PublishError(f"{sign}: put a layer in its place, such as Rescaling or keras.layers.{kind}")
    module = part.get("module", "keras")
    if name not in known or not (isinstance(module, str) and _MODULE.fullmatch(module)):
        where = f"registered as {_short(name)} in the module {_short(module)}"
        raise PublishError(f"{owner} has a {_short(kind)} {where}, which is not Keras' own: use Keras' own")


def _check_activation(name: object, owner: str) -> None:
    if not _is_in(name, ACTIVATIONS):
        raise PublishError(f"{owner} has the activation {_short(name)}, which is not Keras' own: use one of Keras'")


def _check_names(layers: list[Any], owner: str) -> None:
    """Keras connects layers by their names, and would connect others than were meant."""
    configs = [layer.get("config") for layer in layers if isinstance(layer, dict)]
    names = Counter(str(config["name"]) for config in configs if isinstance(config, dict) and "name" in config)
    for name, count in names.most_common(1):
        if count > 1:
            raise PublishError(f"{owner} has {count} layers of the name {_short(name)}: give each a name of its own")


def _is_in(value: object, names: AbstractSet[str]) -> bool:
    """JSON may hold anything where a name should be, also what no set can be asked for."""
    return isinstance(value, str) and value in names


def _short(value: object) -> str:
    """A value of the file, fit to be printed: no control characters, not long."""
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
