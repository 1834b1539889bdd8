"""What a person worked on last."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Entity, Sort
from formwright.engine import access
from formwright.engine.reading import Choice, choices
from formwright.store.query import ListQuery

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit


def recent(unit: Unit, limit: int = 10) -> list[tuple[Entity, Choice, datetime]]:
    """Return the records that the actor changed last, newest first, as far as they are still open to it."""
    if unit.actor.id is None:
        return []
    found = []
    for name, entity in unit.catalog.entities.items():
        if entity.kind != "record" or not access.may(unit.catalog, unit.actor, Action.READ, name):
            continue
        row = unit.columns.record(name)
        scope = access.scope(unit, Action.READ, row)
        if scope is None:
            continue
        mine = (row.value("updated_by") == unit.actor.id, *scope)
        query = ListQuery(row, where=mine, sort=(Sort("updated_at", descending=True),), limit=limit)
        found += [(entity, record) for record in unit.tx.records.list(query).records]
    found.sort(key=lambda pair: pair[1].updated_at, reverse=True)
    newest = found[:limit]
    titles = choices(unit, [record for _, record in newest])
    return [
        (entity, choice, record.updated_at)
        for (entity, record), choice in zip(newest, titles, strict=True)
    ]
