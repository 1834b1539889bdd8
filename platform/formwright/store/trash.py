"""Deleting to the trash and back: a record, its subform rows and what cascades, under one deletion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select, tuple_

from formwright.definitions.model import Field
from formwright.errors import NotFound
from formwright.store import codec, history, links, tables
from formwright.store.history import History
from formwright.store.problems import Clash, Referrer, Restricted, UniqueViolation
from formwright.store.records import Records
from formwright.store.rows import StoredRecord
from formwright.store.unit import Unit
from formwright.texts import say

_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Deletion:
    """What went to the trash together. ``records`` begins with the one that was asked for."""

    id: int
    records: tuple[StoredRecord, ...]
    #: Records that lost a reference, as they are now.
    changed: tuple[StoredRecord, ...] = ()

    @property
    def count(self) -> int:
        """How many records went."""
        return len(self.records)


@dataclass(frozen=True, slots=True)
class Discarded:
    """A record in the trash."""

    deletion_id: int
    record: StoredRecord
    deleted_at: datetime
    deleted_by: int | None
    #: True for the record that was deleted, False for those that went with it.
    root: bool

    @property
    def entity(self) -> str:
        """The entity of the record."""
        return self.record.entity


@dataclass(slots=True)
class _Extent:
    """What a deletion reaches."""

    records: dict[tuple[str, int], StoredRecord] = field(default_factory=dict)
    #: (entity, field) -> ids of records whose reference is to be emptied, with the targets that go.
    emptied: dict[tuple[str, str], dict[int, set[int]]] = field(default_factory=dict)
    restricting: list[tuple[str, str, set[int]]] = field(default_factory=list)


class Trash:
    """Deletion and restoring of the records of a workspace."""

    def __init__(self, unit: Unit, records: Records, entries: History) -> None:
        """Work inside ``unit``."""
        self._unit = unit
        self._records = records
        self._history = entries

    def delete(
        self,
        record: StoredRecord,
        *,
        by: int | None,
        channel: str,
        where: Sequence[ColumnElement[bool]] = (),
    ) -> Deletion:
        """Move a record to the trash, with its subform rows and whatever its referrers' ``on_delete`` says.

        Raises NotFound outside the conditions, Conflict when it is not as it was read, Restricted while
        records that stay refer to it.
        """
        root = self._lock(record, where)
        extent = self._extent(root)
        _refuse_restricted(extent)
        emptied, changed = self._empty_references(extent, by, channel)
        gone = tuple(extent.records.values())
        note = {"emptied": emptied} if emptied else None
        deletion = self._records.discard.to_trash(gone, by=by, note=note)
        for each in gone:
            self._history.append(
                each.entity,
                each.id,
                history.DELETE,
                {},
                version=each.version + 1,
                by=by,
                channel=channel,
            )
        return Deletion(deletion, gone, tuple(changed))

    def restore(self, deletion: int, *, by: int | None, channel: str) -> StoredRecord:
        """Bring back everything that went to the trash under one deletion; return the record it was about.

        Raises NotFound when there is nothing, UniqueViolation naming every value that is taken by now,
        MissingTarget when a record they refer to is gone.
        """
        rows = self._rows(deletion)
        if not rows:
            raise NotFound(say("there is no such record"))
        records = [self._records.discard.read(name, row.row) for name, row in rows]
        self._claim_all(records)
        restored = [self._put_back(record, by, channel) for record in records]
        for record in restored:
            definition = self._unit.shape.entity(record.entity)
            document = self._unit.shape.codec(record.entity).document(record.values)
            self._records.links.hold(links.targets(definition, document, document))
        trash = tables.trash.c
        self._unit.connection.execute(
            delete(tables.trash).where(
                trash.workspace_id == self._unit.workspace, trash.deletion_id == deletion
            )
        )
        self._refill_references(rows[0][1].row.get("emptied", []), by, channel)
        return restored[0]

    def newest(self, entity: str, limit: int = 50, *, before: int | None = None) -> list[Discarded]:
        """Return the newest deletions of records of ``entity``, or those before the deletion ``before``."""
        trash = tables.trash.c
        query = (
            self._select()
            .where(trash.entity_id == self._unit.shape.place(entity).id, trash.root.is_(True))
            .order_by(trash.deletion_id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(trash.deletion_id < before)
        return [self._discarded(entity, row) for row in self._unit.connection.execute(query)]

    def find(self, deletion: int) -> Discarded | None:
        """Return the record that a deletion was about, or None when there is nothing under that number."""
        found = self.of(deletion)
        return found[0] if found else None

    def of(self, deletion: int) -> list[Discarded]:
        """Return everything that went under one deletion, the record that was asked for first."""
        return [self._discarded(name, row) for name, row in self._rows(deletion)]

    def find_record(self, entity: str, record_id: int) -> Discarded | None:
        """Return a record of that id from the trash."""
        trash = tables.trash.c
        row = self._unit.connection.execute(
            self._select().where(
                trash.entity_id == self._unit.shape.place(entity).id, trash.record_id == record_id
            )
        ).first()
        return self._discarded(entity, row) if row is not None else None

    def purge(self, entity: str, older_than: datetime, limit: int = 500) -> int:
        """Remove for good what has been in the trash since before an instant; return how many records."""
        trash = tables.trash.c
        deletions = self._unit.connection.scalars(
            select(trash.deletion_id)
            .where(
                trash.workspace_id == self._unit.workspace,
                trash.entity_id == self._unit.shape.place(entity).id,
                trash.deleted_at < older_than,
            )
            .limit(limit)
        ).all()
        if not deletions:
            return 0
        share, gone = tables.record_share.c, trash.deletion_id.in_(deletions)
        self._unit.connection.execute(
            delete(tables.record_share).where(
                share.workspace_id == self._unit.workspace,
                tuple_(share.entity_id, share.record_id).in_(
                    select(trash.entity_id, trash.record_id).where(
                        trash.workspace_id == self._unit.workspace, gone
                    )
                ),
            )
        )
        return self._unit.connection.execute(
            delete(tables.trash).where(
                trash.workspace_id == self._unit.workspace, trash.deletion_id.in_(deletions)
            )
        ).rowcount

    def _lock(self, record: StoredRecord, where: Sequence[ColumnElement[bool]]) -> StoredRecord:
        """Return the record as it is stored, kept from others, who could still come to refer to it."""
        self._hold_still({record.entity: {record.id}})
        root = self._records.get(record.entity, record.id, where)
        if root.version != record.version:
            self._records.rows.explain(record.entity, record.id, record.version, where)
        return root

    def _hold_still(self, wanted: Mapping[str, Iterable[int]]) -> None:
        """Keep others from changing records and from coming to refer to them, until this transaction ends.

        On SQLite nobody else writes meanwhile.
        """
        if not self._unit.is_postgres:
            return
        column = tables.record.c
        for entity, numbers in sorted(wanted.items()):
            self._unit.connection.execute(
                select(column.id)
                .where(
                    column.workspace_id == self._unit.workspace,
                    column.entity_id == self._unit.shape.place(entity).id,
                    column.id.in_(sorted(numbers)),
                )
                .order_by(column.id)
                .with_for_update()
            ).all()

    def _extent(self, root: StoredRecord) -> _Extent:
        """Follow subforms and cascading references breadth first, each record once."""
        extent = _Extent({(root.entity, root.id): root})
        wave = [root]
        for _ in range(_DEEPEST):
            by_entity: dict[str, list[int]] = {}
            for record in wave:
                by_entity.setdefault(record.entity, []).append(record.id)
            reached = self._next_wave(extent, by_entity)
            wave = list({(record.entity, record.id): record for record in reached}.values())
            wave = [record for record in wave if (record.entity, record.id) not in extent.records]
            extent.records |= {(record.entity, record.id): record for record in wave}
            if not wave:
                break
        return extent

    def _next_wave(self, extent: _Extent, by_entity: Mapping[str, list[int]]) -> list[StoredRecord]:
        """Return what goes along with records that are held still, held still itself.

        Nobody can come to refer to those records any more, but what does may be moved away until it is held
        too; so it is looked for again then.
        """
        if self._unit.is_postgres:
            first = _Extent()
            reached = self._all_below(first, by_entity)
            held: dict[str, set[int]] = {}
            for record in reached:
                held.setdefault(record.entity, set()).add(record.id)
            for (entity, _), numbers in first.emptied.items():
                held.setdefault(entity, set()).update(numbers)
            self._hold_still(held)
        return self._all_below(extent, by_entity)

    def _all_below(self, extent: _Extent, by_entity: Mapping[str, list[int]]) -> list[StoredRecord]:
        return [
            record
            for entity, numbers in by_entity.items()
            for record in self._below(extent, entity, numbers)
        ]

    def _below(self, extent: _Extent, entity: str, record_ids: list[int]) -> list[StoredRecord]:
        shape = self._unit.shape
        found: list[StoredRecord] = []
        for item in shape.entity(entity).fields.values():
            if item.is_subform and item.target in shape.catalog.entities:
                found += self._records.children(item.target, record_ids)
        for other, key in shape.catalog.referrers.get(entity, ()):
            if not codec.is_stored(shape.entity(other).fields[key]):
                continue
            referring = self._referring(other, key, record_ids)
            if not referring:
                continue
            match shape.entity(other).fields[key].on_delete:
                case "cascade":
                    found += self._records.get_many(other, referring)
                case "set_null":
                    emptied = extent.emptied.setdefault((other, key), {})
                    for number, gone in referring.items():
                        emptied.setdefault(number, set()).update(gone)
                case _:
                    extent.restricting.append((other, key, set(referring)))
        return found

    def _referring(self, entity: str, key: str, record_ids: list[int]) -> dict[int, set[int]]:
        referring: dict[int, set[int]] = {}
        for number, target in self._unit.connection.execute(
            self._records.links.referring(entity, key, record_ids)
        ):
            referring.setdefault(number, set()).add(target)
        return referring

    def _empty_references(
        self, extent: _Extent, by: int | None, channel: str
    ) -> tuple[list[list[Any]], list[StoredRecord]]:
        """Take the deleted records out of the references of those that stay; return what was taken where."""
        taken: list[list[Any]] = []
        changed: dict[tuple[str, int], StoredRecord] = {}
        for (entity, key), numbers in extent.emptied.items():
            staying = [number for number in numbers if (entity, number) not in extent.records]
            definition = self._unit.shape.entity(entity).fields[key]
            for record in self._records.get_many(entity, staying):
                left = _without(definition, record.values[key], numbers[record.id])
                changed[entity, record.id] = self._records.change(
                    record, {**record.values, key: left}, by=by, channel=channel
                )
                taken.append([entity, record.id, key, sorted(numbers[record.id])])
        return taken, list(changed.values())

    def _refill_references(
        self, taken: Sequence[Sequence[Any]], by: int | None, channel: str
    ) -> None:
        """Put restored records back where they were referred to, unless the field has been filled since."""
        for entity, number, key, targets in taken:
            definition = self._unit.shape.catalog.entities.get(entity)
            record = self._records.find(entity, number) if definition is not None else None
            if definition is None or record is None or key not in definition.fields:
                continue
            value = record.values.get(key)
            if codec.is_list(definition.fields[key]):
                filled: Any = (
                    *(value or ()),
                    *(target for target in targets if target not in (value or ())),
                )
            elif value is None:
                filled = targets[0]
            else:
                continue
            self._records.change(record, {**record.values, key: filled}, by=by, channel=channel)

    def _claim_all(self, records: Sequence[StoredRecord]) -> None:
        clashes: list[Clash] = []
        claimed: list[StoredRecord] = []
        unique = self._records.unique
        for record in records:
            try:
                unique.take(
                    record.entity, record.id, unique.claims(record.entity, record.id, record.values)
                )
                claimed.append(record)
            except UniqueViolation as violation:
                clashes += violation.clashes
        if clashes:
            for record in claimed:
                unique.release_records(record.entity, [(record.id, record.values)])
            raise UniqueViolation(records[0].entity, clashes)

    def _put_back(self, record: StoredRecord, by: int | None, channel: str) -> StoredRecord:
        shape = self._unit.shape
        back = replace(record, version=record.version + 2, updated_at=self._unit.now, updated_by=by)
        encoded = shape.codec(record.entity).encode(record.values)
        encoded.document.update(record.extra)
        self._records.rows.add(back, encoded)
        self._records.links.note_new(record.entity, [record.id])
        linked = links.linked(shape, shape.entity(record.entity))
        self._records.links.change(
            record.entity, record.id, set(), links.edges(linked, encoded.document)
        )
        self._records.search.add(record.entity, record.id, record.values)
        self._history.append(
            record.entity,
            record.id,
            history.RESTORE,
            {},
            version=back.version,
            by=by,
            channel=channel,
        )
        return back

    def _select(self) -> Select[Any]:
        return select(tables.trash).where(tables.trash.c.workspace_id == self._unit.workspace)

    def _rows(self, deletion: int) -> list[tuple[str, Any]]:
        trash = tables.trash.c
        found = self._unit.connection.execute(
            self._select()
            .where(trash.deletion_id == deletion)
            .order_by(trash.root.desc(), trash.entity_id, trash.record_id)
        )
        rows = []
        for row in found:
            name = self._unit.shape.name_of(row.entity_id)
            if name is not None and name in self._unit.shape.catalog.entities:
                rows.append((name, row))
        return rows

    def _discarded(self, entity: str, row: Any) -> Discarded:
        record = self._records.discard.read(entity, row.row)
        return Discarded(row.deletion_id, record, row.deleted_at, row.deleted_by, row.root)


def _refuse_restricted(extent: _Extent) -> None:
    counts: dict[tuple[str, str], int] = {}
    for entity, key, numbers in extent.restricting:
        staying = sum((entity, number) not in extent.records for number in numbers)
        if staying:
            counts[entity, key] = counts.get((entity, key), 0) + staying
    if counts:
        raise Restricted(Referrer(entity, key, count) for (entity, key), count in counts.items())


def _without(definition: Field, value: Any, gone: set[int]) -> Any:
    if codec.is_list(definition):
        return tuple(target for target in value or () if target not in gone) or None
    return None
