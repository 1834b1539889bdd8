"""Which records changed hands together, and whose they were: what taking a hand-over back needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from formwright.store import tables
from formwright.store.unit import Unit

_reassignment = tables.reassignment.c


@dataclass(frozen=True, slots=True)
class Reassignment:
    """One record that changed hands; None stands for nobody."""

    entity: str
    record_id: int
    before: int | None
    after: int | None
    at: datetime
    by: int | None


class Reassignments:
    """The hand-overs of a workspace; those done together carry one number."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit

    def add(
        self,
        group: int,
        entity: str,
        records: Iterable[tuple[int, int | None]],
        after: int | None,
        *,
        by: int | None,
    ) -> None:
        """Note that records, (id, owner before) each, went to ``after`` under the number ``group``."""
        rows = [
            {
                "workspace_id": self._unit.workspace,
                "id": group,
                "entity_id": self._unit.shape.place(entity).id,
                "record_id": record_id,
                "before_id": before,
                "after_id": after,
                "at": self._unit.now,
                "by": by,
            }
            for record_id, before in records
        ]
        if rows:
            self._unit.connection.execute(insert(tables.reassignment), rows)

    def of(self, group: int) -> list[Reassignment]:
        """Return what changed hands under a number; kinds of record that are no longer defined are left out."""
        found = self._unit.connection.execute(
            select(
                _reassignment.entity_id,
                _reassignment.record_id,
                _reassignment.before_id,
                _reassignment.after_id,
                _reassignment.at,
                _reassignment.by,
            )
            .where(_reassignment.workspace_id == self._unit.workspace, _reassignment.id == group)
            .order_by(_reassignment.entity_id, _reassignment.record_id)
        )
        return [
            Reassignment(name, *rest)
            for number, *rest in found
            if (name := self._unit.shape.name_of(number)) in self._unit.shape.catalog.entities
            and name is not None
        ]

    def forget(self, group: int) -> None:
        """Forget a hand-over: it is taken back, or nobody may take it back any more."""
        self._unit.connection.execute(
            delete(tables.reassignment).where(
                _reassignment.workspace_id == self._unit.workspace, _reassignment.id == group
            )
        )

    def sweep(self, older_than: datetime) -> None:
        """Forget what was handed over before an instant."""
        self._unit.connection.execute(
            delete(tables.reassignment).where(
                _reassignment.workspace_id == self._unit.workspace, _reassignment.at < older_than
            )
        )
