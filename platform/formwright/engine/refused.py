"""Why a button is off: in the words of the business where the definitions have them, and only for records in sight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Grant
from formwright.engine.access import PARENT_ACTION
from formwright.engine.words import ACTIONS, ConditionWords, Words, joined
from formwright.expressions.checked import Checked
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord


def why_not(unit: Unit, action: Action, entity: str, record: StoredRecord | None = None) -> str:
    """Say, in his language, why the actor may not do ``action`` on a record that he sees, or on any of an entity.

    Whoever calls has found out that he may not. Nothing is said of fields that the actor may not read.
    """
    definition = unit.entity(entity)
    if unit.access.follows(definition):
        return why_not(unit, PARENT_ACTION.get(action, action), definition.parent)
    words = _Refusal(unit, action, entity, record).words()
    return words if isinstance(words, str) else words.in_language(unit.reader.language)


class _Refusal:
    def __init__(
        self, unit: Unit, action: Action, entity: str, record: StoredRecord | None
    ) -> None:
        self._unit = unit
        self._action = action
        self._entity = unit.entity(entity)
        self._record = record

    def words(self) -> Words:
        """Return the reason: the guard that forbids it, or the grants that do not reach the record."""
        own = self._unit.access.standing(self._action, self._entity.name).grants
        guard = self._guard() if own else None
        if guard is not None:
            return guard
        known = self._unit.catalog.grants_by.get((self._entity.name, self._action), ())
        described = _descriptions(own) or ([] if own else _descriptions(known))
        if described:
            return joined(described, say("%(left)s; %(right)s"))
        return self._by_condition(own) if own else self._nobody()

    def _guard(self) -> Words | None:
        """Return what the first guard that keeps the actor from the record says."""
        unit, access = self._unit, self._unit.access
        guards = access.guards(self._action, self._entity.name)
        if not guards or self._record is None:
            return None
        row = unit.columns.main(self._entity.name)
        found = {guard.name: [access.within(guard, row)] for guard in guards}
        held = unit.gate.holding(self._record, found)
        stopping = [guard for guard in guards if guard.name not in held]
        if not stopping:
            return None
        said = stopping[0].message or stopping[0].description
        return said or say("A rule of this application protects it.")

    def _by_condition(self, grants: Iterable[Grant]) -> Text:
        """Return where the grants of the actor reach, as far as he may read what that depends on."""
        places: list[Words] = []
        for grant in grants:
            place = self._place(grant)
            if place is None:
                return say("Your rights do not reach this record.")
            if place not in places:
                places.append(place)
        return say(
            "You may %(action)s only where %(condition)s.",
            action=ACTIONS[self._action],
            condition=joined(places, say("%(left)s or %(right)s")),
        )

    def _place(self, grant: Grant) -> Words | None:
        unit, entity = self._unit, self._entity
        words = ConditionWords(unit.catalog, entity, unit.actor.name or unit.actor.login)
        places: list[Words] = []
        if grant.scope is not None:
            if not self._is_open(grant.scope):
                return None
            places.append(words.condition(grant.scope))
        if grant.states:
            if not unit.gate.knows(entity.name, entity.state_field):
                return None
            titles = [
                o.title
                for o in entity.fields[entity.state_field].options
                if o.value in grant.states
            ]
            states = joined(titles, say("%(left)s, %(right)s"))
            places.append(
                say(
                    "%(left)s is among %(right)s",
                    left=words.path([entity.state_field]),
                    right=states,
                )
            )
        if grant.via:
            places.append(say("you may see the %(field)s", field=words.path([grant.via])))
        return joined(places, say("%(left)s and %(right)s")) if places else None

    def _is_open(self, scope: Checked) -> bool:
        withheld = self._record.withheld if self._record is not None else frozenset()
        return all(
            path[0] not in withheld and self._unit.gate.knows(self._entity.name, ".".join(path))
            for path in scope.reads
        )

    def _nobody(self) -> Text:
        return say(
            "None of your roles lets you %(action)s %(entity)s.",
            action=ACTIONS[self._action],
            entity=self._entity.title_plural,
        )


def _descriptions(grants: Iterable[Grant]) -> list[Words]:
    """Return what the definitions say about some grants, each sentence once."""
    found: list[Words] = []
    for grant in grants:
        if grant.description and grant.description not in found:
            found.append(grant.description)
    return found
