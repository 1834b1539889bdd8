"""Which records went from one person to another together, so that all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from formwright import ids
from formwright.store import tables


@dataclass(frozen=True, slots=True)
class HandOver:
    """A hand-over of the records of ``user``."""

    id: int
    user: int
    at: datetime
    by: int | None
    undone_at: datetime | None


class HandOvers:
    """The hand-overs of a workspace."""

    def __init__(self, connection: Connection, workspace: int, now: datetime) -> None:
        """Work on ``connection`` at the instant ``now``."""
        self._connection = connection
        self._workspace = workspace
        self._now = now

    def add(self, user: int, *, by: int | None) -> int:
        """Begin a hand-over of a user's records and return its id."""
        number = ids.new_id()
        self._connection.execute(
            insert(tables.hand_over),
            {
                "workspace_id": self._workspace,
                "id": number,
                "user_id": user,
                "at": self._now,
                "by": by,
            },
        )
        return number

    def note(self, number: int, entity_id: int, record_ids: Iterable[int], successor: int) -> None:
        """Remember which records of an entity went to whom."""
        rows = [
            {
                "workspace_id": self._workspace,
                "hand_over_id": number,
                "entity_id": entity_id,
                "record_id": record,
                "successor_id": successor,
            }
            for record in record_ids
        ]
        if rows:
            self._connection.execute(insert(tables.hand_over_record), rows)

    def find(self, number: int) -> HandOver | None:
        """Return a hand-over."""
        column = tables.hand_over.c
        row = self._connection.execute(
            select(column.id, column.user_id, column.at, column.by, column.undone_at).where(
                column.workspace_id == self._workspace, column.id == number
            )
        ).first()
        return HandOver(*row) if row is not None else None

    def newest_of(self, user: int) -> HandOver | None:
        """Return the newest hand-over of a user's records, None when there was none."""
        column = tables.hand_over.c
        row = self._connection.execute(
            select(column.id, column.user_id, column.at, column.by, column.undone_at)
            .where(column.workspace_id == self._workspace, column.user_id == user)
            .order_by(column.id.desc())
            .limit(1)
        ).first()
        return HandOver(*row) if row is not None else None

    def records(self, number: int) -> Mapping[int, Mapping[int, int]]:
        """Return entity id -> record id -> who got it."""
        column = tables.hand_over_record.c
        found: dict[int, dict[int, int]] = {}
        for entity, record, successor in self._connection.execute(
            select(column.entity_id, column.record_id, column.successor_id).where(
                column.workspace_id == self._workspace, column.hand_over_id == number
            )
        ):
            found.setdefault(entity, {})[record] = successor
        return found

    def undo(self, number: int, *, by: int | None) -> bool:
        """Mark a hand-over as taken back; of any number who try exactly one gets True."""
        column = tables.hand_over.c
        done = self._connection.execute(
            update(tables.hand_over)
            .where(
                column.workspace_id == self._workspace,
                column.id == number,
                column.undone_at.is_(None),
            )
            .values(undone_at=self._now, undone_by=by)
        )
        return done.rowcount == 1
