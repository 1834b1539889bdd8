"""Handing records over when somebody leaves: they change their owner and nothing else, and can be taken back at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Entity, Sort
from formwright.engine.accounts import USER, AccountError
from formwright.engine.audit import Event, tell
from formwright.engine.gate import Query
from formwright.engine.granting import require_charge
from formwright.errors import NotFound
from formwright.ids import format_id
from formwright.store.problems import UniqueViolation
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.hand_overs import HandOver
    from formwright.store.rows import StoredRecord

#: Under which name the history shows it.
CHANNEL = "hand_over"
_BATCH = 500
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Owned:
    """How many records of an entity a person owns; ``fixed`` are those that the actor may not hand over."""

    entity: Entity
    count: int
    fixed: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a hand-over did: entity -> how many records, under the number by which it is taken back."""

    id: int
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many records went to somebody else."""
        return sum(self.counts.values())


def owned(unit: Unit, user: int) -> list[Owned]:
    """Return of which entities a person owns how many records, those with none left out."""
    require_charge(unit, user)
    entities = _with_owners(unit)
    every = unit.gate.counts([_owned_by(entity, user) for entity in entities], _MOST)
    movable = unit.gate.counts(
        [replace(_owned_by(entity, user), actions=(Action.TRANSFER,)) for entity in entities], _MOST
    )
    return [
        Owned(entity, mine, count - mine)
        for entity, (count, _), (mine, _) in zip(entities, every, movable, strict=True)
        if count
    ]


def successors(unit: Unit, user: int) -> list[tuple[int, str]]:
    """Return who may take over, by name: everybody who is active, but the person who leaves."""
    page = unit.gate.read(Query(USER, choices=(("active", "true"),), limit=_BATCH))
    people = [(each.id, str(each.values.get("name") or "")) for each in page.records]
    return sorted((each for each in people if each[0] != user), key=lambda each: each[1].casefold())


def hand_over(unit: Unit, user: int, to: Mapping[str, int]) -> HandedOver:
    """Give the records of a person to others, entity -> successor, all in the transaction of ``unit``.

    Only the owner changes: no rule runs, nothing is worked out anew, so that an old record with faults goes over as
    it is. Each record's history shows who owned it before. What the actor may not give stays.
    """
    require_charge(unit, user)
    for successor in set(to.values()):
        _require_successor(unit, user, successor)
    number = unit.tx.hand_overs.add(user, by=unit.actor.id)
    moved = {
        entity: _move(unit, entity, number, user, successor) for entity, successor in to.items()
    }
    result = HandedOver(number, {entity: count for entity, count in moved.items() if count})
    tell(unit, Event.HANDED_OVER, user=user, hand_over=number, records=result.total)
    return result


def undo(unit: Unit, number: int) -> int:
    """Give the records of a hand-over back to whoever owned them; return how many.

    One that its new owner has given to somebody else since stays there. Raises NotFound the second time.
    """
    found = unit.tx.hand_overs.find(number)
    if found is None or found.undone_at is not None:
        raise _not_there()
    require_charge(unit, found.user)
    if not unit.tx.hand_overs.undo(number, by=unit.actor.id):
        raise _not_there()
    count = 0
    for entity, records in _by_entity(unit, number):
        for batch in _batches(list(records)):
            for record in unit.gate.hold_many(Action.TRANSFER, entity.name, batch):
                if record.values.get(entity.owner_field) == records[record.id]:
                    _give(unit, record, found.user)
                    count += 1
    tell(unit, Event.HAND_OVER_UNDONE, user=found.user, hand_over=number, records=count)
    return count


def list_of(unit: Unit, number: int) -> tuple[HandOver, dict[str, list[StoredRecord]]]:
    """Return a hand-over and the records of it that the actor may read: for the new owner to begin with."""
    found = unit.tx.hand_overs.find(number)
    if found is None:
        raise _not_there()
    listed: dict[str, list[StoredRecord]] = {}
    for entity, records in _by_entity(unit, number):
        got = unit.gate.get_many(entity.name, records)
        if got:
            listed[entity.name] = got
    if not listed:
        raise _not_there()
    return found, listed


def _with_owners(unit: Unit) -> list[Entity]:
    return [
        entity
        for entity in unit.catalog.entities.values()
        if entity.owner_field
        and not entity.parent
        and entity.fields[entity.owner_field].target == USER
    ]


def _owned_by(entity: Entity, user: int) -> Query:
    owner = (entity.owner_field, format_id(user))
    return Query(entity.name, choices=(owner,), sort=(Sort("id"),), limit=_BATCH)


def _require_successor(unit: Unit, user: int, successor: int) -> None:
    record = unit.gate.look(USER, successor)
    if successor == user or record is None or not record.values.get("active"):
        raise AccountError(say("Choose somebody who is active to take the records over."))


def _move(unit: Unit, name: str, number: int, user: int, successor: int) -> int:
    if name not in {entity.name for entity in _with_owners(unit)}:
        raise _not_there()
    wanted = replace(_owned_by(unit.entity(name), user), actions=(Action.TRANSFER,))
    count = 0
    # What was given is not found again, so that the first page is always the next one.
    while ids := [record.id for record in unit.gate.read(wanted).records]:
        given = unit.gate.hold_many(Action.TRANSFER, name, ids)
        for record in given:
            _give(unit, record, successor)
        if not given:
            break  # they changed between the two questions
        unit.tx.hand_overs.note(
            number, unit.columns.place(name).id, (record.id for record in given), successor
        )
        count += len(given)
    return count


def _give(unit: Unit, record: StoredRecord, successor: int) -> None:
    entity = unit.entity(record.entity)
    values = {**record.values, entity.owner_field: successor}
    try:
        unit.tx.records.change(record, values, by=unit.actor.id, channel=CHANNEL)
    except UniqueViolation as taken:
        title = entity.title_plural.in_language(unit.reader.language)
        raise AccountError(
            say(
                "%(title)s: the successor has a record already that only one person may have. "
                "Choose somebody else for these records.",
                title=title,
            )
        ) from taken


def _by_entity(unit: Unit, number: int) -> Iterator[tuple[Entity, Mapping[int, int]]]:
    """Yield the entities of a hand-over that still are in force, each with record -> who got it."""
    found = unit.tx.hand_overs.records(number)
    for entity in _with_owners(unit):
        records = found.get(unit.columns.place(entity.name).id)
        if records:
            yield entity, records


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _BATCH):
        yield numbers[start : start + _BATCH]


def _not_there() -> NotFound:
    return NotFound(say("There is no such hand-over, or it was taken back."))
