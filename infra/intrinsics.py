"""CloudFormation's YAML and its intrinsic functions, as far as `template.yaml` uses them; pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from handler.errors import DigitdropError

NO_VALUE: Final = object()
"""What `AWS::NoValue` resolves to: the property counts as left out."""


class TemplateError(DigitdropError, ValueError):
    """The template holds something that cannot be read here; names the place in it."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Ref X` reads as `{"Ref": X}`, `!Sub X` as `{"Fn::Sub": X}`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = node.value
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def load_template(text: str) -> dict[str, Any]:
    """The template as plain dicts and lists; `TemplateError` where it is not YAML with `Resources`."""
    try:
        loaded = yaml.load(text, Loader=_Loader)  # noqa: S506  # _Loader is a SafeLoader
    except yaml.YAMLError as error:
        raise TemplateError(f"the template is not YAML: {error}") from error
    if not isinstance(loaded, dict) or not isinstance(loaded.get("Resources"), dict):
        raise TemplateError("the template has no Resources")
    return loaded


@dataclass(frozen=True, slots=True)
class Resolver:
    """Gives the value of anything in a template."""

    template: Mapping[str, Any]
    values: Mapping[str, Any]
    """Of parameters and pseudo parameters, by name."""
    attribute: Callable[["Resolver", str, str], str]
    """What `Ref` (attribute "") and `GetAtt` give for a resource; raises `KeyError` for what it does not know."""

    def resolve(self, value: Any, where: str) -> Any:  # noqa: ANN401  # a template holds any kind of value
        """`value` with all intrinsic functions in it replaced; `where` names its place in errors."""
        if isinstance(value, list):
            found = [self.resolve(item, f"{where}[{index}]") for index, item in enumerate(value)]
            return [item for item in found if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        name = next(iter(value), "")
        if len(value) == 1 and (name in ("Ref", "Condition") or name.startswith("Fn::")):
            return self._call(name, value[name], where)
        pairs = {key: self.resolve(item, f"{where}.{key}") for key, item in value.items()}
        return {key: item for key, item in pairs.items() if item is not NO_VALUE}

    def _call(self, name: str, argument: Any, where: str) -> Any:  # noqa: ANN401  # likewise
        functions: dict[str, Callable[[Any, str], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_attribute,
            "Fn::Sub": self._substitute,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._choose,
            "Fn::Equals": lambda pair, place: len({str(self.resolve(item, place)) for item in pair}) == 1,
            "Fn::Not": lambda one, place: not self.resolve(one[0], place),
            "Fn::And": lambda all_, place: all(self.resolve(item, place) for item in all_),
            "Fn::Or": lambda any_, place: any(self.resolve(item, place) for item in any_),
            "Condition": self._condition,
        }
        if name not in functions:
            raise TemplateError(f"{where}: {name} is not known here")
        try:
            return functions[name](argument, where)
        except TemplateError:
            raise
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise TemplateError(f"{where}: {name} {argument!r} cannot be resolved ({error!r})") from error

    def _ref(self, name: str, where: str) -> Any:  # noqa: ANN401  # likewise
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.values:
            return self.values[name]
        if name in self.template.get("Parameters", {}):
            raise TemplateError(f"{where}: parameter {name} has no default; give it with --parameter {name}=…")
        return self.attribute(self, name, "")

    def _get_attribute(self, path: list[str], where: str) -> str:
        return self.attribute(self, str(self.resolve(path[0], where)), str(self.resolve(path[1], where)))

    def _substitute(self, argument: str | list[Any], where: str) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):  # ${!literal}
                return f"${{{name[1:]}}}"
            if name in own:
                return str(self.resolve(own[name], where))
            resource, _, attribute = name.partition(".")
            return str(self.attribute(self, resource, attribute) if attribute else self._ref(name, where))

        return re.sub(r"\$\{([^}]+)\}", replacement, text)

    def _find_in_map(self, path: list[Any], where: str) -> Any:  # noqa: ANN401  # likewise
        name, first, second = (str(self.resolve(item, where)) for item in path)
        found: Any = self.template["Mappings"][name][first][second]
        return found

    def _choose(self, argument: list[Any], where: str) -> Any:  # noqa: ANN401  # likewise
        name, chosen, otherwise = argument
        return self.resolve(chosen if self._condition(name, where) else otherwise, where)

    def _condition(self, name: str, where: str) -> bool:
        return bool(self.resolve(self.template["Conditions"][name], f"{where} (condition {name})"))
