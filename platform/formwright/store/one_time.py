"""Tokens that are good once, for one purpose and a short time: links, the way between two steps, challenges."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from formwright.store import tables
from formwright.store.users import token_hash


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """What is stored of a token; the token itself is only with whoever got it."""

    purpose: str
    user: int | None
    bound: str
    expires_at: datetime


class OneTimeTokens:
    """The one-time tokens of a workspace. Only their hashes are stored."""

    def __init__(self, connection: Connection, workspace: int, now: datetime) -> None:
        """Work on ``connection``; ``now`` decides what has expired."""
        self._connection = connection
        self._workspace = workspace
        self._now = now

    def add(
        self,
        purpose: str,
        user: int | None,
        *,
        lifetime: timedelta,
        bound: str = "",
        by: int | None = None,
        token: str = "",
    ) -> str:
        """Make a token of 256 random bits and return it; ``token`` is one that was drawn elsewhere."""
        chosen = token or secrets.token_urlsafe(32)
        self._connection.execute(
            insert(tables.one_time_token),
            {
                "workspace_id": self._workspace,
                "token_hash": token_hash(chosen),
                "purpose": purpose,
                "user_id": user,
                "bound": bound,
                "created_at": self._now,
                "created_by": by,
                "expires_at": self._now + lifetime,
            },
        )
        return chosen

    def find(self, token: str, *purposes: str) -> OneTimeToken | None:
        """Return what a token is good for, None when it is unknown, used, too old, or for something else."""
        column = tables.one_time_token.c
        row = self._connection.execute(
            select(column.purpose, column.user_id, column.bound, column.expires_at).where(
                *self._is_good(token, purposes)
            )
        ).first()
        return OneTimeToken(*row) if row is not None else None

    def use(self, token: str, *purposes: str) -> OneTimeToken | None:
        """Use a token up and return it; of any number who try at once exactly one gets it, the others None."""
        found = self.find(token, *purposes)
        if found is None:
            return None
        taken = self._connection.execute(
            update(tables.one_time_token)
            .where(*self._is_good(token, purposes))
            .values(used_at=self._now)
        ).rowcount
        return found if taken == 1 else None

    def cancel(self, user: int, *purposes: str) -> None:
        """Make the open tokens of a user worthless."""
        column = tables.one_time_token.c
        self._connection.execute(
            update(tables.one_time_token)
            .where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.purpose.in_(purposes),
                column.used_at.is_(None),
            )
            .values(used_at=self._now)
        )

    def open_until(self, user: int, *purposes: str) -> datetime | None:
        """Return until when a user has a token that is still good, None without one."""
        column = tables.one_time_token.c
        return self._connection.scalars(
            select(column.expires_at)
            .where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.purpose.in_(purposes),
                column.used_at.is_(None),
                column.expires_at > self._now,
            )
            .order_by(column.expires_at.desc())
            .limit(1)
        ).first()

    def sweep(self, older_than: datetime) -> int:
        """Forget tokens that expired before an instant."""
        column = tables.one_time_token.c
        return self._connection.execute(
            delete(tables.one_time_token).where(
                column.workspace_id == self._workspace, column.expires_at < older_than
            )
        ).rowcount

    def _is_good(self, token: str, purposes: tuple[str, ...]) -> tuple[ColumnElement[bool], ...]:
        column = tables.one_time_token.c
        return (
            column.workspace_id == self._workspace,
            column.token_hash == token_hash(token),
            column.purpose.in_(purposes),
            column.used_at.is_(None),
            column.expires_at > self._now,
        )
