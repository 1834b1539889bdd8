"""Every change of every record: who, when, through what, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Integer, bindparam, select

from formwright import ids
from formwright.definitions.model import Entity
from formwright.store import direct, tables
from formwright.store.codec import carried, former_keys
from formwright.store.unit import Unit

CREATE, UPDATE, DELETE, RESTORE = "create", "update", "delete", "restore"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry; ``changes`` holds key -> (before, after) in stored form, None for empty."""

    id: int
    at: datetime
    by: int | None
    channel: str
    version: int
    operation: str
    changes: Mapping[str, Sequence[Any]]


class History:
    """The history of the records of a workspace."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit

    def append(
        self,
        entity: str,
        record_id: int,
        operation: str,
        changes: Mapping[str, Any],
        *,
        version: int,
        by: int | None,
        channel: str,
    ) -> None:
        """Add one entry; for ``create``, ``changes`` is the document itself, else key -> [before, after].

        Nothing is written for an entity whose history is off. Fields that are not tracked are left out.
        """
        definition = self._unit.shape.entity(entity)
        if not definition.history:
            return
        direct.insert_row(
            self._unit.connection,
            tables.history,
            {
                "workspace_id": self._unit.workspace,
                "entity_id": self._unit.shape.place(entity).id,
                "record_id": record_id,
                "id": ids.new_id(),
                "at": self._unit.now,
                "by": by,
                "version": version,
                "channel": channel,
                "operation": operation,
                "changes": orjson.dumps(tracked(definition, changes)).decode(),
            },
        )

    def page(
        self, entity: str, record_id: int, older_than: str = "", limit: int = 20
    ) -> tuple[list[Change], str]:
        """Return entries, newest first, and the token by which the older ones are asked for ("" when there are none)."""
        found = self.of(entity, record_id, ids.parse_id(older_than), limit + 1)
        shown = found[:limit]
        return shown, ids.format_id(shown[-1].id) if len(found) > limit else ""

    def of(
        self, entity: str, record_id: int, after: int | None = None, limit: int = 50
    ) -> list[Change]:
        """Return the newest entries of a record, or those that came before the entry ``after``."""
        query = _OF
        if after is not None:
            query = query.where(tables.history.c.id < after)
        asked = {
            "workspace": self._unit.workspace,
            "entity": self._unit.shape.place(entity).id,
            "record": record_id,
            "limit": limit,
        }
        former = former_keys(self._unit.shape.entity(entity))
        found = [_change(*row) for row in self._unit.connection.execute(query, asked)]
        if not former:
            return found
        return [replace(each, changes=carried(each.changes, former)) for each in found]


_column = tables.history.c
#: The entries of a record, newest first; built once, as every record page asks for them.
_OF = (
    select(
        _column.id,
        _column.at,
        _column.by,
        _column.channel,
        _column.version,
        _column.operation,
        _column.changes,
    )
    .where(
        _column.workspace_id == bindparam("workspace"),
        _column.entity_id == bindparam("entity"),
        _column.record_id == bindparam("record"),
    )
    .order_by(_column.id.desc())
    .limit(bindparam("limit", type_=Integer()))
)


def untracked(definition: Entity) -> frozenset[str]:
    """Return the fields of an entity that are kept out of the history."""
    return frozenset(
        key for key, field in definition.fields.items() if not field.track or field.write_only
    )


def tracked(definition: Entity, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``changes`` without the fields that are kept out of the history."""
    hidden = untracked(definition)
    return (
        {key: change for key, change in changes.items() if key not in hidden} if hidden else changes
    )


def _change(
    number: int,
    at: datetime,
    by: int | None,
    channel: str,
    version: int,
    operation: str,
    changes: Mapping[str, Any],
) -> Change:
    if operation == CREATE:
        changes = {key: (None, after) for key, after in changes.items()}
    return Change(number, at, by, channel, version, operation, changes)
