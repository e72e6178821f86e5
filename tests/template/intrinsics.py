"""CloudFormation's intrinsic functions, as far as the template uses them: their values, and what they refer to."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Template = dict[str, Any]

PSEUDO: Final = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "digitdrop",
}
_NOTHING: Final = object()
_VARIABLE: Final = re.compile(r"\$\{([^}]+)\}")


def resources(template: Template, parameters: Mapping[str, object]) -> dict[str, Any]:
    """The template's resources under `parameters` (the rest: defaults), without those whose condition is false.

    A `Ref` to a resource becomes `<Name>`, a `GetAtt` `<Name.Attribute>`. Raises `KeyError` for an unknown name.
    """
    defaults = {name: found["Default"] for name, found in template["Parameters"].items() if "Default" in found}
    values = {name: str(value) for name, value in {**PSEUDO, **defaults, **parameters}.items()}
    names = {name: f"<{name}>" for name in template["Resources"]}
    scope = _Scope(template, {**names, **values})
    return {
        name: scope.resolve(resource)
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or scope.holds(resource["Condition"])
    }


class _Scope:
    """The names that intrinsics can mean, and the functions on them."""

    def __init__(self, template: Template, names: Mapping[str, str]) -> None:
        self._template = template
        self._names = names
        self._functions: dict[str, Callable[[Any], object]] = {
            "Ref": lambda name: _NOTHING if name == "AWS::NoValue" else names[name],
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": lambda text: _VARIABLE.sub(self._variable, text),
            "Fn::FindInMap": self._entry,
            "Fn::If": lambda branches: self.resolve(branches[1 if self.holds(branches[0]) else 2]),
            "Fn::Not": lambda only: not self.resolve(only[0]),
            "Fn::Equals": lambda pair: self.resolve(pair[0]) == self.resolve(pair[1]),
        }

    def resolve(self, value: object) -> object:
        if isinstance(value, list):
            return [found for found in map(self.resolve, value) if found is not _NOTHING]
        if not isinstance(value, dict):
            return value
        for name, argument in value.items():
            if len(value) == 1 and name in self._functions:
                return self._functions[name](argument)
        pairs = ((key, self.resolve(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not _NOTHING}

    def holds(self, condition: str) -> bool:
        return bool(self.resolve(self._template["Conditions"][condition]))

    def _attribute(self, path: list[str]) -> str:
        return f"{self._names[path[0]][:-1]}.{path[1]}>"

    def _variable(self, found: re.Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        return self._attribute([name, attribute]) if attribute else self._names[name]

    def _entry(self, keys: list[object]) -> object:
        mapping, first, second = map(self.resolve, keys)
        return self._template["Mappings"][mapping][first][second]


def references(value: object) -> Iterator[str]:
    """Every name that `value` refers to by Ref, GetAtt, Sub or DependsOn, those inside nested values too."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if isinstance(value, dict):
        for key, item in value.items():
            match key, item:
                case "Ref" | "DependsOn", str(name):
                    yield name
                case "DependsOn", names:
                    yield from names
                case "Fn::GetAtt", [str(name), *_]:
                    yield name
                case "Fn::Sub", str(text):
                    yield from (name.partition(".")[0] for name in _VARIABLE.findall(text))
                case _:
                    yield from references(item)
