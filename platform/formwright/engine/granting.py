"""Who may look after whom: nobody gives more than he has, nor takes over somebody who has more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Catalog, Grant
from formwright.engine.rights import grants_for
from formwright.errors import Forbidden
from formwright.texts import say

if TYPE_CHECKING:
    from datetime import date

    from formwright.engine.actor import Actor
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

_USER, _ADMIN = "core.user", "core.admin"


def may_give(catalog: Catalog, actor: Actor, role: str, day: date) -> bool:
    """Return whether ``actor`` holds everything that a role carries on ``day``, and so may give it and take it.

    A role that is held is held whole. Any other has to consist of rights of which the actor has one that reaches at
    least as far, and may be exempt from no guard that applies to the actor.
    """
    carried = catalog.roles_of([role])
    if carried <= actor.roles:
        return True
    if _ADMIN in carried and _ADMIN not in actor.roles:
        return False
    if any(guard.exempt & carried and not guard.exempt & actor.roles for guard in catalog.guards):
        return False
    return all(
        _is_held(catalog, actor, grant, action, day)
        for grant in catalog.grants
        if grant.role in carried
        for action in grant.actions
    )


def _is_held(catalog: Catalog, actor: Actor, grant: Grant, action: Action, day: date) -> bool:
    """Return whether one grant of the actor's gives all that ``grant`` does: as many records, fields and days."""
    return any(
        (not own.limited or _reach(own) == _reach(grant))
        and own.hidden <= grant.hidden
        and own.locked <= grant.locked
        and all(key in grant.hidden or grant.masks.get(key) == m for key, m in own.masks.items())
        and (own.until is None or (grant.until is not None and grant.until <= own.until))
        for own in grants_for(catalog, actor, action, grant.entity, day)
    )


def _reach(grant: Grant) -> tuple[str, str, frozenset[str]]:
    return grant.scope.source if grant.scope is not None else "", grant.via, grant.states


def holds_all_of(unit: Unit, roles: Iterable[str]) -> bool:
    """Return whether the actor might give each of the roles; those that are gone carry nothing."""
    return all(
        may_give(unit.catalog, unit.actor, role, unit.access.day)
        for role in roles
        if role in unit.catalog.roles
    )


def require_may_give(unit: Unit, roles: Iterable[str]) -> None:
    """Raise Forbidden when one of the roles carries more than the actor holds; roles that are gone carry nothing."""
    for name in roles:
        role = unit.catalog.roles.get(name)
        if role is not None and not holds_all_of(unit, [name]):
            title = role.title.in_language(unit.reader.language)
            raise Forbidden(say("“%(name)s” carries more than you hold.", name=title))


def require_charge(unit: Unit, user: int) -> StoredRecord:
    """Return the record of a user whom the actor may look after; NotFound or Forbidden.

    A password that one may reset is a log-in that one may use: so it takes the right to configure users, and nobody
    reaches a person who carries more than he holds himself.
    """
    record = unit.gate.hold(Action.CONFIGURE, _USER, user)
    require_may_give(unit, unit.tx.users.roles(user))
    return record


def is_in_charge(unit: Unit, user: int) -> bool:
    """Return whether the actor may look after a user; for buttons."""
    if not unit.access.may(Action.CONFIGURE, _USER):
        return False
    return holds_all_of(unit, unit.tx.users.roles(user))
