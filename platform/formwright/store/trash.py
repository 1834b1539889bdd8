"""Deleting to the trash and back: a record, its subform rows and what cascades, under one deletion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select

from formwright import ids
from formwright.definitions.model import Field
from formwright.errors import NotFound
from formwright.store import codec, history, links, tables
from formwright.store.columntypes import instant_text
from formwright.store.history import History
from formwright.store.problems import Clash, Referrer, Restricted, UniqueViolation
from formwright.store.records import Records
from formwright.store.rows import StoredRecord, as_json
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


@dataclass(frozen=True, slots=True)
class Discarded:
    """A record in the trash."""

    deletion: int
    record: StoredRecord
    deleted_at: datetime
    deleted_by: int | None
    root: bool


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
        entity: str,
        record_id: int,
        *,
        by: int | None,
        channel: str,
        version: int | None = None,
        where: Sequence[ColumnElement[bool]] = (),
    ) -> Deletion:
        """Move a record to the trash, with its subform rows and whatever its references' ``on_delete`` says.

        Raises NotFound outside the conditions, Conflict at another ``version``, Restricted while records
        that stay refer to it.
        """
        self._lock(entity, record_id, where)
        root = self._records.get(entity, record_id, where)
        if version is not None and root.version != version:
            self._records.rows.explain(entity, record_id, version, where)
        extent = self._extent(root)
        self._refuse_restricted(extent)
        deletion = ids.new_id()
        emptied, changed = self._empty_references(extent, by, channel)
        self._move(deletion, root, extent, emptied, by)
        for record in extent.records.values():
            self._history.append(
                record.entity, record.id, history.DELETE, {}, version=record.version + 1, by=by, channel=channel
            )
        return Deletion(deletion, tuple(extent.records.values()), tuple(changed))

    def restore(
        self, deletion: int, *, by: int | None, channel: str
    ) -> tuple[StoredRecord, ...]:
        """Bring back everything that went to the trash under one deletion.

        Raises NotFound when there is nothing, UniqueViolation naming every value that is taken by now,
        MissingTarget when a record they refer to is gone.
        """
        rows = self._rows(deletion)
        if not rows:
            raise NotFound(say("there is no such record"))
        records = [self._from_row(name, row.row) for name, row in rows]
        self._claim_all(records)
        restored = [self._put_back(record, by, channel) for record in records]
        for record in restored:
            definition = self._unit.shape.entity(record.entity)
            document = self._unit.shape.codec(record.entity).document(record.values)
            self._records.links.hold(links.targets(definition, document, document))
        trash = tables.trash.c
        self._unit.connection.execute(
            delete(tables.trash).where(trash.workspace_id == self._unit.workspace, trash.deletion_id == deletion)
        )
        self._refill_references(rows[0][1].row.get("emptied", []), by, channel)
        return tuple(restored)

    def list(
        self, entity: str, *, before: int | None = None, limit: int = 50
    ) -> list[Discarded]:
        """Return the newest deletions of records of ``entity``, or those before the deletion ``before``."""
        trash = tables.trash.c
        query = (
            select(tables.trash)
            .where(
                trash.workspace_id == self._unit.workspace,
                trash.entity_id == self._unit.shape.place(entity).id,
                trash.root.is_(True),
            )
            .order_by(trash.deletion_id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(trash.deletion_id < before)
        return [self._discarded(entity, row) for row in self._unit.connection.execute(query)]

    def find(self, entity: str, record_id: int) -> Discarded | None:
        """Return a record that is in the trash."""
        trash = tables.trash.c
        row = self._unit.connection.execute(
            select(tables.trash).where(
                trash.workspace_id == self._unit.workspace,
                trash.entity_id == self._unit.shape.place(entity).id,
                trash.record_id == record_id,
            )
        ).first()
        return self._discarded(entity, row) if row is not None else None

    def of(self, deletion: int) -> list[Discarded]:
        """Return everything that went under one deletion, the record that was asked for first."""
        return [self._discarded(name, row) for name, row in self._rows(deletion)]

    def purge(self, entity: str, older_than: datetime, limit: int = 500) -> int:
        """Remove for good what has been in the trash since before an instant; return how many records."""
        trash = tables.trash.c
        deletions = self._unit.connection.scalars(
            select(trash.deletion_id)
            .where(
                trash.workspace_id == self._unit.workspace,
                trash.entity_id == self._unit.shape.place(entity).id,
                trash.root.is_(True),
                trash.deleted_at < older_than,
            )
            .limit(limit)
        ).all()
        if not deletions:
            return 0
        return self._unit.connection.execute(
            delete(tables.trash).where(
                trash.workspace_id == self._unit.workspace, trash.deletion_id.in_(deletions)
            )
        ).rowcount

    def _lock(self, entity: str, record_id: int, where: Sequence[ColumnElement[bool]]) -> None:
        """Keep others from referring to the record while it goes; on SQLite nobody else writes anyway."""
        if self._unit.is_postgres:
            record = tables.record.c
            self._unit.connection.execute(
                select(record.id)
                .where(
                    record.workspace_id == self._unit.workspace,
                    record.entity_id == self._unit.shape.place(entity).id,
                    record.id == record_id,
                    *where,
                )
                .with_for_update()
            )

    def _extent(self, root: StoredRecord) -> _Extent:
        """Follow subforms and cascading references breadth first, each record once."""
        extent = _Extent({(root.entity, root.id): root})
        wave = [root]
        for _ in range(_DEEPEST):
            reached: list[StoredRecord] = []
            by_entity: dict[str, list[int]] = {}
            for record in wave:
                by_entity.setdefault(record.entity, []).append(record.id)
            for entity, record_ids in by_entity.items():
                reached += self._below(extent, entity, record_ids)
            wave = [record for record in reached if (record.entity, record.id) not in extent.records]
            extent.records |= {(record.entity, record.id): record for record in wave}
            if not wave:
                break
        return extent

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
        for number, target in self._unit.connection.execute(self._records.links.referring(entity, key, record_ids)):
            referring.setdefault(number, set()).add(target)
        return referring

    def _refuse_restricted(self, extent: _Extent) -> None:
        counts: dict[tuple[str, str], int] = {}
        for entity, key, numbers in extent.restricting:
            staying = sum((entity, number) not in extent.records for number in numbers)
            if staying:
                counts[entity, key] = counts.get((entity, key), 0) + staying
        if counts:
            raise Restricted(Referrer(entity, key, count) for (entity, key), count in counts.items())

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
                record = changed.get((entity, record.id), record)  # noqa: PLW2901 -- as it is after the field before
                left = _without(definition, record.values[key], numbers[record.id])
                after = self._records.update(
                    entity, record.id, {**record.values, key: left},
                    before=record, version=record.version, by=by, channel=channel,
                )  # fmt: skip
                changed[entity, record.id] = after
                taken.append([entity, record.id, key, sorted(numbers[record.id])])
        return taken, list(changed.values())

    def _refill_references(self, taken: Sequence[Sequence[Any]], by: int | None, channel: str) -> None:
        """Put restored records back where they were referred to, unless the field has been filled since."""
        for entity, number, key, targets in taken:
            definition = self._unit.shape.catalog.entities.get(entity)
            record = self._records.find(entity, number) if definition is not None else None
            if definition is None or record is None or key not in definition.fields:
                continue
            value = record.values.get(key)
            if codec.is_list(definition.fields[key]):
                filled: Any = (*(value or ()), *(target for target in targets if target not in (value or ())))
            elif value is None:
                filled = targets[0]
            else:
                continue
            self._records.update(
                entity, number, {**record.values, key: filled},
                before=record, version=record.version, by=by, channel=channel,
            )  # fmt: skip

    def _move(
        self, deletion: int, root: StoredRecord, extent: _Extent, emptied: list[list[Any]], by: int | None
    ) -> None:
        by_entity: dict[str, list[int]] = {}
        rows = []
        for record in extent.records.values():
            by_entity.setdefault(record.entity, []).append(record.id)
            rows.append(
                {
                    "workspace_id": self._unit.workspace,
                    "deletion_id": deletion,
                    "entity_id": self._unit.shape.place(record.entity).id,
                    "record_id": record.id,
                    "root": record is root,
                    "deleted_at": self._unit.now,
                    "deleted_by": by,
                    "row": as_json(self._to_row(record) | ({"emptied": emptied} if record is root else {})),
                }
            )
        self._unit.connection.execute(insert(tables.trash), rows)
        for entity, numbers in by_entity.items():
            self._records.unique.release_all(entity, numbers)
            self._records.links.release_all(entity, numbers)
            self._records.search.remove(entity, numbers)
            self._records.rows.remove(entity, numbers)

    def _claim_all(self, records: Sequence[StoredRecord]) -> None:
        clashes: list[Clash] = []
        unique = self._records.unique
        for record in records:
            try:
                unique.take(record.entity, record.id, unique.claims(record.entity, record.id, record.values))
            except UniqueViolation as violation:
                clashes += violation.clashes
        if clashes:
            for record in records:
                unique.release_all(record.entity, [record.id])
            raise UniqueViolation(records[0].entity, clashes)

    def _put_back(self, record: StoredRecord, by: int | None, channel: str) -> StoredRecord:
        shape = self._unit.shape
        back = replace(record, version=record.version + 2, updated_at=self._unit.now, updated_by=by)
        encoded = shape.codec(record.entity).encode(record.values)
        encoded.document.update(record.extra)
        self._records.rows.add(back, encoded)
        linked = links.linked(shape, shape.entity(record.entity))
        self._records.links.change(record.entity, record.id, set(), links.edges(linked, encoded.document))
        self._records.search.add(record.entity, record.id, record.values)
        self._history.append(
            record.entity, record.id, history.RESTORE, {}, version=back.version, by=by, channel=channel
        )
        return back

    def _rows(self, deletion: int) -> list[tuple[str, Any]]:
        trash = tables.trash.c
        found = self._unit.connection.execute(
            select(tables.trash)
            .where(trash.workspace_id == self._unit.workspace, trash.deletion_id == deletion)
            .order_by(trash.root.desc(), trash.entity_id, trash.record_id)
        )
        rows = []
        for row in found:
            name = self._unit.shape.name_of(row.entity_id)
            if name is not None and name in self._unit.shape.catalog.entities:
                rows.append((name, row))
        return rows

    def _to_row(self, record: StoredRecord) -> dict[str, Any]:
        document = self._unit.shape.codec(record.entity).document(record.values)
        return {
            "id": record.id,
            "version": record.version,
            "owner_id": record.owner_id,
            "created_at": instant_text(record.created_at),
            "created_by": record.created_by,
            "updated_at": instant_text(record.updated_at),
            "updated_by": record.updated_by,
            "parent_id": record.parent_id,
            "position": record.position,
            "data": {**record.extra, **document},
        }

    def _from_row(self, entity: str, row: Mapping[str, Any]) -> StoredRecord:
        converter = self._unit.shape.codec(entity)
        return StoredRecord(
            entity, row["id"], row["version"], converter.decode(row["data"]), row["owner_id"],
            datetime.fromisoformat(row["created_at"]), row["created_by"],
            datetime.fromisoformat(row["updated_at"]), row["updated_by"],
            row["parent_id"], row["position"], converter.unknown(row["data"]),
        )  # fmt: skip

    def _discarded(self, entity: str, row: Any) -> Discarded:
        return Discarded(
            row.deletion_id, self._from_row(entity, row.row), row.deleted_at, row.deleted_by, row.root
        )


def _without(definition: Field, value: Any, gone: set[int]) -> Any:
    if codec.is_list(definition):
        return tuple(target for target in value or () if target not in gone) or None
    return None
