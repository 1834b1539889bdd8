"""Paths through fields, as columns, sort keys and searches name them."""

from __future__ import annotations

from dataclasses import dataclass

from formwright.definitions.building import BUILT_IN_KINDS, Building
from formwright.definitions.model import Field
from formwright.errors import Location
from formwright.expressions.kinds import Base
from formwright.texts import Label, say

_COLUMN_TITLES = {
    "id": say("ID"),
    "created_at": say("Created on"),
    "created_by": say("Created by"),
    "updated_at": say("Changed on"),
    "updated_by": say("Changed by"),
    "version": say("Version"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Where a path ends: a field, or a column that every record has (then ``field`` is None)."""

    path: str
    field: Field | None
    title: Label


def built_in_title(key: str) -> Label:
    """Return the title of a column that every record has, in every language."""
    text = _COLUMN_TITLES[key]
    return Label(str(text), {"zh-CN": text.in_language("zh-CN")})


def find_path(
    building: Building, entity: str, path: str, place: Location, *, most: int = 2
) -> Found | None:
    """Return where ``path`` leads from ``entity``; None, with a problem, when a step leads nowhere.

    ``most`` is how many steps it may have: a field, or a field of a record that is referred to.
    """
    steps = path.split(".")
    found: Field | None = None
    for index, key in enumerate(steps):
        draft = building.entities[entity]
        if key in BUILT_IN_KINDS or key == "id":
            if index + 1 < len(steps):
                break
            return Found(path, None, built_in_title(key))
        found = building.field(entity, key, place)
        if found is None:
            return None
        if index + 1 == len(steps):
            return Found(path, found, found.title)
        if (
            found.kind.base is Base.OBJECT
            and index + 2 == len(steps)
            and steps[-1] in found.kind.members
        ):
            return Found(path, found, found.title)
        if not found.is_reference or found.target not in building.entities:
            message = say(
                "'%(name)s' of '%(entity)s' leads to no single record", name=key, entity=draft.name
            )
            building.problem(place, "FW206", message)
            return None
        entity = found.target
        if index + 1 >= most:
            break
    message = say(
        "the path '%(path)s' has too many steps: at most %(limit)s", path=path, limit=most
    )
    building.problem(place, "FW206", message)
    return None
