"""Rights: nothing is allowed until a grant allows it; grants of all roles add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from formwright.definitions.model import Action, Catalog, Grant
from formwright.engine.actor import Actor
from formwright.engine.pipeline import condition_holds
from formwright.errors import Forbidden
from formwright.store.across import any_of, parent_exists
from formwright.store.compile import compile_condition
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.rows import Lookup, ValuesRow
    from formwright.expressions.environment import Environment
    from formwright.store.columns import Columns, RecordColumns

_USER = "core.user"
#: What a right on a child row follows: the right on the record it belongs to.
_PARENT_ACTION = {
    Action.CREATE: Action.UPDATE,
    Action.DELETE: Action.UPDATE,
    Action.RESTORE: Action.UPDATE,
}


class Asking(Protocol):
    """What deciding about rights asks of a unit of work."""

    catalog: Catalog
    actor: Actor

    @property
    def columns(self) -> Columns:
        """How attributes become columns of the store."""
        ...

    @property
    def lookup(self) -> Lookup:
        """Follows every reference, for conditions on values."""
        ...

    def bindings(self) -> Environment:
        """Return the constants of a condition: me, settings, now."""
        ...


def grants_for(catalog: Catalog, actor: Actor, action: Action, entity: str) -> list[Grant]:
    """Return the grants that let ``actor`` do ``action`` on at least some records of ``entity``."""
    return [
        grant for grant in catalog.grants_by.get((entity, action), ()) if grant.role in actor.roles
    ]


def may(catalog: Catalog, actor: Actor, action: Action, entity: str) -> bool:
    """Return whether ``actor`` may do ``action`` on any record of ``entity`` at all; for menus and buttons."""
    definition = catalog.entities.get(entity)
    if definition is None:
        return False
    if grants_for(catalog, actor, action, entity):
        return True
    if definition.parent:
        return may(catalog, actor, _PARENT_ACTION.get(action, action), definition.parent)
    return False


def require(catalog: Catalog, actor: Actor, action: Action, entity: str) -> None:
    """Raise Forbidden unless ``actor`` may do ``action`` on some record of ``entity``; says nothing about data."""
    if not may(catalog, actor, action, entity):
        raise Forbidden(say("You do not have the right to do this."))


def scope(unit: Asking, action: Action, row: RecordColumns) -> list[Any] | None:
    """Return the conditions that select the records on which the unit's actor may do ``action``.

    [] means all of them, None means none at all. The conditions go into the statement itself, so that lists,
    counts, pickers and writes agree. A child row follows the record it belongs to, unless it has grants of its own.
    """
    entity = row.definition
    grants = grants_for(unit.catalog, unit.actor, action, entity.name)
    if not grants and entity.parent:
        return _parent_scope(unit, _PARENT_ACTION.get(action, action), row)
    return _either(unit, grants, row)


def readable(unit: Asking, row: RecordColumns) -> list[Any] | None:
    """Return the conditions under which the unit's actor may see records of this kind; None for none of them.

    Users are seen by name by everybody who is logged in: owners and authors are shown on every record.
    """
    if row.entity == _USER and unit.actor.id is not None:
        return []
    return scope(unit, Action.READ, row)


def allows(unit: Asking, action: Action, row: ValuesRow) -> bool:
    """Return whether the actor may do ``action`` on a record that is no longer among the living, by its values."""
    grants = grants_for(unit.catalog, unit.actor, action, row.entity)
    environment = unit.lookup.environment(row)
    return any(condition_holds(grant.scope, environment) for grant in grants)


def has_own_grants(catalog: Catalog, entity: str) -> bool:
    """Return whether rights on a child entity are given to it itself; else they follow the record it belongs to."""
    return any(grant.entity == entity for grant in catalog.grants)


def _either(unit: Asking, grants: Sequence[Grant], row: RecordColumns) -> list[Any] | None:
    if not grants:
        return None
    scopes = [grant.scope for grant in grants]
    if any(checked is None for checked in scopes):
        return []
    distinct = {checked.source: checked for checked in scopes if checked is not None}
    bindings = unit.bindings()
    return [
        any_of(
            [
                compile_condition(checked, row, unit.columns, bindings)
                for checked in distinct.values()
            ]
        )
    ]


def _parent_scope(unit: Asking, action: Action, row: RecordColumns) -> list[Any] | None:
    parent = unit.columns.record(row.definition.parent)
    conditions = scope(unit, action, parent)
    if conditions is None:
        return None
    return [parent_exists(row, parent, conditions)]


def actions_on(
    catalog: Catalog, actor: Actor, entity: str, actions: Iterable[Action]
) -> frozenset[Action]:
    """Return those of ``actions`` that ``actor`` may do on some record of ``entity``."""
    return frozenset(action for action in actions if may(catalog, actor, action, entity))
