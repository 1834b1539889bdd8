"""The definitions in use, as numbered revisions that are never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from formwright.definitions.model import Catalog
from formwright.definitions.renames import Renames
from formwright.errors import Conflict
from formwright.store import tables
from formwright.texts import say


@dataclass(frozen=True, slots=True)
class Revision:
    """One published state of all definitions: file name -> text."""

    number: int
    files: Mapping[str, str]
    by: int | None
    author: str
    note: str
    at: datetime


_revision = tables.definition_revision.c
#: Asked in every transaction that writes, so it is built once.
_NEWEST = (
    select(_revision.number, _revision.fills)
    .where(_revision.workspace_id == bindparam("workspace"))
    .order_by(_revision.number.desc())
    .limit(1)
)


class Revisions:
    """The revisions of a workspace."""

    def __init__(
        self,
        connection: Connection,
        workspace: int,
        now: datetime,
        put_in_force: Callable[[Catalog, Renames], object],
    ) -> None:
        """Work on ``connection``; ``put_in_force`` makes room for new definitions."""
        self._put_in_force = put_in_force
        self._connection = connection
        self._workspace = workspace
        self._now = now
        self._newest: tuple[int, int] | None = None

    def newest_number(self) -> int:
        """Return the number in force, 0 when nothing was ever published; asked once a transaction."""
        return self.newest()[0]

    def newest(self) -> tuple[int, int]:
        """Return the number in force, and how often its slots were filled since."""
        if self._newest is None:
            row = self._connection.execute(_NEWEST, {"workspace": self._workspace}).first()
            self._newest = (row[0], row[1]) if row is not None else (0, 0)
        return self._newest

    def note_newest(self, newest: tuple[int, int]) -> None:
        """Take what another statement of this transaction has read as the answer of ``newest``."""
        self._newest = newest

    def files(self, number: int) -> Mapping[str, str]:
        """Return the files of a revision; none for 0."""
        found = self.get(number)
        return found.files if found is not None else {}

    def get(self, number: int) -> Revision | None:
        """Return a revision."""
        column = tables.definition_revision.c
        row = self._connection.execute(
            select(
                column.number, column.files, column.by, column.author, column.note, column.at
            ).where(column.workspace_id == self._workspace, column.number == number)
        ).first()
        return Revision(*row) if row is not None else None

    def list(self, limit: int = 50) -> list[Revision]:
        """Return the newest revisions without their files."""
        column = tables.definition_revision.c
        rows = self._connection.execute(
            select(column.number, column.by, column.author, column.note, column.at)
            .where(column.workspace_id == self._workspace)
            .order_by(column.number.desc())
            .limit(limit)
        )
        return [Revision(number, {}, by, author, note, at) for number, by, author, note, at in rows]

    def add(
        self,
        files: Mapping[str, str],
        catalog: Catalog,
        *,
        by: int | None,
        author: str = "",
        note: str = "",
        renames: Renames | None = None,
    ) -> int:
        """Put ``files`` in force as the next revision, with numbers and slots for the entities of ``catalog``.

        ``catalog`` was loaded from ``files``, on top of what this transaction saw as newest; Conflict when
        another revision was published in between, UniqueViolation when records already have the same value
        of what is to be unique. What ``renames`` lists keeps its records and values. Slots of records that exist wait for ``Store.backfill``.
        """
        base = self.newest_number()
        row = {
            "workspace_id": self._workspace,
            "number": base + 1,
            "files": dict(files),
            "by": by,
            "author": author,
            "note": note,
            "at": self._now,
            "fills": 0,
        }
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(tables.definition_revision), row)
        except IntegrityError:
            raise Conflict(
                say("somebody else has published definitions meanwhile"), base + 1
            ) from None
        self._put_in_force(catalog, renames or Renames())
        self._newest = (base + 1, 0)
        return base + 1
