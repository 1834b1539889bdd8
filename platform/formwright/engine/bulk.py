"""Many new records at once: the same steps as one, with the database asked once a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from formwright.definitions.model import Action
from formwright.engine.drafts import Violation
from formwright.engine.pipeline import Work
from formwright.engine.records import clash_violations, number_all, refuse_locked
from formwright.engine.references import check_references
from formwright.store.bulk import Inserted
from formwright.store.problems import UniqueViolation
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

#: The id of a stored record, or everything that kept it from being stored.
Stored: TypeAlias = int | list[Violation]

NOT_YOURS = say("With these values the record would not be yours to save.")


def insert_batch(
    unit: Unit, entity_name: str, works: Sequence[Work], *, channel: str
) -> list[Stored]:
    """Store those of ``works`` that nothing is wrong with; the result has one entry for each, in order.

    References, uniqueness and the actor's scope are judged for the whole batch. The caller owns the transaction.
    """
    unit.access.require(Action.CREATE, entity_name)
    check_references(unit, works)
    good = [work for work in works if not work.errors]
    number_all(unit, good)
    results: Sequence[Inserted] = unit.tx.records.insert_many(
        entity_name, [work.values for work in good], by=unit.actor.id, channel=channel
    )
    stored: dict[int, Stored] = {}
    for work, result in zip(good, results, strict=True):
        if isinstance(result, UniqueViolation):
            stored[id(work)] = clash_violations(work, result)
        else:
            stored[id(work)] = result
    _refuse_foreign(unit, entity_name, good, stored)
    return [stored[id(work)] if id(work) in stored else list(work.violations) for work in works]


def _refuse_foreign(
    unit: Unit, entity_name: str, works: Sequence[Work], stored: dict[int, Stored]
) -> None:
    """Take back the records that lie outside the actor's scope for creating, or have what he may not write."""
    ids = {id(work): found for work in works if isinstance(found := stored[id(work)], int)}
    stands = unit.gate.stand(Action.CREATE, entity_name, list(ids.values()))
    for work in works:
        number = ids.get(id(work))
        if number is None:
            continue
        locked = stands.get(number)
        wrong = [Violation(NOT_YOURS)] if locked is None else refuse_locked(work, locked)
        if wrong:
            unit.tx.records.withdraw(entity_name, [number])
            stored[id(work)] = wrong
