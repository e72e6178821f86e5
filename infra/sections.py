"""Parts of a template that can be asked for their values, which are resolved then; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.intrinsics import NO_VALUE, Resolver, TemplateError

_REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Section:
    """One mapping of the template, its values resolved as they are asked for."""

    resolver: Resolver
    values: Mapping[str, Any]
    where: str
    """Its place in the template, for errors."""

    @property
    def name(self) -> str:
        """The last part of its place."""
        return self.where.rpartition(".")[2]

    def get(self, name: str, default: object = _REQUIRED) -> Any:  # noqa: ANN401  # a template holds any kind of value
        """The value of `name`, or else `default`; `TemplateError` where there is neither."""
        found = self.resolver.resolve(self.values[name], f"{self.where}.{name}") if name in self.values else NO_VALUE
        if found is not NO_VALUE:
            return found
        if default is _REQUIRED:
            raise TemplateError(f"{self.where}.{name} is missing")
        return default

    def section(self, name: str) -> "Section":
        """The mapping under `name`; an empty one where there is none."""
        values = self.values.get(name, {})
        where = f"{self.where}.{name}"
        if not isinstance(values, dict):
            raise TemplateError(f"{where} is {values!r}, where a mapping was expected")
        return Section(self.resolver, values, where)

    def number(self, name: str, default: object = _REQUIRED) -> float:
        """A value that must be a number."""
        found = self.get(name, default)
        try:
            return float(found)
        except (TypeError, ValueError):
            raise TemplateError(f"{self.where}.{name} is {found!r}, where a number was expected") from None


def properties(resolver: Resolver, resource: str) -> Section:
    """The properties of a resource."""
    where = f"Resources.{resource}"
    return Section(resolver, resolver.template["Resources"][resource].get("Properties", {}), where)


def only(resolver: Resolver, kind: str, fits: Callable[[Section], bool]) -> Section:
    """The properties of the one resource of a kind that `fits`."""
    names = [name for name, entry in resolver.template["Resources"].items() if entry.get("Type") == kind]
    found = [section for section in (properties(resolver, name) for name in names) if fits(section)]
    if len(found) != 1:
        raise TemplateError(f"Resources: the local stack needs one {kind} that fits, and finds {len(found)}")
    return found[0]
