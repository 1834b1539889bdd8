"""What has been imported already: one row for each import, one for each of its batches that is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update

from formwright.store import tables
from formwright.store.unit import Unit

_run = tables.import_run.c
_batch = tables.import_batch.c


@dataclass(frozen=True, slots=True)
class ImportRun:
    """An import; ``key`` stands for the file and how it is read."""

    key: str
    started_at: datetime
    finished_at: datetime | None
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """A batch that is in, with how far the import had come after it."""

    number: int
    summary: Mapping[str, Any]


class ImportRuns:
    """The imports of a workspace, inside one transaction: a batch and its note are stored together or not at all."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit

    def find(self, key: str) -> ImportRun | None:
        """Return an import, or None when it has never begun."""
        query = select(_run.started_at, _run.finished_at, _run.summary).where(*self._is(_run, key))
        row = self._unit.connection.execute(query).first()
        return None if row is None else ImportRun(key, row[0], row[1], row[2])

    def begin(self, key: str, entity: str, summary: Mapping[str, Any], *, by: int | None) -> None:
        """Note that an import begins."""
        self._unit.connection.execute(
            insert(tables.import_run),
            {
                "workspace_id": self._unit.workspace,
                "key": key,
                "entity_id": self._unit.shape.place(entity).id,
                "started_at": self._unit.now,
                "started_by": by,
                "summary": _json(summary),
            },
        )

    def finish(self, key: str, summary: Mapping[str, Any]) -> None:
        """Note that an import has come to its end."""
        self._unit.connection.execute(
            update(tables.import_run)
            .where(*self._is(_run, key))
            .values(finished_at=self._unit.now, summary=_json(summary))
        )

    def forget(self, key: str) -> None:
        """Forget an import, so that it may be done again; its records stay."""
        self._unit.connection.execute(delete(tables.import_batch).where(*self._is(_batch, key)))
        self._unit.connection.execute(delete(tables.import_run).where(*self._is(_run, key)))

    def add_batch(self, key: str, number: int, summary: Mapping[str, Any]) -> None:
        """Note that a batch is in. Two processes that run one import at once collide here, and one stops."""
        self._unit.connection.execute(
            insert(tables.import_batch),
            {
                "workspace_id": self._unit.workspace,
                "key": key,
                "number": number,
                "at": self._unit.now,
                "summary": _json(summary),
            },
        )

    def last_batch(self, key: str) -> ImportBatch | None:
        """Return the batch up to which everything is in, or None before the first."""
        query = (
            select(_batch.number, _batch.summary)
            .where(*self._is(_batch, key))
            .order_by(_batch.number.desc())
            .limit(1)
        )
        row = self._unit.connection.execute(query).first()
        return None if row is None else ImportBatch(row[0], row[1])

    def _is(self, column: Any, key: str) -> tuple[Any, Any]:
        return column.workspace_id == self._unit.workspace, column.key == key


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
