"""Rights as conditions: they stand in the statements themselves, so that every channel agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from formwright.clock import SystemClock
from formwright.definitions.model import Action, Catalog, Entity, Grant, Guard
from formwright.engine.actor import Actor
from formwright.engine.asking import Asking
from formwright.engine.pipeline import condition_holds
from formwright.engine.rights import Standing, grants_for, standing
from formwright.errors import Forbidden
from formwright.store.across import all_of, any_of, parent_exists, reference_exists, value_in
from formwright.store.compile import compile_condition
from formwright.texts import say

if TYPE_CHECKING:
    from datetime import date

    from formwright.engine.rows import ValuesRow
    from formwright.store.columns import RecordColumns

_USER = "core.user"
#: What a right on a child row follows: the right on the record it belongs to.
PARENT_ACTION = {
    Action.CREATE: Action.UPDATE,
    Action.DELETE: Action.UPDATE,
    Action.RESTORE: Action.UPDATE,
}
#: The level of a share that lets somebody act.
_SHARED = {
    Action.READ: ("read", "edit"),
    Action.PRINT: ("read", "edit"),
    Action.COMMENT: ("read", "edit"),
    Action.UPDATE: ("edit",),
}
_FORBIDDEN = say("You do not have the right to do this.")


def may(
    catalog: Catalog, actor: Actor, action: Action, entity: str, day: date | None = None
) -> bool:
    """Return whether ``actor`` may do ``action`` on any record of ``entity`` at all; for menus and buttons."""
    definition = catalog.entities.get(entity)
    if definition is None:
        return False
    if grants_for(catalog, actor, action, entity, day or SystemClock().now().date()):
        return True
    if definition.parent and entity not in catalog.granted:
        parent = PARENT_ACTION.get(action, action)
        return may(catalog, actor, parent, definition.parent, day)
    return False


class Access:
    """The rights of a unit's actor, in that unit's transaction and under its definitions."""

    def __init__(self, unit: Asking) -> None:
        self._unit = unit
        self._standings: dict[tuple[str, Action], Standing] = {}
        #: Entities whose scopes are being made, for grants that follow references round in a circle.
        self._under_way: list[str] = []

    @property
    def day(self) -> date:
        """The day that decides which grants are still in force."""
        return self._unit.tx.unit.today

    # --- in general -------------------------------------------------------------------------------------------

    def standing(self, action: Action, entity: str) -> Standing:
        """Return what the actor's grants for ``action`` add up to."""
        key = (entity, action)
        if key not in self._standings:
            unit = self._unit
            found = standing(unit.catalog, unit.actor, action, entity, self.day)
            if unit.actor.seen_by is not None and action is Action.READ:
                found = self._narrowed(found, unit.actor.seen_by, entity)
            self._standings[key] = found
        return self._standings[key]

    def _narrowed(self, found: Standing, looking: Actor, entity: str) -> Standing:
        """Return what is left to read where somebody else looks through the actor's eyes.

        A guard holds for both of them. One that spares the actor, or means another record for each, leaves nothing.
        """
        guards = self._guards(Action.READ, entity, looking.roles)
        if any(
            "me" in guard.scope.roots or guard.exempt & self._unit.actor.roles for guard in guards
        ):
            return Standing()
        return found.within(standing(self._unit.catalog, looking, Action.READ, entity, self.day))

    def may(self, action: Action, entity: str) -> bool:
        """Return whether the actor may do ``action`` on any record of ``entity`` at all."""
        return may(self._unit.catalog, self._unit.actor, action, entity, self.day)

    def require(self, action: Action, entity: str) -> None:
        """Raise Forbidden unless the actor may do ``action`` on some record of ``entity``; says nothing about data."""
        if not self.may(action, entity):
            raise Forbidden(_FORBIDDEN)

    def actions(self, entity: str, actions: Iterable[Action]) -> frozenset[Action]:
        """Return those of ``actions`` that the actor may do on some record of ``entity``."""
        return frozenset(action for action in actions if self.may(action, entity))

    def has_own_grants(self, entity: str) -> bool:
        """Return whether rights on a child entity are given to it itself; else they follow the record it belongs to."""
        return entity in self._unit.catalog.granted

    def follows(self, entity: Entity) -> bool:
        """Return whether rights on ``entity`` are those on the record that a row of it belongs to."""
        return bool(entity.parent) and not self.has_own_grants(entity.name)

    # --- as conditions ----------------------------------------------------------------------------------------

    def scope(self, action: Action, row: RecordColumns) -> list[Any] | None:
        """Return the conditions that select the records on which the actor may do ``action``.

        [] means all of them, None means none at all. ``row`` has the plain columns. A child row follows the record it
        belongs to, unless it has grants of its own.
        """
        found = self.standing(action, row.entity)
        if not found.profiles:
            return self._without_grants(action, row)
        conditions = []
        if not found.everywhere:
            conditions = [any_of([self.reaches(action, grant, row) for grant in found.grants])]
        return [
            *conditions,
            *(self.within(guard, row) for guard in self.guards(action, row.entity)),
        ]

    def _without_grants(self, action: Action, row: RecordColumns) -> list[Any] | None:
        """Users are seen by name by everybody who is logged in: owners and authors are shown on every record."""
        if action is Action.READ and row.entity == _USER and self._unit.actor.id is not None:
            return []
        if not self.follows(row.definition):
            return None
        parent = self._unit.columns.record(row.definition.parent)
        conditions = self.scope(PARENT_ACTION.get(action, action), parent)
        return None if conditions is None else [parent_exists(row, parent, conditions)]

    def marks(self, action: Action, row: RecordColumns) -> list[Any]:
        """Return the condition of each profile of ``standing``, when there is more than one."""
        profiles = self.standing(action, row.entity).profiles
        if len(profiles) < 2:
            return []
        return [
            any_of([self.reaches(action, grant, row) for grant in profile.grants])
            for profile in profiles
        ]

    def reaches(self, action: Action, grant: Grant, row: RecordColumns) -> Any:
        """Return the condition that a grant reaches the record of ``row``, by itself or because it is shared."""
        own = all_of(list(self.limits(grant, row).values()))
        shared = self.shared(action, row) if grant.limited else None
        return own if shared is None else any_of([own, shared])

    def within(self, guard: Guard, row: RecordColumns) -> Any:
        """Return the condition that a guard leaves the record of ``row`` alone."""
        unit = self._unit
        return compile_condition(guard.scope, row, unit.columns, unit.bindings())

    def guards(self, action: Action, entity: str) -> list[Guard]:
        """Return the guards that apply to the actor."""
        return self._guards(action, entity, self._unit.actor.roles)

    def _guards(self, action: Action, entity: str, roles: frozenset[str]) -> list[Guard]:
        return [
            guard
            for guard in self._unit.catalog.guards
            if guard.entity == entity and action in guard.actions and not guard.exempt & roles
        ]

    def limits(self, grant: Grant, row: RecordColumns) -> dict[str, Any]:
        """Return the conditions that a grant sets, each by the attribute that sets it; a record must meet them all."""
        unit, conditions = self._unit, {}
        if grant.scope is not None:
            conditions["scope"] = compile_condition(grant.scope, row, unit.columns, unit.bindings())
        if grant.states:
            conditions["states"] = value_in(row, row.definition.state_field, sorted(grant.states))
        if grant.via:
            conditions["via"] = self._via(grant.via, row)
        return conditions

    def _via(self, key: str, row: RecordColumns) -> Any:
        """Return the condition that the record which ``key`` refers to may be read; circles lead nowhere."""
        target = self._unit.columns.record(row.definition.fields[key].target)
        if row.entity in self._under_way:
            return any_of([])
        self._under_way.append(row.entity)
        conditions = self.scope(Action.READ, target)
        self._under_way.pop()
        return any_of([]) if conditions is None else reference_exists(row, key, target, conditions)

    # --- shares -----------------------------------------------------------------------------------------------

    @cached_property
    def _shared_entities(self) -> frozenset[str]:
        unit = self._unit
        if unit.actor.id is None:
            return frozenset()
        found: frozenset[str] = unit.tx.shares.entities(unit.actor.id, unit.actor.teams)
        return found

    def shared(self, action: Action, row: RecordColumns) -> Any | None:
        """Return the condition that a record is shared with the actor; None where that cannot be."""
        levels: Sequence[str] = _SHARED.get(action, ())
        if not levels or row.entity not in self._shared_entities:
            return None
        actor = self._unit.actor
        return self._unit.tx.shares.condition(row, actor.id or 0, actor.teams, levels)

    # --- on values --------------------------------------------------------------------------------------------

    def allows(self, action: Action, row: ValuesRow) -> bool:
        """Return whether the actor may do ``action`` on a record that is no longer among the living, by its values."""
        environment = self._unit.lookup.environment(row)
        guarded = all(
            condition_holds(guard.scope, environment) for guard in self.guards(action, row.entity)
        )
        return guarded and any(
            condition_holds(grant.scope, environment)
            and (not grant.states or row.get(row.definition.state_field) in grant.states)
            and (not grant.via or self._sees(row, grant.via))
            for grant in self.standing(action, row.entity).grants
        )

    def _sees(self, row: ValuesRow, key: str) -> bool:
        number = row.get(key)
        target = row.definition.fields[key].target
        return isinstance(number, int) and self._unit.sight.row(target, number) is not None
