"""Records: read, insert, update at a version, delete to the trash, restore; each with all that hangs on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from formwright import ids
from formwright.errors import Conflict, NotFound
from formwright.store import history, links, query
from formwright.store.codec import Encoded
from formwright.store.history import History
from formwright.store.links import Links
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

    def find(self, entity: str, record_id: int, where: Sequence[ColumnElement[bool]] = ()) -> StoredRecord | None:
        """Return a record, or None when there is none within the conditions."""
        return self.rows.one(entity, record_id, where)

    def get(self, entity: str, record_id: int, where: Sequence[ColumnElement[bool]] = ()) -> StoredRecord:
        """Return a record; NotFound when there is none within the conditions."""
        found = self.find(entity, record_id, where)
        if found is None:
            raise NotFound(say("there is no such record"))
        return found

    def get_many(
        self, entity: str, record_ids: Iterable[int], where: Sequence[ColumnElement[bool]] = ()
    ) -> list[StoredRecord]:
        """Return those of some records that exist within the conditions, in the order asked for."""
        return self.rows.many(entity, record_ids, where)

    def children(self, entity: str, parent_ids: Iterable[int]) -> list[StoredRecord]:
        """Return the rows of a subform: records of the child entity, by parent and position."""
        return self.rows.children(entity, parent_ids)

    def list(self, wanted: ListQuery) -> Page:
        """Return one page of a list."""
        return query.run(self._unit, self.rows, self.search, wanted)

    def count(self, wanted: ListQuery, cap: int = 1000) -> tuple[int, bool]:
        """Return how many records a list has, and True when there are more than ``cap`` (then ``cap`` is returned)."""
        return query.count(self._unit, self.search, wanted, cap)

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
        self.links.hold(links.targets(definition, encoded.document, encoded.document))
        self.unique.take(entity, record.id, self.unique.claims(entity, record.id, record.values))
        self.rows.add(record, encoded)
        edges = links.edges(links.linked(self._unit.shape, definition), encoded.document)
        self.links.change(entity, record.id, set(), edges)
        self.search.add(entity, record.id, record.values)
        self._history.append(
            entity, record.id, history.CREATE, encoded.document, version=1, by=by, channel=channel
        )
        return record

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
    ) -> StoredRecord:
        """Replace all values of a record that still has ``version``; return it as it is now.

        ``before`` is the record as read; where nothing differs nothing is written, and it is returned.
        Raises Conflict, NotFound, UniqueViolation, MissingTarget.
        """
        if before.version != version:
            raise Conflict(say("somebody else has changed this record"), before.version)
        codec = self._unit.shape.codec(entity)
        old = codec.encode(before.values)
        new = codec.encode(values)
        changed = [key for key in old.document.keys() | new.document.keys() if old.document.get(key) != new.document.get(key)]
        moved = position is not None and position != before.position
        if not changed and not moved:
            return before
        after = StoredRecord(
            entity, record_id, version + 1, codec.decode(new.document),
            self.owner(entity, new, before.created_by), before.created_at, before.created_by,
            self._unit.now, by, before.parent_id, position if moved else before.position, before.extra,
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
        self.links.change(entity, number, links.edges(linked, old.document), links.edges(linked, new.document))
        self.search.change(entity, number, before.values, after.values)
