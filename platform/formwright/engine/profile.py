"""What somebody may do with the own account, whatever the roles say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formwright.engine.accounts import USER
from formwright.engine.actor import Actor
from formwright.engine.drafts import Input
from formwright.engine.packages import installer
from formwright.engine.records import update_in
from formwright.fieldtypes.base import ValueProblem
from formwright.store.users import normal_login
from formwright.texts import Reader

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit


def user_of_email(unit: Unit, email: str) -> int | None:
    """Return the id of the user with that e-mail address, or None."""
    return _user_with(unit, "email", email)


def user_of_login(unit: Unit, login: str) -> int | None:
    """Return the id of the user with that log-in name, or None; whether the person can log in is no matter."""
    return _user_with(unit, "login", normal_login(login))


def _user_with(unit: Unit, key: str, typed: str) -> int | None:
    field = unit.entity(USER).fields[key]
    try:
        wanted = field.type.parse(field, typed, Reader())
    except ValueProblem:
        return None
    # Nobody is logged in yet: the system looks, and tells no more than who it is.
    system = unit.runtime.unit_in(unit.tx, installer(unit.catalog))
    held = system.gate.by_unique(USER, key, [wanted]) if wanted is not None else {}
    return held.get(wanted)


def choose_language(runtime: Runtime, actor: Actor, language: str) -> None:
    """Keep the language that somebody switched to with the user record; it is entered as the person's own doing."""
    if actor.id is None:
        return
    # Everybody may do this, also who may not change users: so it is done with the rights of the system, in the name
    # of the person.
    system = installer(runtime.catalog)
    by = Actor(actor.id, actor.login, actor.name, system.roles, actor.reader)
    with runtime.unit(by, write=True) as unit:
        update_in(unit, USER, actor.id, Input({"language": language}, confirmed=True), version=None)
