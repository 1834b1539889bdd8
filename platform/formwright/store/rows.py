"""Rows of the record table: typed records out, documents and slots in, changes only at the version expected."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError

from formwright.errors import Conflict, NotFound
from formwright.store import direct, tables
from formwright.store.codec import Codec, Encoded
from formwright.store.columns import RecordColumns
from formwright.store.columntypes import Raw
from formwright.store.problems import AlreadyStored
from formwright.store.unit import Unit
from formwright.store.values import Kept, Withheld
from formwright.texts import say

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it was read. ``values`` has every stored field; empty ones are None, or False."""

    entity: str
    id: int
    version: int
    values: Mapping[str, Any]
    owner_id: int | None
    created_at: datetime
    created_by: int | None
    updated_at: datetime
    updated_by: int | None
    parent_id: int | None = None
    position: int | None = None
    #: What the document holds beyond what the fields of today can read; written back as it is.
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    #: Which of the conditions asked for with it hold, one bit each.
    mark: int = 0
    #: Fields whose values are kept from the reader this copy is for; ``values`` has None for them.
    withheld: frozenset[str] = frozenset()
    #: Those of them of which something is shown, and what.
    masks: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    #: Fields that whoever the record was read for may not write.
    locked: frozenset[str] = frozenset()

    def without(self, keys: frozenset[str], masks: Mapping[str, str]) -> StoredRecord:
        """Return a copy for somebody who may not read the fields ``keys``, but the ``masks`` of some of them."""
        return replace(
            self, values=Withheld(self.values, keys), extra=_NOTHING, withheld=keys, masks=masks
        )


_record = tables.record.c
#: The columns a StoredRecord is made of, in the order that ``stored`` expects.
HEAD = (
    _record.id,
    _record.version,
    _record.owner_id,
    _record.created_at,
    _record.created_by,
    _record.updated_at,
    _record.updated_by,
    _record.parent_id,
    _record.position,
)
WHOLE = (*HEAD, type_coerce(_record.data, Raw()).label("data"))


def whole(row: RecordColumns) -> tuple[ColumnElement[Any], ...]:
    """Return the columns ``WHOLE`` of the record table or an alias of it."""
    return WHOLE if row.table is tables.record else row.whole(WHOLE)


def mark(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[int]:
    """Return a number with a bit for each condition that holds."""
    parts = [
        case((condition, literal(1 << number, Integer())), else_=literal(0, Integer()))
        for number, condition in enumerate(conditions)
    ]
    return reduce(operator.add, parts).label("mark")


_ONE = select(*WHOLE).where(
    _record.workspace_id == bindparam("workspace"),
    _record.entity_id == bindparam("entity"),
    _record.id == bindparam("id"),
)
_MANY = select(*WHOLE).where(
    _record.workspace_id == bindparam("workspace"),
    _record.entity_id == bindparam("entity"),
    _record.id.in_(bindparam("ids", expanding=True)),
)
_CHILDREN = (
    select(*WHOLE)
    .where(
        _record.workspace_id == bindparam("workspace"),
        _record.entity_id == bindparam("entity"),
        _record.parent_id.in_(bindparam("parents", expanding=True)),
    )
    .order_by(_record.parent_id, _record.position, _record.id)
)


def _narrowed(
    query: Select[Any],
    where: Sequence[ColumnElement[bool]],
    marks: Sequence[ColumnElement[bool]],
) -> Select[Any]:
    narrowed = query.where(*where) if where else query
    return narrowed.add_columns(mark(marks)) if marks else narrowed


class Rows:
    """Statements on the record table alone; what follows from them is the business of ``records``."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit

    def stored(self, entity: str, codec: Codec, row: Sequence[Any], held: int = 0) -> StoredRecord:
        """Return the record of a row that has the columns ``WHOLE``, with its ``mark``."""
        (
            number,
            version,
            owner,
            created_at,
            created_by,
            updated_at,
            updated_by,
            parent,
            position,
            data,
        ) = row
        values = codec.lazy(data)
        return StoredRecord(
            entity, number, version, values, owner, created_at, created_by, updated_at, updated_by, parent, position,
            Kept(values), held,
        )  # fmt: skip

    def one(
        self,
        entity: str,
        record_id: int,
        where: Sequence[ColumnElement[bool]] = (),
        marks: Sequence[ColumnElement[bool]] = (),
    ) -> StoredRecord | None:
        """Return a record if it exists and the conditions on it hold, with those of ``marks`` that do."""
        query = _narrowed(_ONE, where, marks)
        row = self._unit.connection.execute(query, self._key(entity) | {"id": record_id}).first()
        return self._read(entity, row, marked=bool(marks)) if row is not None else None

    def many(
        self,
        entity: str,
        record_ids: Iterable[int],
        where: Sequence[ColumnElement[bool]] = (),
        marks: Sequence[ColumnElement[bool]] = (),
    ) -> list[StoredRecord]:
        """Return those of some records that exist and meet the conditions, in the order asked for."""
        wanted = list(dict.fromkeys(record_ids))
        if not wanted:
            return []
        query = _narrowed(_MANY, where, marks)
        rows = self._unit.connection.execute(query, self._key(entity) | {"ids": wanted})
        found = {row[0]: self._read(entity, row, marked=bool(marks)) for row in rows}
        return [found[number] for number in wanted if number in found]

    def _read(self, entity: str, row: Sequence[Any], *, marked: bool) -> StoredRecord:
        codec = self._unit.shape.codec(entity)
        if not marked:
            return self.stored(entity, codec, row)
        return self.stored(entity, codec, row[:-1], row[-1])

    def children(self, entity: str, parent_ids: Iterable[int]) -> list[StoredRecord]:
        """Return the records of the child entity that belong to some parents, by parent and position."""
        parents = list(dict.fromkeys(parent_ids))
        if not parents:
            return []
        codec = self._unit.shape.codec(entity)
        rows = self._unit.connection.execute(_CHILDREN, self._key(entity) | {"parents": parents})
        return [self.stored(entity, codec, row) for row in rows]

    def add(self, record: StoredRecord, encoded: Encoded) -> None:
        """Insert one row; AlreadyStored when its id is taken."""
        try:
            direct.insert_row(self._unit.connection, tables.record, self.row(record, encoded))
        except IntegrityError as error:
            raise AlreadyStored(record.id) from error
        self.note_nulls(
            record.entity, (column for column, value in encoded.slots.items() if value is None)
        )

    def row(self, record: StoredRecord, encoded: Encoded) -> dict[str, Any]:
        """Return a record as the values of a row."""
        return self._key_columns(record.entity) | {
            "id": record.id,
            "owner_id": record.owner_id,
            "parent_id": record.parent_id,
            "position": record.position,
            "created_at": record.created_at,
            "created_by": record.created_by,
            "updated_at": record.updated_at,
            "updated_by": record.updated_by,
            "version": record.version,
            "data": encoded.json(),
            **encoded.slots,
        }

    def change(
        self,
        entity: str,
        record_id: int,
        version: int,
        values: Mapping[str, Any],
        where: Sequence[ColumnElement[bool]] = (),
    ) -> None:
        """Set columns of the row if it still has ``version`` and the conditions hold, and count the version up.

        Raises Conflict when somebody else changed it, NotFound when it is gone or out of the conditions' reach.
        """
        if self._set(entity, record_id, version, {"version": version + 1, **values}, where) != 1:
            self.explain(entity, record_id, version, where)
        self.note_nulls(entity, (column for column, value in values.items() if value is None))

    def _set(
        self,
        entity: str,
        record_id: int,
        version: int,
        values: Mapping[str, Any],
        where: Sequence[ColumnElement[bool]],
    ) -> int:
        key = {**self._key_columns(entity), "id": record_id, "version": version}
        if not where:
            return direct.update_rows(self._unit.connection, tables.record, key, values)
        same = (tables.record.c[name] == value for name, value in key.items())
        statement = update(tables.record).where(*same, *where).values(**values)
        return self._unit.connection.execute(statement).rowcount

    def explain(
        self, entity: str, record_id: int, version: int | None, where: Sequence[ColumnElement[bool]]
    ) -> None:
        """Raise what fits a statement that found no row: NotFound, or Conflict when only the version is another."""
        found = self.one(entity, record_id, where)
        if found is None or found.version == version:
            raise NotFound(say("there is no such record"))
        raise Conflict(say("somebody else has changed this record"), found.version)

    def remove(self, entity: str, record_ids: Sequence[int]) -> int:
        """Delete rows; return how many there were."""
        return self._unit.connection.execute(
            delete(tables.record).where(
                _record.workspace_id == self._unit.workspace,
                _record.entity_id == self._unit.shape.place(entity).id,
                _record.id.in_(record_ids),
            )
        ).rowcount

    def count_with(self, entity_id: int, keys: Iterable[str]) -> int:
        """Return how many records of an entity have one of ``keys`` in their document."""
        present: ColumnElement[Any]
        if self._unit.is_postgres:
            present = or_(*(func.jsonb_exists(_record.data, key) for key in keys))
        else:
            present = or_(*(func.json_type(_record.data, f"$.{key}").is_not(None) for key in keys))
        query = select(func.count()).where(
            _record.workspace_id == self._unit.workspace, _record.entity_id == entity_id, present
        )
        return self._unit.connection.execute(query.select_from(tables.record)).scalar_one()

    def note_nulls(self, entity: str, columns: Iterable[str]) -> None:
        """Remember that a slot which never held a null now does; lists look for such records from then on."""
        place = self._unit.shape.place(entity)
        if not place.without_nulls:
            return
        empty = set(columns)
        keys = [key for key in place.without_nulls if place.written[key] in empty]
        if not keys:
            return
        slot = tables.slot.c
        self._unit.connection.execute(
            update(tables.slot)
            .where(
                slot.workspace_id == self._unit.workspace,
                slot.entity_id == place.id,
                slot.attribute.in_(keys),
            )
            .values(nulls=True)
        )
        self._unit.after_commit(lambda: place.without_nulls.difference_update(keys))

    def _key(self, entity: str) -> dict[str, Any]:
        return {"workspace": self._unit.workspace, "entity": self._unit.shape.place(entity).id}

    def _key_columns(self, entity: str) -> dict[str, Any]:
        return {
            "workspace_id": self._unit.workspace,
            "entity_id": self._unit.shape.place(entity).id,
        }


def as_json(document: Mapping[str, Any]) -> str:
    """Return a document as text."""
    return orjson.dumps(document).decode()
