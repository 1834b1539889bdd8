"""Who may look after whom: nobody gives more than he has, nor takes over somebody who has more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Catalog, Grant
from formwright.engine.accounts import ADMIN, USER
from formwright.engine.actor import Actor
from formwright.errors import Forbidden
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord


def may_give(catalog: Catalog, actor: Actor, role: str) -> bool:
    """Return whether ``actor`` holds everything that a role carries, and so may give it and take it.

    A role that is held is held whole. Any other has to consist of rights that the actor has on at least the same
    records: without a scope, or with the very same one.
    """
    carried = catalog.roles_of([role])
    if carried <= actor.roles:
        return True
    if ADMIN in carried and ADMIN not in actor.roles:
        return False
    return all(
        _is_held(catalog, actor, grant, action)
        for grant in catalog.grants
        if grant.role in carried
        for action in grant.actions
    )


def _is_held(catalog: Catalog, actor: Actor, grant: Grant, action: Action) -> bool:
    """Return whether one grant of the actor's gives all that ``grant`` does: as many records, fields and days."""
    return any(
        (not own.limited or _reach(own) == _reach(grant))
        and own.hidden <= grant.hidden
        and own.locked <= grant.locked
        and own.masks.keys() <= grant.masks.keys() | grant.hidden
        and (own.until is None or (grant.until is not None and grant.until <= own.until))
        for own in catalog.grants_by.get((grant.entity, action), ())
        if own.role in actor.roles
    )


def _reach(grant: Grant) -> tuple[str, str, frozenset[str]]:
    return grant.scope.source if grant.scope is not None else "", grant.via, grant.states


def require_may_give(unit: Unit, roles: Iterable[str]) -> None:
    """Raise Forbidden when one of the roles carries more than the actor holds; roles that are gone carry nothing."""
    for name in roles:
        role = unit.catalog.roles.get(name)
        if role is not None and not may_give(unit.catalog, unit.actor, name):
            title = role.title.in_language(unit.reader.language)
            raise Forbidden(say("“%(name)s” carries more than you hold.", name=title))


def require_charge(unit: Unit, user: int) -> StoredRecord:
    """Return the record of a user whom the actor may look after; NotFound or Forbidden.

    A password that one may reset is a log-in that one may use: so it takes the right to configure users, and nobody
    reaches a person who carries more than he holds himself.
    """
    record = unit.gate.hold(Action.CONFIGURE, USER, user)
    require_may_give(unit, unit.tx.users.roles(user))
    return record


def is_in_charge(unit: Unit, user: int) -> bool:
    """Return whether the actor may look after a user; for buttons."""
    if not unit.access.may(Action.CONFIGURE, USER):
        return False
    return all(
        may_give(unit.catalog, unit.actor, role)
        for role in unit.tx.users.roles(user)
        if role in unit.catalog.roles
    )
