"""Who may log in, with which roles, and the sessions that are open."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from formwright.store import tables
from formwright.store.problems import Clash, UniqueViolation

#: Control characters, invisible ones and halves of characters: nobody types them, and a database may refuse them.
_NOT_TYPED = frozenset({"Cc", "Cf", "Cs"})
#: How often ``seen_at`` of a session is written, at most.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a user logs in with. ``user`` is the id of a ``core.user`` record."""

    user: int
    login: str
    password_hash: str
    active: bool
    must_change: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as the server knows it; the token itself is only in the browser."""

    token_hash: str
    user: int
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is logged in: the session, the roles given to the user, and the document of the user's record."""

    session: OpenSession
    roles: frozenset[str]
    document: Mapping[str, Any]
    #: True when the password has to be changed before anything else.
    must_change: bool
    #: True when the person has set up two-step log-in.
    two_step: bool
    #: The revision in force and how often its slots were filled, as ``Revisions.newest``.
    newest: tuple[int, int]


def token_hash(token: str) -> str:
    """Return what is stored of a session's token; it cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def typed_login(login: str) -> str:
    r"""Return what somebody typed to log in, without what cannot be seen and in the usual width.

    >>> typed_login(" Ａda\0 ")
    'Ada'
    """
    kept = "".join(sign for sign in login if unicodedata.category(sign) not in _NOT_TYPED)
    return unicodedata.normalize("NFKC", kept).strip()


def normal_login(login: str) -> str:
    """Return a log-in name as it is compared: case, width and surrounding space do not matter."""
    return typed_login(login).casefold()


class Users:
    """Credentials, roles and sessions of a workspace."""

    def __init__(self, connection: Connection, workspace: int, now: datetime) -> None:
        """Work on ``connection``; ``now`` decides what has expired."""
        self._connection = connection
        self._workspace = workspace
        self._now = now

    # credentials

    def put_credential(
        self,
        user: int,
        login: str,
        password_hash: str,
        *,
        active: bool = True,
        must_change: bool = False,
    ) -> None:
        """Give a user a log-in name and password, or change them; UniqueViolation when the name is taken."""
        table = tables.credential
        content = {
            "login": normal_login(login),
            "password_hash": password_hash,
            "active": active,
            "must_change": must_change,
            "changed_at": self._now,
        }
        statement = self._upsert(table, {"user_id": user}, content)
        try:
            with self._connection.begin_nested():
                self._connection.execute(statement)
        except IntegrityError:
            raise self._taken(login) from None

    def credential(self, login: str) -> Credential | None:
        """Return the credential of a log-in name."""
        row = self._connection.execute(
            self._credentials().where(tables.credential.c.login == normal_login(login))
        ).first()
        return Credential(*row) if row is not None else None

    def credential_of(self, user: int) -> Credential | None:
        """Return the credential of a user."""
        row = self._connection.execute(
            self._credentials().where(tables.credential.c.user_id == user)
        ).first()
        return Credential(*row) if row is not None else None

    def credentials(self) -> list[Credential]:
        """Return everybody who can log in, by name."""
        rows = self._connection.execute(self._credentials().order_by(tables.credential.c.login))
        return [Credential(*row) for row in rows]

    def set_password(self, user: int, password_hash: str, *, must_change: bool = False) -> None:
        """Change a password; every session of the user ends."""
        self._change_credential(
            user, password_hash=password_hash, must_change=must_change, changed_at=self._now
        )
        self.revoke_all(user)

    def rehash(self, user: int, password_hash: str) -> None:
        """Store the same password under a stronger hash."""
        self._change_credential(user, password_hash=password_hash)

    def set_active(self, user: int, *, active: bool) -> None:
        """Let a user in, or keep him out from the next request on."""
        self._change_credential(user, active=active)
        if not active:
            self.revoke_all(user)

    def rename(self, user: int, login: str) -> None:
        """Let a user log in under another name; every session of the user ends. UniqueViolation when it is taken."""
        try:
            with self._connection.begin_nested():
                self._change_credential(user, login=normal_login(login))
        except IntegrityError:
            raise self._taken(login) from None
        self.revoke_all(user)

    # roles

    def roles(self, user: int) -> frozenset[str]:
        """Return the roles that a user was given, by qualified name."""
        column = tables.user_role.c
        return frozenset(
            self._connection.scalars(
                select(column.role).where(
                    column.workspace_id == self._workspace, column.user_id == user
                )
            )
        )

    def roles_of_all(self) -> Mapping[int, frozenset[str]]:
        """Return user -> roles for everybody who has any."""
        column = tables.user_role.c
        found: dict[int, set[str]] = {}
        for user, role in self._connection.execute(
            select(column.user_id, column.role).where(column.workspace_id == self._workspace)
        ):
            found.setdefault(user, set()).add(role)
        return {user: frozenset(roles) for user, roles in found.items()}

    def hold_those_with(self, roles: Iterable[str], people: str) -> frozenset[int]:
        """Return the users who have one of some roles and may log in, and keep that from changing until the end.

        ``people`` is the entity whose records are the users: one in the trash is nobody. Two who ask at once ask one
        after the other, so that the last one is never overlooked.
        """
        column, given = tables.credential.c, tables.user_role.c
        entity, record = tables.entity.c, tables.record.c
        has_role = (
            select(literal(1))
            .where(
                given.workspace_id == column.workspace_id,
                given.user_id == column.user_id,
                given.role.in_(list(roles)),
            )
            .exists()
        )
        is_there = (
            select(literal(1))
            .select_from(tables.record)
            .join(
                tables.entity,
                (entity.workspace_id == record.workspace_id) & (entity.id == record.entity_id),
            )
            .where(
                record.workspace_id == column.workspace_id,
                record.id == column.user_id,
                entity.name == people,
            )
            .exists()
        )
        return frozenset(
            self._connection.scalars(
                select(column.user_id)
                .where(
                    column.workspace_id == self._workspace,
                    column.active.is_(True),
                    has_role,
                    is_there,
                )
                .order_by(column.user_id)
                .with_for_update()
            )
        )

    def set_roles(self, user: int, roles: Iterable[str], *, by: int | None) -> None:
        """Give a user exactly these roles."""
        column = tables.user_role.c
        wanted, present = set(roles), self.roles(user)
        self._connection.execute(
            delete(tables.user_role).where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.role.in_(present - wanted),
            )
        )
        fresh = [
            {
                "workspace_id": self._workspace,
                "user_id": user,
                "role": role,
                "granted_at": self._now,
                "granted_by": by,
            }
            for role in sorted(wanted - present)
        ]
        if fresh:
            self._connection.execute(insert(tables.user_role), fresh)

    # sessions

    def open_session(
        self,
        user: int,
        *,
        lifetime: timedelta,
        address: str = "",
        agent: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> tuple[str, OpenSession]:
        """Open a session; return the token for the browser, which is stored nowhere, and the session."""
        token = secrets.token_urlsafe(32)
        opened = OpenSession(
            token_hash(token), user, secrets.token_urlsafe(32), self._now, self._now,
            self._now + lifetime, address[:100], agent[:400], dict(values or {}),
        )  # fmt: skip
        self._connection.execute(
            insert(tables.session),
            {
                "workspace_id": self._workspace,
                "token_hash": opened.token_hash,
                "user_id": user,
                "csrf": opened.csrf,
                "created_at": opened.created_at,
                "seen_at": opened.seen_at,
                "expires_at": opened.expires_at,
                "address": opened.address,
                "agent": opened.agent,
                "values": opened.values,
            },
        )
        return token, opened

    def session(self, token: str) -> OpenSession | None:
        """Return the session of a token, None when it has ended, was revoked, or its user may not log in.

        One statement, so that every request can afford it.
        """
        column, credential = tables.session.c, tables.credential.c
        row = self._connection.execute(
            select(*_SESSION)
            .join(
                tables.credential,
                (credential.workspace_id == column.workspace_id)
                & (credential.user_id == column.user_id),
            )
            .where(
                column.workspace_id == self._workspace,
                column.token_hash == token_hash(token),
                column.revoked_at.is_(None),
                column.expires_at > self._now,
                credential.active.is_(True),
            )
        ).first()
        return OpenSession(*row) if row is not None else None

    def visit(self, token: str, people: str) -> Visit | None:
        """Return the session of a token with everything about its user that a request needs, or None as ``session``.

        ``people`` is the name of the entity whose records are the users. One statement, so that a page costs no
        more than that to know who asks and which definitions are in force.
        """
        row = self._connection.execute(
            _visit(),
            {
                "workspace": self._workspace,
                "people": people,
                "token": token_hash(token),
                "now": self._now,
            },
        ).first()
        if row is None:
            return None
        *opened, names, document, must_change, two_step_on, number, fills = row
        roles_given = frozenset(filter(None, (names or "").split(",")))
        return Visit(
            OpenSession(*opened),
            roles_given,
            document,
            must_change=must_change,
            two_step=bool(two_step_on),
            newest=(number, fills),
        )

    def sessions_of(self, user: int) -> list[OpenSession]:
        """Return the open sessions of a user, newest first."""
        column = tables.session.c
        rows = self._connection.execute(
            select(*_SESSION)
            .where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.revoked_at.is_(None),
                column.expires_at > self._now,
            )
            .order_by(column.created_at.desc())
        )
        return [OpenSession(*row) for row in rows]

    def touch(self, opened: OpenSession) -> None:
        """Note that a session was used, at most once a minute."""
        if self._now - opened.seen_at >= SEEN_EVERY:
            self._change_session(opened.token_hash, seen_at=self._now)

    def put_values(self, opened: OpenSession, values: Mapping[str, Any]) -> None:
        """Keep something with a session."""
        self._change_session(opened.token_hash, values=dict(values))

    def revoke(self, hashed: str) -> None:
        """End one session."""
        self._change_session(hashed, revoked_at=self._now)

    def revoke_of(self, user: int, hashed: str) -> bool:
        """End one session, if it is one of that user's; tell whether it was, and was open."""
        column = tables.session.c
        done = self._connection.execute(
            update(tables.session)
            .where(
                column.workspace_id == self._workspace,
                column.user_id == user,
                column.token_hash == hashed,
                column.revoked_at.is_(None),
            )
            .values(revoked_at=self._now)
        )
        return done.rowcount == 1

    def revoke_all(self, user: int, *, but: str | None = None) -> int:
        """End every session of a user, but perhaps the one he is in; return how many."""
        column = tables.session.c
        statement = update(tables.session).where(
            column.workspace_id == self._workspace,
            column.user_id == user,
            column.revoked_at.is_(None),
        )
        if but is not None:
            statement = statement.where(column.token_hash != but)
        return self._connection.execute(statement.values(revoked_at=self._now)).rowcount

    def sweep_sessions(self, older_than: datetime) -> int:
        """Forget sessions that ended before an instant."""
        column = tables.session.c
        return self._connection.execute(
            delete(tables.session).where(
                column.workspace_id == self._workspace, column.expires_at < older_than
            )
        ).rowcount

    def _credentials(self) -> Select[int, str, str, bool, bool, datetime]:
        column = tables.credential.c
        return select(
            column.user_id,
            column.login,
            column.password_hash,
            column.active,
            column.must_change,
            column.changed_at,
        ).where(column.workspace_id == self._workspace)

    def _taken(self, login: str) -> UniqueViolation:
        holder = self.credential(login)
        clash = Clash("login", ("login",), holder.user if holder is not None else 0)
        return UniqueViolation("core.user", [clash])

    def _change_credential(self, user: int, **values: Any) -> None:
        column = tables.credential.c
        self._connection.execute(
            update(tables.credential)
            .where(column.workspace_id == self._workspace, column.user_id == user)
            .values(**values)
        )

    def _change_session(self, hashed: str, **values: Any) -> None:
        column = tables.session.c
        self._connection.execute(
            update(tables.session)
            .where(column.workspace_id == self._workspace, column.token_hash == hashed)
            .values(**values)
        )

    def _upsert(self, table: Any, identity: Mapping[str, Any], content: Mapping[str, Any]) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return (
            dialect.insert(table)
            .values(workspace_id=self._workspace, **identity, **content)
            .on_conflict_do_update(
                index_elements=[table.c.workspace_id, *(table.c[name] for name in identity)],
                set_=dict(content),
            )
        )


_SESSION = (
    tables.session.c.token_hash,
    tables.session.c.user_id,
    tables.session.c.csrf,
    tables.session.c.created_at,
    tables.session.c.seen_at,
    tables.session.c.expires_at,
    tables.session.c.address,
    tables.session.c.agent,
    tables.session.c["values"],
)


@cache
def _visit() -> Select[Any]:
    """Return the statement of ``Users.visit``: every request asks it, and building it costs more than asking."""
    column, credential, record = tables.session.c, tables.credential.c, tables.record.c
    entity, revision = tables.entity.c, tables.definition_revision.c
    workspace = bindparam("workspace", type_=column.workspace_id.type)
    newest = (
        select(revision.number, revision.fills)
        .where(revision.workspace_id == workspace)
        .order_by(revision.number.desc())
        .limit(1)
        .subquery()
    )
    roles = (
        select(func.aggregate_strings(tables.user_role.c.role, ","))
        .where(
            tables.user_role.c.workspace_id == column.workspace_id,
            tables.user_role.c.user_id == column.user_id,
        )
        .scalar_subquery()
    )
    two_step = (
        select(literal(1))
        .where(
            tables.two_factor.c.workspace_id == column.workspace_id,
            tables.two_factor.c.user_id == column.user_id,
            tables.two_factor.c.confirmed_at.is_not(None),
        )
        .exists()
    )
    return (
        select(
            *_SESSION,
            roles,
            record.data,
            credential.must_change,
            two_step,
            newest.c.number,
            newest.c.fills,
        )
        .select_from(tables.session)
        .join(
            tables.credential,
            (credential.workspace_id == column.workspace_id)
            & (credential.user_id == column.user_id),
        )
        .join(
            tables.entity,
            (entity.workspace_id == column.workspace_id) & (entity.name == bindparam("people")),
        )
        .join(
            tables.record,
            (record.workspace_id == column.workspace_id)
            & (record.entity_id == entity.id)
            & (record.id == column.user_id),
        )
        .join(newest, true())
        .where(
            column.workspace_id == workspace,
            column.token_hash == bindparam("token"),
            column.revoked_at.is_(None),
            column.expires_at > bindparam("now"),
            credential.active.is_(True),
        )
    )
