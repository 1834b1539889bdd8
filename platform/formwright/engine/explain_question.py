"""A question about somebody's rights: what is known about it, and every condition in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from formwright.definitions.model import Action, Grant
from formwright.engine.explain_fields import FieldQuestion
from formwright.engine.explain_values import Facts
from formwright.engine.words import Words, named
from formwright.errors import Forbidden, NotFound, UnknownName
from formwright.texts import Label, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord
    from formwright.store.trash import Discarded

USER = "core.user"
Key: TypeAlias = tuple[str, ...]
WHOLE: Key = ("whole",)
SEEN: Key = ("seen",)
SHARED: Key = ("shared",)


def may_explain(unit: Unit) -> bool:
    """Return whether the actor may ask about the rights of others."""
    return unit.access.may(Action.CONFIGURE, USER)


class Question:
    """One question, and the unit of work of the person in question."""

    def __init__(
        self,
        unit: Unit,
        user: int,
        action: Action,
        entity: str,
        record_id: int | None,
        field: str | None,
    ) -> None:
        self.unit = unit
        self.everything = may_explain(unit)
        if not self.everything and user != unit.actor.id:
            raise Forbidden(say("You do not have the right to do this."))
        self.entity = unit.entity(entity)
        self._refuse_unseen(field)
        person = unit.actor if user == unit.actor.id else unit.runtime.actor(unit.tx, user)
        self.person = unit.runtime.unit_in(unit.tx, person)
        self.user, self.action, self.record_id, self.field = user, action, record_id, field
        self.name = person.name or person.login
        self.row = self.person.columns.main(self.entity.name)

    def _refuse_unseen(self, field: str | None) -> None:
        name, unit = self.entity.name, self.unit
        if not self.everything and not any(unit.access.may(action, name) for action in Action):
            raise Forbidden(say("You do not have the right to do this."))
        if field is None:
            return
        if field not in self.entity.fields or not (
            self.everything or unit.gate.visible(name, field)
        ):
            raise UnknownName(say("There is no field '%(name)s' here.", name=field))

    # --- what is known ----------------------------------------------------------------------------------------

    @cached_property
    def seen(self) -> StoredRecord | None:
        """The record as whoever asks may see it."""
        if self.record_id is None:
            return None
        try:
            return self.unit.gate.find(Action.READ, self.entity.name, self.record_id)
        except NotFound:
            if not self.everything:
                raise
            return None

    @cached_property
    def record(self) -> StoredRecord | None:
        """The record in question, for conditions to be judged on it."""
        if self.record_id is None or not self.everything:
            return self.seen
        return self.unit.gate.judged(self.entity.name, self.record_id)

    @cached_property
    def dead(self) -> Discarded | None:
        """The record, where it lies in the trash."""
        if self.record_id is None or self.record is not None:
            return None
        return self.unit.tx.trash.find_record(self.entity.name, self.record_id)

    @cached_property
    def title(self) -> str:
        """How the record is called to whoever asks."""
        return "" if self.seen is None else self.unit.title(self.unit.sight.wrap(self.seen))

    @cached_property
    def what(self) -> Words:
        """What the question is about, within a sentence."""
        if self.record_id is None:
            return self.entity.title
        return (
            named(self.entity, self.title)
            if self.title
            else say("this record of %(entity)s", entity=self.entity.title)
        )

    @cached_property
    def facts(self) -> Facts:
        """The values that decide, as far as whoever asks may read them."""
        return Facts(
            self.unit,
            self.person,
            self.seen if self.record is not None else None,
            self.entity,
            self.everything,
        )

    @cached_property
    def roles(self) -> dict[str, Label | None]:
        """The roles of the person; with those that another one brings along, the title of that one."""
        catalog = self.unit.catalog
        given = sorted(self.unit.tx.users.roles(self.user)) or sorted(self.person.actor.roles)
        found: dict[str, Label | None] = {role: None for role in given if role in catalog.roles}
        for role in list(found):
            for inherited in sorted(catalog.roles_of([role])):
                found.setdefault(inherited, catalog.roles[role].title)
        return {role: through for role, through in found.items() if role in self.person.actor.roles}

    @cached_property
    def grants(self) -> list[Grant]:
        """Every grant of the person's roles for the action, also those that have ended."""
        known = self.unit.catalog.grants_by.get((self.entity.name, self.action), ())
        return [grant for grant in known if grant.role in self.roles]

    def ended(self, grant: Grant) -> bool:
        """Return whether the last day of a grant is over."""
        return grant.until is not None and grant.until < self.person.access.day

    # --- one statement ----------------------------------------------------------------------------------------

    @cached_property
    def scope(self) -> Sequence[Any] | None:
        """The conditions of the gate for the action; None for never."""
        return self.scope_of(self.action)

    def scope_of(self, action: Action) -> Sequence[Any] | None:
        """Return the conditions of the gate for an action."""
        if action is Action.READ:
            return self.person.gate.sight.of(self.entity.name).scope(self.row)
        return self.person.access.scope(action, self.row)

    @cached_property
    def conditions(self) -> dict[Key, list[Any]]:
        """Every condition that has to do with the answer."""
        found: dict[Key, list[Any]] = {}
        access = self.person.access
        for grant in self.grants:
            for limit, condition in access.limits(grant, self.row).items():
                found[grant.name, limit] = [condition]
        for guard in access.guards(self.action, self.entity.name):
            found["guard", guard.name] = [access.within(guard, self.row)]
        shared = access.shared(self.action, self.row)
        if shared is not None:
            found[SHARED] = [shared]
        for key, scope in ((WHOLE, self.scope), (SEEN, self.scope_of(Action.READ))):
            if scope:
                found[key] = list(scope)
        if self.field is not None:
            found |= FieldQuestion(self.person, self.row, self.entity.fields[self.field]).conditions
        return found

    @cached_property
    def held(self) -> frozenset[Key] | None:
        """Those of the conditions that hold; None without a record."""
        if self.record is None:
            return None
        return self.unit.gate.holding(self.record, self.conditions)

    def holds(self, key: Key) -> bool | None:
        """Return whether a condition holds; None where that depends on the record."""
        return None if self.held is None else key in self.held

    def passes(self, key: Key, scope: Sequence[Any] | None) -> bool | None:
        """Return whether all conditions of a scope hold."""
        if scope is None:
            return False
        return self.holds(key) if scope else True
