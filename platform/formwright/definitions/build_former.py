"""Former keys: each must tell beyond doubt where the values of yesterday belong."""

from __future__ import annotations

from formwright.definitions.building import Building, EntityDraft
from formwright.definitions.parts import Part
from formwright.texts import say


def check_former_keys(building: Building) -> None:
    """Note former keys that cannot tell where values come from: still in use, or claimed twice."""
    claimed: dict[str, str] = {}
    for draft in building.entities.values():
        for index, former in enumerate(draft.part.get("was", ())):
            name = f"{draft.package}.{former}"
            if name in building.entities:
                _in_use(building, draft.part, index, former)
            elif claimed.setdefault(name, draft.name) != draft.name:
                _twice(building, draft.part, index, former, claimed[name])
        _check_fields(building, draft)


def _check_fields(building: Building, draft: EntityDraft) -> None:
    claimed: dict[str, str] = {}
    for key, part in draft.parts.items():
        for index, former in enumerate(part.get("was", ())):
            if former in draft.fields:
                _in_use(building, part, index, former)
            elif claimed.setdefault(former, key) != key:
                _twice(building, part, index, former, claimed[former])


def _in_use(building: Building, part: Part, index: int, former: str) -> None:
    message = say("'%(name)s' is still a key of its own, so it cannot be a former one", name=former)
    building.problem(part.at_item("was", index), "FW209", message)


def _twice(building: Building, part: Part, index: int, former: str, other: str) -> None:
    message = say(
        "'%(name)s' is a former key of '%(other)s' already; values go to one field only",
        name=former,
        other=other,
    )
    building.problem(part.at_item("was", index), "FW209", message)
