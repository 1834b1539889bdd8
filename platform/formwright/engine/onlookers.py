"""Who reaches a record, and by which of their rights: for whoever looks after users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import Action, Grant
from formwright.engine.accounts import USER, actors
from formwright.engine.actor import Actor
from formwright.engine.explain_question import may_explain
from formwright.engine.words import Words
from formwright.errors import Forbidden
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

#: So many people are judged; of the others one asks by name.
MOST_PEOPLE = 200
#: People whose conditions stand in one statement.
_AT_ONCE = 10
#: What is asked of each person.
_ACTIONS = (Action.READ, Action.UPDATE, Action.DELETE)


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Somebody who sees a record: what else he may do with it, and by which grants he sees it."""

    id: int
    name: str
    login: str
    actions: frozenset[Action]
    how: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Onlookers:
    """Who sees a record; ``capped`` when not everybody who can log in was judged."""

    record: StoredRecord
    title: str
    people: tuple[Onlooker, ...]
    judged: int
    capped: bool


def onlookers(unit: Unit, entity: str, record_id: int, most: int = MOST_PEOPLE) -> Onlookers:
    """Return who sees a record that the actor sees; only whoever looks after users may ask."""
    if not may_explain(unit):
        raise Forbidden(say("You do not have the right to do this."))
    record = unit.gate.find(Action.READ, entity, record_id)
    people = actors(unit, most + 1)
    judged = people[:most]
    found: list[Onlooker] = []
    for at in range(0, len(judged), _AT_ONCE):
        found += _judge(unit, record, judged[at : at + _AT_ONCE])
    title = unit.title(unit.sight.wrap(record))
    return Onlookers(record, title, tuple(found), len(judged), len(people) > most)


def _judge(unit: Unit, record: StoredRecord, people: Iterable[Actor]) -> list[Onlooker]:
    """Return those of some people who see the record, judged in one statement."""
    standing = {actor.id or 0: _Standing(unit, record.entity, actor) for actor in people}
    asked: dict[tuple[int, str], list[Any]] = {}
    for number, each in standing.items():
        asked |= {(number, key): found for key, found in each.conditions().items()}
    held = unit.gate.holding(record, asked)
    return [
        each.onlooker(frozenset(key for other, key in held if other == number))
        for number, each in standing.items()
        if (number, Action.READ.value) in held
    ]


class _Standing:
    """One person before one record."""

    def __init__(self, unit: Unit, entity: str, actor: Actor) -> None:
        self._actor = actor
        self._entity = entity
        self._unit = unit.runtime.unit_in(unit.tx, actor)
        self._row = self._unit.columns.main(entity)

    @property
    def _grants(self) -> tuple[Grant, ...]:
        return self._unit.access.standing(Action.READ, self._entity).grants

    def conditions(self) -> dict[str, list[Any]]:
        """Return the conditions of each action, and of each grant to read; no action that is out of the question."""
        access, found = self._unit.access, dict[str, list[Any]]()
        for action in _ACTIONS:
            sight = self._unit.gate.sight.of(self._entity)
            scope = (
                sight.scope(self._row) if action is Action.READ else access.scope(action, self._row)
            )
            if scope is not None:
                found[action.value] = list(scope)
        for grant in self._grants if found.get(Action.READ.value) is not None else ():
            found[f"grant {grant.name}"] = list(access.limits(grant, self._row).values())
        shared = access.shared(Action.READ, self._row)
        if shared is not None and any(grant.limited for grant in self._grants):
            found["shared"] = [shared]
        return found

    def onlooker(self, held: frozenset[str]) -> Onlooker:
        """Return the person as somebody who sees the record."""
        roles = self._unit.catalog.roles
        how: list[Words] = [
            say("%(grant)s (%(role)s)", grant=grant.name, role=roles[grant.role].title)
            for grant in self._grants
            if f"grant {grant.name}" in held
        ]
        if "shared" in held:
            how.append(say("shared"))
        if not how:
            how.append(
                say("like everybody who is logged in")
                if self._entity == USER
                else say("through the record that it belongs to")
            )
        actions = frozenset(action for action in _ACTIONS if action.value in held)
        actor = self._actor
        return Onlooker(actor.id or 0, actor.name, actor.login, actions, tuple(how))
