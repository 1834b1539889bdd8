"""References from record to record: edges of lists, overflow of slots, who refers to whom, targets held fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, delete, func, insert, select
from sqlalchemy.sql.selectable import Select

from formwright.definitions.model import Entity, Field
from formwright.store import codec, tables
from formwright.store.problems import MissingTarget
from formwright.store.unit import Shape, Unit


def is_edge(field: Field) -> bool:
    """Tell whether the field is a list of references, which always has edges."""
    return bool(field.target) and codec.is_stored(field) and codec.is_list(field)


def linked(shape: Shape, entity: Entity) -> list[Field]:
    """Return the fields of ``entity`` whose references are kept as edges."""
    written = shape.place(entity.name).written
    return [
        field
        for field in entity.fields.values()
        if is_edge(field)
        or (field.is_reference and field.key not in written and field.key != entity.owner_field)
    ]


def edges(fields: Iterable[Field], document: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Return the (attribute, target) pairs of a document."""
    found: set[tuple[str, int]] = set()
    for field in fields:
        stored = document.get(field.key)
        if stored is not None:
            found.update(
                (field.key, target) for target in (stored if isinstance(stored, list) else [stored])
            )
    return found


def targets(
    entity: Entity, document: Mapping[str, Any], keys: Iterable[str]
) -> dict[str, set[int]]:
    """Return target entity -> ids of the references that ``document`` holds in the fields ``keys``."""
    found: dict[str, set[int]] = {}
    for key in keys:
        field = entity.fields.get(key)
        stored = document.get(key)
        if field is not None and field.target and codec.is_stored(field) and stored is not None:
            found.setdefault(field.target, set()).update(
                stored if isinstance(stored, list) else [stored]
            )
    return found


class Links:
    """The references of a workspace's records."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit
        self._held: set[tuple[str, int]] = set()

    def change(
        self, entity: str, record_id: int, before: set[tuple[str, int]], after: set[tuple[str, int]]
    ) -> None:
        """Bring the edges of a record from ``before`` to ``after``."""
        link = tables.link.c
        for attribute in {attribute for attribute, _ in before - after}:
            gone = [target for other, target in before - after if other == attribute]
            self._unit.connection.execute(
                delete(tables.link).where(
                    *self._mine(entity),
                    link.attribute == attribute,
                    link.record_id == record_id,
                    link.target_id.in_(gone),
                )
            )
        if after - before:
            self._unit.connection.execute(
                insert(tables.link),
                [self.row(entity, record_id, *edge) for edge in sorted(after - before)],
            )

    def row(self, entity: str, record_id: int, attribute: str, target: int) -> dict[str, Any]:
        """Return one edge as a row."""
        return {
            "workspace_id": self._unit.workspace,
            "entity_id": self._unit.shape.place(entity).id,
            "attribute": attribute,
            "record_id": record_id,
            "target_id": target,
        }

    def release_all(self, entity: str, record_ids: Sequence[int], *, known: bool = True) -> None:
        """Remove every edge that starts at some records; ``known`` false also those of former definitions."""
        if not known or linked(self._unit.shape, self._unit.shape.entity(entity)):
            self._unit.connection.execute(
                delete(tables.link).where(
                    *self._mine(entity), tables.link.c.record_id.in_(record_ids)
                )
            )

    def hold(self, wanted: Mapping[str, set[int]]) -> None:
        """Make sure that records to be referred to exist, and stay until this transaction ends.

        Raises MissingTarget. On PostgreSQL the rows are share-locked against deletion; on SQLite nobody
        else writes meanwhile.
        """
        record = tables.record.c
        for entity, all_ids in sorted(wanted.items()):
            record_ids = {number for number in all_ids if (entity, number) not in self._held}
            if not record_ids:
                continue
            query = select(record.id).where(
                record.workspace_id == self._unit.workspace,
                record.entity_id == self._unit.shape.place(entity).id,
                record.id.in_(sorted(record_ids)),
            )
            if self._unit.is_postgres:
                query = query.order_by(record.id).with_for_update(key_share=True, read=True)
            missing = record_ids - set(self._unit.connection.scalars(query))
            if missing:
                raise MissingTarget(entity, sorted(missing))
            self._held.update((entity, number) for number in record_ids)

    def note_new(self, entity: str, record_ids: Iterable[int]) -> None:
        """Remember records that this transaction has made: nobody else can delete them yet."""
        self._held.update((entity, number) for number in record_ids)

    def note_gone(self, entity: str, record_ids: Iterable[int]) -> None:
        """Forget records that this transaction has taken away."""
        self._held.difference_update((entity, number) for number in record_ids)

    def referring(self, entity: str, key: str, target_ids: Sequence[int]) -> Select[int, int]:
        """Return the query for (record id, target id) of the records whose field ``key`` refers to some records."""
        shape = self._unit.shape
        definition = shape.entity(entity)
        field = definition.fields[key]
        if any(field.key == other.key for other in linked(shape, definition)):
            link = tables.link.c
            return select(link.record_id, link.target_id).where(
                *self._mine(entity), link.attribute == key, link.target_id.in_(target_ids)
            )
        record = tables.record
        column = record.c[_column(shape, definition, key)]
        return select(record.c.id, column).where(
            record.c.workspace_id == self._unit.workspace,
            record.c.entity_id == shape.place(entity).id,
            column.in_(target_ids),
        )

    def count(self, entity: str, key: str, target_ids: Sequence[int]) -> int:
        """Return how many records refer to some records through one field."""
        inner = self.referring(entity, key, target_ids).subquery()
        return self._unit.connection.execute(select(func.count()).select_from(inner)).scalar_one()

    def _mine(self, entity: str) -> tuple[ColumnElement[bool], ...]:
        link = tables.link.c
        return link.workspace_id == self._unit.workspace, link.entity_id == self._unit.shape.place(
            entity
        ).id


def _column(shape: Shape, definition: Entity, key: str) -> str:
    if key == definition.owner_field:
        return "owner_id"
    return shape.place(definition.name).written[key]


def backlink_condition(
    shape: Shape, entity: str, key: str, table: FromClause, target: ColumnElement[int]
) -> ColumnElement[bool]:
    """Return the condition that a row of ``table``, a record of ``entity``, refers to ``target`` through ``key``."""
    definition = shape.entity(entity)
    if any(field.key == key for field in linked(shape, definition)):
        link = tables.link.alias()
        return (
            select(link.c.record_id)
            .where(
                link.c.workspace_id == shape.workspace,
                link.c.entity_id == shape.place(entity).id,
                link.c.attribute == key,
                link.c.target_id == target,
                link.c.record_id == table.c.id,
            )
            .exists()
        )
    return table.c[_column(shape, definition, key)] == target
