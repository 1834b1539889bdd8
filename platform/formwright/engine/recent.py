"""What a person worked on last."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Entity, Sort
from formwright.engine.gate import Query
from formwright.engine.reading import Choice, choices

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

_NEWEST = (Sort("updated_at", descending=True),)


def recent(unit: Unit, limit: int = 10) -> list[tuple[Entity, Choice, datetime]]:
    """Return the records that the actor changed last, newest first, as far as they are still open to it."""
    if unit.actor.id is None:
        return []
    found = []
    for name, entity in unit.catalog.entities.items():
        if entity.kind != "record" or not unit.access.may(Action.READ, name):
            continue
        query = Query(name, updated_by=unit.actor.id, sort=_NEWEST, limit=limit)
        found += [(entity, record) for record in unit.gate.read(query).records]
    found.sort(key=lambda pair: pair[1].updated_at, reverse=True)
    newest = found[:limit]
    titles = choices(unit, [record for _, record in newest])
    return [
        (entity, choice, record.updated_at)
        for (entity, record), choice in zip(newest, titles, strict=True)
    ]
