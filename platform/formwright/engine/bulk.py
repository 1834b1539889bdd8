"""Many new records at once: the same steps as one, with the database asked once a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from formwright.definitions.model import Action
from formwright.engine import access
from formwright.engine.drafts import Violation
from formwright.engine.pipeline import Work
from formwright.engine.records import clash_violations, number_all
from formwright.engine.references import check_references
from formwright.errors import Forbidden
from formwright.store.across import which_of
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
    access.require(unit.catalog, unit.actor, Action.CREATE, entity_name)
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
    _refuse_foreign(unit, entity_name, stored)
    return [stored[id(work)] if id(work) in stored else list(work.violations) for work in works]


def _refuse_foreign(unit: Unit, entity_name: str, stored: dict[int, Stored]) -> None:
    """Take back the records that lie outside the actor's scope for creating."""
    conditions: list[Any] | None = access.scope(unit, Action.CREATE, unit.columns.main(entity_name))
    if conditions is None:
        raise Forbidden(say("You do not have the right to do this."))
    ids = [number_ for number_ in stored.values() if isinstance(number_, int)]
    if not conditions or not ids:
        return
    inside = which_of(unit.tx, entity_name, ids, conditions)
    outside = [number_ for number_ in ids if number_ not in inside]
    if outside:
        unit.tx.records.withdraw(entity_name, outside)
        for key, result in stored.items():
            if isinstance(result, int) and result not in inside:
                stored[key] = [Violation(NOT_YOURS)]
