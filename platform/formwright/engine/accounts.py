"""Accounts: the people who may log in, their passwords and their roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formwright.engine.actor import Actor, teams_of
from formwright.engine.audit import Event, note, tell
from formwright.engine.drafts import Input, Typed
from formwright.engine.passwords import hash_password, password_problem
from formwright.engine.records import create_in
from formwright.errors import FormwrightError
from formwright.suggest import closest
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.transaction import Transaction

USER = "core.user"
ADMIN = "core.admin"
MEMBER = "core.member"


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
    problem = password_problem(password, login, name=name, email=email)
    if problem is not None:
        raise AccountError(problem)
    user = add_person(unit, login=login, name=name, email=email, language=language)
    give_access(unit, user, login, password, roles, must_change=must_change)
    return user


def add_person(
    unit: Unit, *, login: str, name: str = "", email: str = "", language: str = ""
) -> int:
    """Make the record of a person who cannot log in yet; return the id. Raises Refused as the user form does."""
    typed = {"name": name or login, "login": login, "email": email, "language": language}
    given = Input({key: Typed((text,)) for key, text in typed.items() if text}, confirmed=True)
    record = create_in(unit, USER, given, channel="data").record
    note(unit.tx, unit.actor, Event.USER_ADDED, entity=USER, record=record.id)
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
    problem = problem_for(unit, credential.user, password)
    if problem is not None:
        raise AccountError(problem)
    unit.tx.users.set_password(credential.user, hash_password(password), must_change=must_change)
    tell(unit, Event.PASSWORD_CHANGED, user=credential.user)


def problem_for(unit: Unit, user: int, password: str) -> Text | None:
    """Return what is wrong with a new password of an existing person, or None."""
    record = unit.tx.records.find(USER, user)
    values = record.values if record is not None else {}
    return password_problem(
        password,
        str(values.get("login") or ""),
        name=str(values.get("name") or ""),
        email=str(values.get("email") or ""),
    )


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


def actors(unit: Unit, limit: int) -> list[Actor]:
    """Return the first who can log in, by log-in name, as actors for their rights to be judged; in three statements."""
    active = [each.user for each in unit.tx.users.credentials() if each.active][:limit]
    given = unit.tx.users.roles_of_all()
    found = []
    for record in sorted(
        unit.tx.records.get_many(USER, active), key=lambda record: active.index(record.id)
    ):
        values = record.values
        roles = unit.catalog.roles_of(given.get(record.id, ()))
        login, name = values.get("login") or "", values.get("name") or ""
        found.append(Actor(record.id, login, name or login, roles, unit.reader, teams_of(values)))
    return found


def is_active(unit: Unit, user: int) -> bool:
    """Return whether somebody is there and active, whatever the actor may read of him."""
    record = unit.tx.records.find(USER, user)
    return record is not None and bool(record.values.get("active"))


def first_administrator(tx: Transaction) -> int | None:
    """Return the id of the administrator who was there first, or None without one."""
    return min(
        (user for user, roles in tx.users.roles_of_all().items() if ADMIN in roles), default=None
    )
