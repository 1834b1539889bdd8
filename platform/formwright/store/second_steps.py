"""What people log in with besides a password: secrets of one-time codes, recovery codes, passkeys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from formwright import ids
from formwright.store import tables
from formwright.store.users import token_hash


@dataclass(frozen=True, slots=True)
class TwoFactor:
    """The secret of a person's one-time codes, encrypted; ``confirmed_at`` is None until a code was typed."""

    user: int
    secret: str
    confirmed_at: datetime | None
    last_counter: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that a person's device keeps; ``credential`` is the id by which the browser knows it."""

    id: int
    user: int
    credential: str
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    used_at: datetime | None


class SecondSteps:
    """The second steps of a workspace's users."""

    def __init__(self, connection: Connection, workspace: int, now: datetime) -> None:
        """Work on ``connection`` at the instant ``now``."""
        self._connection = connection
        self._workspace = workspace
        self._now = now

    # one-time codes

    def two_factor(self, user: int) -> TwoFactor | None:
        """Return the secret of a user, confirmed or not."""
        column = tables.two_factor.c
        row = self._connection.execute(
            select(column.user_id, column.secret, column.confirmed_at, column.last_counter).where(
                column.workspace_id == self._workspace, column.user_id == user
            )
        ).first()
        return TwoFactor(*row) if row is not None else None

    def begin(self, user: int, secret: str) -> None:
        """Keep a secret that the person has yet to confirm, in place of an earlier one."""
        self.forget(user)
        self._connection.execute(
            insert(tables.two_factor),
            {
                "workspace_id": self._workspace,
                "user_id": user,
                "secret": secret,
                "created_at": self._now,
                "last_counter": 0,
            },
        )

    def accept(self, user: int, counter: int, *, confirm: bool = False) -> bool:
        """Note that the code of ``counter`` was typed; False when it, or a later one, was accepted before.

        One statement decides, so that of two who send the same code one is let in.
        """
        column = tables.two_factor.c
        values: dict[str, Any] = {"last_counter": counter}
        if confirm:
            values["confirmed_at"] = self._now
        done = self._connection.execute(
            update(tables.two_factor)
            .where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.last_counter < counter,
            )
            .values(**values)
        )
        return done.rowcount == 1

    def forget(self, user: int) -> None:
        """Forget the secret and the recovery codes of a user."""
        for table in (tables.two_factor, tables.recovery_code):
            self._connection.execute(
                delete(table).where(
                    table.c.workspace_id == self._workspace, table.c.user_id == user
                )
            )

    # recovery codes

    def put_recovery_codes(self, user: int, codes: Iterable[str]) -> None:
        """Keep the hashes of new codes in place of all earlier ones."""
        table = tables.recovery_code
        self._connection.execute(
            delete(table).where(table.c.workspace_id == self._workspace, table.c.user_id == user)
        )
        self._connection.execute(
            insert(table),
            [
                {"workspace_id": self._workspace, "user_id": user, "code_hash": token_hash(code)}
                for code in codes
            ],
        )

    def use_recovery_code(self, user: int, code: str) -> bool:
        """Use a code up; False when there is none such, or it was used before."""
        column = tables.recovery_code.c
        done = self._connection.execute(
            update(tables.recovery_code)
            .where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.code_hash == token_hash(code),
                column.used_at.is_(None),
            )
            .values(used_at=self._now)
        )
        return done.rowcount == 1

    def recovery_codes_left(self, user: int) -> int:
        """Return how many codes of a user are still good."""
        column = tables.recovery_code.c
        return self._connection.execute(
            select(func.count())
            .select_from(tables.recovery_code)
            .where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.used_at.is_(None),
            )
        ).scalar_one()

    # passkeys

    def passkeys(self, user: int) -> list[Passkey]:
        """Return the passkeys of a user, oldest first."""
        column = tables.passkey.c
        rows = self._connection.execute(
            select(*_PASSKEY)
            .where(column.workspace_id == self._workspace, column.user_id == user)
            .order_by(column.id)
        )
        return [Passkey(*row) for row in rows]

    def passkey(self, credential: str) -> Passkey | None:
        """Return the passkey that a browser names."""
        column = tables.passkey.c
        row = self._connection.execute(
            select(*_PASSKEY).where(
                column.workspace_id == self._workspace, column.credential == credential
            )
        ).first()
        return Passkey(*row) if row is not None else None

    def add_passkey(
        self, user: int, credential: str, public_key: bytes, sign_count: int, name: str
    ) -> bool:
        """Keep a passkey; False when it is known already, whoever has it."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    insert(tables.passkey),
                    {
                        "workspace_id": self._workspace,
                        "id": ids.new_id(),
                        "user_id": user,
                        "credential": credential,
                        "public_key": public_key,
                        "sign_count": sign_count,
                        "name": name,
                        "created_at": self._now,
                    },
                )
        except IntegrityError:
            return False
        return True

    def use_passkey(self, key: Passkey, sign_count: int) -> bool:
        """Note that a passkey was used; False when its counter did not grow, so that it may have been copied.

        Many devices keep no counter: theirs stays 0.
        """
        column = tables.passkey.c
        done = self._connection.execute(
            update(tables.passkey)
            .where(
                column.workspace_id == self._workspace,
                column.id == key.id,
                or_(
                    column.sign_count < sign_count,
                    (column.sign_count == 0) & (sign_count == 0),
                ),
            )
            .values(sign_count=sign_count, used_at=self._now)
        )
        return done.rowcount == 1

    def remove_passkey(self, user: int, number: int) -> bool:
        """Forget one passkey of a user; False when the user has none such."""
        column = tables.passkey.c
        done = self._connection.execute(
            delete(tables.passkey).where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.id == number,
            )
        )
        return done.rowcount == 1

    def remove_passkeys(self, user: int) -> int:
        """Forget all passkeys of a user; return how many there were."""
        column = tables.passkey.c
        return self._connection.execute(
            delete(tables.passkey).where(
                column.workspace_id == self._workspace, column.user_id == user
            )
        ).rowcount


_PASSKEY = (
    tables.passkey.c.id,
    tables.passkey.c.user_id,
    tables.passkey.c.credential,
    tables.passkey.c.public_key,
    tables.passkey.c.sign_count,
    tables.passkey.c.name,
    tables.passkey.c.created_at,
    tables.passkey.c.used_at,
)
