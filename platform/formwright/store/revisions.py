"""The definitions in use, as numbered revisions that are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from formwright.errors import Conflict
from formwright.store import tables
from formwright.texts import say


@dataclass(frozen=True, slots=True)
class Revision:
    """One published state of all definitions: file name -> text."""

    number: int
    files: Mapping[str, str]
    author: int | None
    note: str
    at: datetime


class Revisions:
    """The revisions of a workspace."""

    def __init__(self, connection: Connection, workspace: int, now: datetime) -> None:
        """Work on ``connection``."""
        self._connection = connection
        self._workspace = workspace
        self._now = now

    def latest_number(self) -> int:
        """Return the number in use, 0 when nothing was ever published."""
        column = tables.definition_revision.c
        query = select(func.max(column.number)).where(column.workspace_id == self._workspace)
        return self._connection.execute(query).scalar() or 0

    def latest(self) -> Revision | None:
        """Return the revision in use."""
        number = self.latest_number()
        return self.get(number) if number else None

    def get(self, number: int) -> Revision | None:
        """Return a revision."""
        column = tables.definition_revision.c
        row = self._connection.execute(
            select(column.number, column.files, column.author, column.note, column.at).where(
                column.workspace_id == self._workspace, column.number == number
            )
        ).first()
        return Revision(*row) if row is not None else None

    def list(self, limit: int = 50) -> list[Revision]:
        """Return the newest revisions without their files."""
        column = tables.definition_revision.c
        rows = self._connection.execute(
            select(column.number, column.author, column.note, column.at)
            .where(column.workspace_id == self._workspace)
            .order_by(column.number.desc())
            .limit(limit)
        )
        return [Revision(number, {}, author, note, at) for number, author, note, at in rows]

    def publish(self, files: Mapping[str, str], *, base: int, author: int | None, note: str = "") -> int:
        """Store a new revision made from ``base``; Conflict when another was published in between."""
        latest = self.latest_number()
        if latest == base:
            row = {
                "workspace_id": self._workspace,
                "number": base + 1,
                "files": dict(files),
                "author": author,
                "note": note,
                "at": self._now,
            }
            try:
                with self._connection.begin_nested():
                    self._connection.execute(insert(tables.definition_revision), row)
            except IntegrityError:
                latest = base + 1
            else:
                return base + 1
        raise Conflict(say("somebody else has published definitions meanwhile"), latest)
