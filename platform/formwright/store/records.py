"""Records: read, insert, update at a version, delete to the trash, restore; each with all that hangs on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from formwright import ids
from formwright.errors import Conflict, NotFound
from formwright.store import history, links, query
from formwright.store.bulk import Bulk, Inserted
from formwright.store.codec import Encoded
from formwright.store.discard import Discard
from formwright.store.history import History
from formwright.store.links import Links
from formwright.store.problems import UniqueViolation
from formwright.store.query import ListQuery, Page
from formwright.store.rows import Rows, StoredRecord
from formwright.store.search import SearchIndex
from formwright.store.unique import UniqueValues
from formwright.store.unit import Unit
from formwright.texts import say


class Records:
    """The records of a workspace, inside one transaction.

    ``where`` is always conditions on ``columns.main(entity)``: who may not see a record is told NotFound.
    """

    def __init__(self, unit: Unit, entries: History) -> None:
        """Work inside ``unit``."""
        self._unit = unit
        self._history = entries
        self.rows = Rows(unit)
        self.unique = UniqueValues(unit)
        self.links = Links(unit)
        self.search = SearchIndex(unit)
        parts = (self.rows, self.unique, self.links, self.search)
        self.discard = Discard(unit, *parts)
        self._bulk = Bulk(unit, *parts)

    def find(
        self,
        entity: str,
        record_id: int,
        where: Sequence[ColumnElement[bool]] = (),
        marks: Sequence[ColumnElement[bool]] = (),
    ) -> StoredRecord | None:
        """Return a record, or None when there is none within the conditions; ``mark`` tells which of ``marks`` hold."""
        return self.rows.one(entity, record_id, where, marks)

    def get(
        self, entity: str, record_id: int, where: Sequence[ColumnElement[bool]] = ()
    ) -> StoredRecord:
        """Return a record; NotFound when there is none within the conditions."""
        found = self.find(entity, record_id, where)
        if found is None:
            raise NotFound(say("there is no such record"))
        return found

    def get_many(
        self,
        entity: str,
        record_ids: Iterable[int],
        where: Sequence[ColumnElement[bool]] = (),
        marks: Sequence[ColumnElement[bool]] = (),
    ) -> list[StoredRecord]:
        """Return those of some records that exist within the conditions, in the order asked for."""
        return self.rows.many(entity, record_ids, where, marks)

    def children(self, entity: str, parent_ids: Iterable[int]) -> list[StoredRecord]:
        """Return the rows of a subform: records of the child entity, by parent and position."""
        return self.rows.children(entity, parent_ids)

    def count(self, wanted: ListQuery, cap: int = 1000) -> tuple[int, bool]:
        """Return how many records a list has, and True when there are more than ``cap`` (then ``cap`` is returned)."""
        return query.count(self._unit, self.rows, self.search, wanted, cap)

    def insert(
        self,
        entity: str,
        values: Mapping[str, Any],
        *,
        by: int | None,
        channel: str,
        id: int | None = None,  # noqa: A002 -- the word of the contract
        parent: int | None = None,
        position: int | None = None,
    ) -> StoredRecord:
        """Store a new record with ``values``, its unique values, edges, search entry and history.

        Raises UniqueViolation with every value that is taken, MissingTarget for a reference to nothing.
        """
        codec = self._unit.shape.codec(entity)
        encoded = codec.encode(values)
        now = self._unit.now
        record = StoredRecord(
            entity, id if id is not None else ids.new_id(), 1, codec.decode(encoded.document),
            self.owner(entity, encoded, by), now, by, now, by, parent, position,
        )  # fmt: skip
        definition = codec.entity
        wanted = links.targets(definition, encoded.document, encoded.document)
        if parent is not None and definition.parent:
            wanted.setdefault(definition.parent, set()).add(parent)
        self.links.hold(wanted)
        self.unique.take(entity, record.id, self.unique.claims(entity, record.id, record.values))
        self.rows.add(record, encoded)
        self.links.note_new(entity, [record.id])
        edges = links.edges(links.linked(self._unit.shape, definition), encoded.document)
        self.links.change(entity, record.id, set(), edges)
        self.search.add(entity, record.id, record.values)
        self._history.append(
            entity, record.id, history.CREATE, encoded.document, version=1, by=by, channel=channel
        )
        return record

    def insert_many(
        self, entity: str, rows: Sequence[Mapping[str, Any]], *, by: int | None, channel: str
    ) -> list[Inserted]:
        """Store many new records in a few statements; say of each its id, or with what it clashes.

        Rows that clash are left out, the others are stored.
        """
        return self._bulk.insert(entity, rows, by=by, channel=channel)

    def insert_rows(
        self,
        entity: str,
        parent: int,
        rows: Sequence[tuple[int, Mapping[str, Any]]],
        *,
        by: int | None,
        channel: str,
    ) -> list[int]:
        """Store new rows, (position, values) each, of a subform; return their ids. Raises UniqueViolation."""
        positions = [position for position, _ in rows]
        values = [each for _, each in rows]
        results = self._bulk.insert(
            entity, values, by=by, channel=channel, parent=parent, positions=positions
        )
        stored: list[int] = []
        for result in results:
            if isinstance(result, UniqueViolation):
                raise result
            stored.append(result)
        return stored

    def delete_rows(self, records: Sequence[StoredRecord], *, by: int | None, channel: str) -> None:
        """Lay rows that were taken out of a subform in the trash, where only the history leads to them."""
        if not records:
            return
        self.discard.to_trash(records, by=by, root=False)
        for record in records:
            self._history.append(
                record.entity,
                record.id,
                history.DELETE,
                {},
                version=record.version + 1,
                by=by,
                channel=channel,
            )

    def withdraw(self, entity: str, record_ids: Sequence[int]) -> None:
        """Take back records that this very transaction has inserted, as if they had never been."""
        self.discard.forget(entity, record_ids)

    def ids_by_value(self, entity: str, key: str, values: Sequence[Any]) -> dict[Any, int]:
        """Return value -> id of the oldest record that has it, for typed ``values`` of the field ``key``."""
        row = self._unit.shape.columns.main(entity)
        field = row.definition.fields[key]
        stored = {
            field.type.to_stored(field, value): value for value in values if value is not None
        }
        if not stored:
            return {}
        column = row.value(key)
        found = self._unit.connection.execute(
            select(column, row.id)
            .where(row.belongs(), column.in_(list(stored)))
            .order_by(row.id.desc())
        )
        return {stored[value]: number for value, number in found}

    def count_with_value(self, entity: str, key: str) -> int:
        """Return how many records have a value in the field ``key``; a field of yesterday's definitions will do."""
        place = self._unit.shape.layout.entities.get(entity)
        if place is None:
            return 0
        return self.rows.count_with(place.id, (key, *place.former.get(key, ())))

    def change(
        self,
        before: StoredRecord,
        values: Mapping[str, Any],
        *,
        by: int | None,
        channel: str,
        where: Sequence[ColumnElement[bool]] = (),
        position: int | None = None,
        touch: bool = False,
    ) -> StoredRecord:
        """Replace all values of a record that is still as it was read, as ``update`` does."""
        return self.update(
            before.entity, before.id, values,
            before=before, version=before.version, by=by, channel=channel, where=where, position=position, touch=touch,
        )  # fmt: skip

    def update(
        self,
        entity: str,
        record_id: int,
        values: Mapping[str, Any],
        *,
        before: StoredRecord,
        version: int,
        by: int | None,
        channel: str,
        where: Sequence[ColumnElement[bool]] = (),
        position: int | None = None,
        touch: bool = False,
    ) -> StoredRecord:
        """Replace all values of a record that still has ``version``; return it as it is now.

        ``before`` is the record as read; where nothing differs nothing is written, and it is returned, unless
        ``touch`` asks for a new version because something that belongs to the record has changed.
        Raises Conflict, NotFound, UniqueViolation, MissingTarget.
        """
        if before.version != version:
            raise Conflict(say("somebody else has changed this record"), before.version)
        codec = self._unit.shape.codec(entity)
        old = codec.encode(before.values)
        new = codec.encode(values)
        changed = [
            key
            for key in old.document.keys() | new.document.keys()
            if old.document.get(key) != new.document.get(key)
        ]
        moved = position is not None and position != before.position
        if not changed and not moved and not touch:
            return before
        after = StoredRecord(
            entity, record_id, version + 1, codec.decode(new.document),
            self.owner(entity, new, before.created_by), before.created_at, before.created_by,
            self._unit.now, by, before.parent_id, position if moved else before.position,
            {key: stored for key, stored in before.extra.items() if key not in new.document},
        )  # fmt: skip
        self.links.hold(links.targets(codec.entity, new.document, changed))
        self._write_change(before, after, old, new, changed, where)
        if changed:
            self._history.append(
                entity,
                record_id,
                history.UPDATE,
                {key: [old.document.get(key), new.document.get(key)] for key in changed},
                version=after.version,
                by=by,
                channel=channel,
            )
        return after

    def list(self, wanted: ListQuery) -> Page:
        """Return one page of a list."""
        return query.run(self._unit, self.rows, self.search, wanted)

    def owner(self, entity: str, encoded: Encoded, created_by: int | None) -> int | None:
        """Return who owns a record: the person in its owner field, or else whoever created it."""
        field = self._unit.shape.entity(entity).owner_field
        return encoded.document.get(field) if field else created_by

    def _write_change(
        self,
        before: StoredRecord,
        after: StoredRecord,
        old: Encoded,
        new: Encoded,
        changed: Sequence[str],
        where: Sequence[ColumnElement[bool]],
    ) -> None:
        entity, number = after.entity, after.id
        columns: dict[str, Any] = {
            column: value for column, value in new.slots.items() if old.slots[column] != value
        }
        columns |= {"updated_at": after.updated_at, "updated_by": after.updated_by}
        if after.owner_id != before.owner_id:
            columns["owner_id"] = after.owner_id
        if after.position != before.position:
            columns["position"] = after.position
        if changed:
            document = {**before.extra, **new.document} if before.extra else new.document
            columns["data"] = Encoded(document, {}).json()
        self.rows.change(entity, number, before.version, columns, where)
        self.unique.change(
            entity,
            number,
            self.unique.claims(entity, number, before.values),
            self.unique.claims(entity, number, after.values),
        )
        linked = links.linked(self._unit.shape, self._unit.shape.entity(entity))
        self.links.change(
            entity, number, links.edges(linked, old.document), links.edges(linked, new.document)
        )
        self.search.change(entity, number, before.values, after.values)
