"""Attempts to log in: how often it went wrong for a name and from an address, known to every process."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from formwright import ids
from formwright.store import tables
from formwright.store.users import normal_login


class Attempts:
    """The attempts of a workspace."""

    def __init__(self, connection: Connection, workspace: int, now: datetime) -> None:
        """Work on ``connection`` at the instant ``now``."""
        self._connection = connection
        self._workspace = workspace
        self._now = now

    def note(self, login: str, address: str, *, succeeded: bool) -> int:
        """Remember that somebody tried to log in; return the id of the attempt."""
        number = ids.new_id()
        self._connection.execute(
            insert(tables.log_in_attempt),
            {
                "workspace_id": self._workspace,
                "id": number,
                "at": self._now,
                "login": normal_login(login)[:200],
                "address": address[:100],
                "succeeded": succeeded,
            },
        )
        return number

    def claim(
        self, login: str, address: str, *, since: datetime, per_name: int, per_address: int
    ) -> int | None:
        """Count one more attempt as failed before it is judged, and return its id; None when there were too many.

        Counted first and judged later, so that many who try at once get no more tries than one after another.
        ``settle`` says how it went.
        """
        name = normal_login(login)[:200]
        if self._connection.dialect.name == "postgresql":
            # SQLite has one writer at a time; here those who try one name wait for each other.
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))
        by_name, by_address = self.failures(login=name, address=address, since=since)
        if by_name >= per_name or by_address >= per_address:
            return None
        return self.note(name, address, succeeded=False)

    def settle(self, attempt: int, *, succeeded: bool | None) -> None:
        """Say how a claimed attempt went; None for one that proved nothing either way and does not count."""
        column = tables.log_in_attempt.c
        this = (column.workspace_id == self._workspace, column.id == attempt)
        if succeeded is None:
            self._connection.execute(delete(tables.log_in_attempt).where(*this))
        elif succeeded:
            self._connection.execute(
                update(tables.log_in_attempt).where(*this).values(succeeded=True)
            )

    def failures(self, *, login: str, address: str, since: datetime) -> tuple[int, int]:
        """Return how often log-in has failed since an instant: for the name (since its last success), and from the address."""
        column = tables.log_in_attempt.c
        name = normal_login(login)[:200]
        mine = column.workspace_id == self._workspace
        last_success = (
            select(func.max(column.at))
            .where(mine, column.login == name, column.succeeded.is_(True))
            .scalar_subquery()
        )
        failed = (
            select(func.count())
            .select_from(tables.log_in_attempt)
            .where(mine, column.at >= since, column.succeeded.is_(False))
        )
        by_name = failed.where(
            column.login == name, (last_success.is_(None)) | (column.at > last_success)
        )
        by_address = failed.where(column.address == address[:100])
        row = self._connection.execute(
            select(by_name.scalar_subquery(), by_address.scalar_subquery())
        ).one()
        return int(row[0]), int(row[1])

    def sweep(self, older_than: datetime) -> int:
        """Forget attempts from before an instant."""
        column = tables.log_in_attempt.c
        return self._connection.execute(
            delete(tables.log_in_attempt).where(
                column.workspace_id == self._workspace, column.at < older_than
            )
        ).rowcount
