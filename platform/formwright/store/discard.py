"""Taking records out of the tables of the living, and laying them in the trash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert

from formwright import ids
from formwright.store import tables
from formwright.store.codec import carried, former_keys
from formwright.store.columntypes import instant_text
from formwright.store.links import Links
from formwright.store.rows import Rows, StoredRecord, as_json
from formwright.store.search import SearchIndex
from formwright.store.unique import UniqueValues
from formwright.store.unit import Unit


class Discard:
    """Moves records to the trash, or takes them away without a trace."""

    def __init__(
        self, unit: Unit, rows: Rows, unique: UniqueValues, links: Links, search: SearchIndex
    ) -> None:
        """Work inside ``unit`` with the parts that a record hangs on."""
        self._unit = unit
        self._rows = rows
        self._unique = unique
        self._links = links
        self._search = search

    def to_trash(
        self,
        records: Sequence[StoredRecord],
        *,
        by: int | None,
        root: bool = True,
        note: Mapping[str, Any] | None = None,
    ) -> int:
        """Lay records in the trash under one deletion, whose number is returned.

        The first record is the one that was asked for, unless ``root`` is false; ``note`` is kept with it.
        """
        deletion = ids.new_id()
        rows = [
            {
                "workspace_id": self._unit.workspace,
                "deletion_id": deletion,
                "entity_id": self._unit.shape.place(record.entity).id,
                "record_id": record.id,
                "root": root and number == 0,
                "deleted_at": self._unit.now,
                "deleted_by": by,
                "row": as_json({**self._row(record), **((note or {}) if number == 0 else {})}),
            }
            for number, record in enumerate(records)
        ]
        self._unit.connection.execute(insert(tables.trash), rows)
        by_entity: dict[str, list[StoredRecord]] = {}
        for record in records:
            by_entity.setdefault(record.entity, []).append(record)
        for entity, gone in by_entity.items():
            self.remove(entity, gone)
        return deletion

    def remove(self, entity: str, records: Sequence[StoredRecord]) -> None:
        """Take records away with their unique values, edges and search entries."""
        record_ids = [record.id for record in records]
        self._unique.release_records(entity, ((record.id, record.values) for record in records))
        self._links.release_all(entity, record_ids)
        self._search.remove(entity, record_ids)
        self._rows.remove(entity, record_ids)
        self._links.note_gone(entity, record_ids)

    def forget(self, entity: str, record_ids: Sequence[int]) -> None:
        """Take records away with their history, as if they had never been."""
        self.remove(entity, self._rows.many(entity, record_ids))
        history = tables.history.c
        self._unit.connection.execute(
            delete(tables.history).where(
                history.workspace_id == self._unit.workspace,
                history.entity_id == self._unit.shape.place(entity).id,
                history.record_id.in_(record_ids),
            )
        )

    def read(self, entity: str, row: Mapping[str, Any]) -> StoredRecord:
        """Return a record as it lies in the trash."""
        document = carried(row["data"], former_keys(self._unit.shape.entity(entity)))
        values, extra = self._unit.shape.codec(entity).split(document)
        return StoredRecord(
            entity, row["id"], row["version"], values, row["owner_id"],
            datetime.fromisoformat(row["created_at"]), row["created_by"],
            datetime.fromisoformat(row["updated_at"]), row["updated_by"],
            row["parent_id"], row["position"], extra,
        )  # fmt: skip

    def _row(self, record: StoredRecord) -> dict[str, Any]:
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
