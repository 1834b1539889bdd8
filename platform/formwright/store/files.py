"""Uploaded files: what is known of each, and which record has claimed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from formwright import ids
from formwright.store import tables
from formwright.store.unit import Shape

_COLUMNS = (
    tables.stored_file.c.id,
    tables.stored_file.c.sha256,
    tables.stored_file.c.name,
    tables.stored_file.c.mime,
    tables.stored_file.c.size,
    tables.stored_file.c.created_at,
    tables.stored_file.c.created_by,
    tables.stored_file.c.entity_id,
    tables.stored_file.c.record_id,
    tables.stored_file.c.attribute,
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded file. ``record`` is None until a record claims it."""

    id: int
    sha256: str
    name: str
    mime: str
    size: int
    created_at: datetime
    created_by: int | None
    entity_id: int | None
    record: int | None
    attribute: str | None


class Files:
    """The uploaded files of a workspace. Contents lie below home/files by hash, or here when given."""

    def __init__(
        self, connection: Connection, workspace: int, now: datetime, shape: Shape | None
    ) -> None:
        """Work on ``connection``."""
        self._connection = connection
        self._workspace = workspace
        self._now = now
        self._shape = shape

    def add(
        self,
        sha256: str,
        name: str,
        mime: str,
        size: int,
        *,
        by: int | None,
        content: bytes | None = None,
    ) -> StoredFile:
        """Enter an upload that no record has claimed yet."""
        number = ids.new_id()
        row = {
            "workspace_id": self._workspace,
            "id": number,
            "sha256": sha256,
            "name": name,
            "mime": mime,
            "size": size,
            "content": content,
            "created_at": self._now,
            "created_by": by,
        }
        self._connection.execute(insert(tables.stored_file), row)
        return StoredFile(number, sha256, name, mime, size, self._now, by, None, None, None)

    def find(self, number: int) -> StoredFile | None:
        """Return what is known of a file."""
        row = self._connection.execute(
            self._query().where(tables.stored_file.c.id == number)
        ).first()
        return StoredFile(*row) if row is not None else None

    def find_many(self, numbers: Iterable[int]) -> dict[int, StoredFile]:
        """Return what is known of some files, by id."""
        rows = self._connection.execute(
            self._query().where(tables.stored_file.c.id.in_(list(numbers)))
        )
        return {row[0]: StoredFile(*row) for row in rows}

    def content(self, number: int) -> bytes | None:
        """Return a content that is kept in the database."""
        file = tables.stored_file.c
        query = select(file.content).where(file.workspace_id == self._workspace, file.id == number)
        return self._connection.execute(query).scalar()

    def claim(
        self, numbers: Iterable[int], entity: str, record: int, attribute: str, *, by: int | None
    ) -> set[int]:
        """Tie files to a record; return those that could be tied.

        A file can be claimed by who uploaded it, once, or again by the record that has it.
        """
        if self._shape is None:
            return set()
        file = tables.stored_file.c
        place = self._shape.place(entity).id
        free = (file.record_id.is_(None)) & (file.created_by.is_not_distinct_from(by))
        own = (file.entity_id == place) & (file.record_id == record)
        statement = (
            update(tables.stored_file)
            .where(file.workspace_id == self._workspace, file.id.in_(list(numbers)), free | own)
            .values(entity_id=place, record_id=record, attribute=attribute)
            .returning(file.id)
        )
        return set(self._connection.scalars(statement))

    def release(self, numbers: Iterable[int]) -> None:
        """Untie files from their records; they are swept like uploads that were never claimed."""
        file = tables.stored_file.c
        self._connection.execute(
            update(tables.stored_file)
            .where(file.workspace_id == self._workspace, file.id.in_(list(numbers)))
            .values(entity_id=None, record_id=None, attribute=None, created_at=self._now)
        )

    def sweep(self, older_than: datetime, limit: int = 500) -> set[str]:
        """Forget unclaimed files from before an instant; return the hashes that no file has any more."""
        file = tables.stored_file.c
        mine = file.workspace_id == self._workspace
        found = self._connection.execute(
            select(file.id, file.sha256)
            .where(mine, file.record_id.is_(None), file.created_at < older_than)
            .limit(limit)
        ).all()
        if not found:
            return set()
        self._connection.execute(
            delete(tables.stored_file).where(mine, file.id.in_([row.id for row in found]))
        )
        hashes = {row.sha256 for row in found}
        kept = self._connection.scalars(select(file.sha256).where(mine, file.sha256.in_(hashes)))
        return hashes - set(kept)

    def total(self) -> int:
        """Return how many bytes the known files take."""
        file = tables.stored_file.c
        query = select(func.coalesce(func.sum(file.size), 0)).where(
            file.workspace_id == self._workspace
        )
        return int(self._connection.execute(query).scalar_one())

    def _query(self) -> Select[int, str, str, str, int, datetime, int, int, int, str]:
        return select(*_COLUMNS).where(tables.stored_file.c.workspace_id == self._workspace)
