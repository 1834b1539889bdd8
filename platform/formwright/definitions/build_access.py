"""Roles, and grants by what they allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from formwright.definitions.building import Building
from formwright.definitions.model import Action, Grant, Role
from formwright.texts import say


def roles(building: Building) -> dict[str, Role]:
    """Return all roles by qualified name."""
    found: dict[str, Role] = {}
    for name, part in building.all_of("role"):
        inherited = (
            building.find("role", other, part.package, part.at_item("inherits", index))
            for index, other in enumerate(part.get("inherits", ()))
        )
        found[name] = Role(
            part.key, part.package, building.label(part, "title"), building.label(part, "description"),
            tuple(other for other in inherited if other), bool(part.get("two_factor", False)),
        )  # fmt: skip
    for name, part in building.all_of("role"):
        cycle = _cycle(found, name)
        if cycle:
            message = say("the role inherits itself: %(cycle)s", cycle=" → ".join(cycle))
            building.problem(part.at("inherits"), "FW207", message)
    return found


def _cycle(found: Mapping[str, Role], start: str) -> list[str]:
    """Return a way from ``start`` back to itself, or nothing."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for other in found[way[-1]].inherits:
            if other == start:
                return [*way, start]
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []


def by_entity_and_action(
    all_grants: Iterable[Grant],
) -> Mapping[tuple[str, Action], tuple[Grant, ...]]:
    """Return the grants by what they allow on what."""
    found: dict[tuple[str, Action], tuple[Grant, ...]] = {}
    for grant in all_grants:
        for action in grant.actions:
            key = (grant.entity, action)
            found[key] = (*found.get(key, ()), grant)
    return MappingProxyType(found)
