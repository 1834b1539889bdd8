"""Accounts: the people who may log in, their passwords and their roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from formwright.engine.audit import Event, note
from formwright.engine.drafts import Input, Typed
from formwright.engine.records import create_in
from formwright.errors import FormwrightError
from formwright.suggest import closest
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.transaction import Transaction

USER = "core.user"
ADMIN = "core.admin"
SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 1_024
_COMMON = frozenset({"1234567890", "0123456789", "qwertyuiop", "password123", "1111111111"})


class AccountError(FormwrightError):
    """An account that cannot be made or changed as asked."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in."""

    id: int
    login: str
    name: str
    roles: tuple[str, ...]
    active: bool


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password that ``password_problem`` has nothing against."""
    return _hasher().hash(password)


def is_password(hashed: str, password: str) -> bool:
    """Return whether ``password`` is the one that was hashed. Takes as long for a wrong one as for a right one."""
    if len(password) > _LONGEST_PASSWORD:
        return False
    try:
        return _hasher().verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Return whether the hash was made with weaker settings than today's."""
    return _hasher().check_needs_rehash(hashed)


def password_problem(password: str, login: str = "") -> Text | None:
    """Return what is wrong with a new password, or None. Length counts; no signs are demanded."""
    if len(password) < SHORTEST_PASSWORD:
        return say("Use at least %(count)s characters.", count=SHORTEST_PASSWORD)
    if len(password) > _LONGEST_PASSWORD:
        return say("Use at most %(count)s characters.", count=_LONGEST_PASSWORD)
    if password.casefold() in _COMMON or len(set(password)) < 4:
        return say("This password is easy to guess.")
    if login and login.casefold() in password.casefold():
        return say("The password must not contain the log-in name.")
    return None


def fresh_password() -> str:
    """Return a random password that can be read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def add_account(
    unit: Unit,
    *,
    login: str,
    name: str,
    password: str,
    roles: Iterable[str] = (),
    email: str = "",
    language: str = "",
    must_change: bool = False,
) -> int:
    """Make a person with a log-in; return the id. Raises AccountError, or Refused for what the user form refuses."""
    problem = password_problem(password, login)
    if problem is not None:
        raise AccountError(problem)
    typed = {"name": name or login, "login": login, "email": email, "language": language}
    given = Input({key: Typed((text,)) for key, text in typed.items() if text}, confirmed=True)
    record = create_in(unit, USER, given, channel="data").record
    note(unit.tx, unit.actor, Event.USER_ADDED, entity=USER, record=record.id)
    give_access(unit, record.id, login, password, roles, must_change=must_change)
    return record.id


def give_access(
    unit: Unit,
    user: int,
    login: str,
    password: str,
    roles: Iterable[str],
    *,
    must_change: bool = False,
) -> None:
    """Let the person of an existing user record log in, with exactly these roles."""
    qualified = [role_name(unit, role) for role in roles]
    record = unit.tx.records.find(USER, user)
    active = record is None or bool(record.values.get("active"))
    unit.tx.users.put_credential(
        user, login, hash_password(password), active=active, must_change=must_change
    )
    set_roles(unit, user, qualified)


def set_roles(unit: Unit, user: int, roles: Iterable[str]) -> None:
    """Give a user exactly these roles, by qualified name."""
    before, after = unit.tx.users.roles(user), frozenset(roles)
    unit.tx.users.set_roles(user, after, by=unit.actor.id)
    said = {"given": sorted(after - before), "taken": sorted(before - after)}
    if before != after:
        note(unit.tx, unit.actor, Event.ROLES_CHANGED, entity=USER, record=user, details=said)


def role_name(unit: Unit, name: str) -> str:
    """Return the qualified name of a role that may be given bare; AccountError names the nearest."""
    roles = unit.catalog.roles
    if name in roles:
        return name
    found = [role for role in roles if role.partition(".")[2] == name]
    if len(found) == 1:
        return found[0]
    near = closest(name, roles)
    if near is None:
        raise AccountError(say("There is no role '%(name)s'.", name=name))
    raise AccountError(
        say("There is no role '%(name)s'; did you mean %(near)s?", name=name, near=near)
    )


def set_password(unit: Unit, login: str, password: str, *, must_change: bool = False) -> None:
    """Change somebody's password and end his sessions."""
    credential = unit.tx.users.credential(login)
    if credential is None:
        raise AccountError(say("Nobody logs in as '%(login)s'.", login=login))
    problem = password_problem(password, login)
    if problem is not None:
        raise AccountError(problem)
    unit.tx.users.set_password(credential.user, hash_password(password), must_change=must_change)
    note(unit.tx, unit.actor, Event.PASSWORD_CHANGED, entity=USER, record=credential.user)


def accounts(unit: Unit) -> list[Account]:
    """Return everybody who can log in, by log-in name."""
    credentials = unit.tx.users.credentials()
    roles = unit.tx.users.roles_of_all()
    people = {
        record.id: str(record.values.get("name") or "")
        for record in unit.tx.records.get_many(USER, [each.user for each in credentials])
    }
    return [
        Account(
            each.user,
            each.login,
            people.get(each.user, each.login),
            tuple(sorted(roles.get(each.user, ()))),
            each.active,
        )
        for each in credentials
    ]


def first_administrator(tx: Transaction) -> int | None:
    """Return the id of the administrator who was there first, or None without one."""
    return min(
        (user for user, roles in tx.users.roles_of_all().items() if ADMIN in roles), default=None
    )
