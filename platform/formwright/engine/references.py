"""Judges what a draft refers to: is the record there, may the writer choose it, does it fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Field
from formwright.engine import access
from formwright.engine.drafts import Violation
from formwright.engine.formats import references_in
from formwright.engine.pipeline import Work, condition_holds
from formwright.store.across import get_across
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

NOT_THERE = say("Choose one from the list.")
NOT_FITTING = say("This one cannot be chosen here.")


def check_references(unit: Unit, works: Sequence[Work]) -> None:
    """Add a violation for each newly chosen reference that does not exist for the actor, or does not fit.

    An unreadable record is answered like one that does not exist. All records are looked up in one statement.
    """
    chosen = [(work, field, ids) for work in works for field, ids in _chosen(work)]
    children = [child for work in works for rows in work.rows.values() for child in rows]
    chosen += [(child, field, ids) for child in children for field, ids in _chosen(child)]
    if not chosen:
        return
    readable = _readable(unit, chosen)
    for work, field, ids in chosen:
        for number in ids:
            if (field.target, number) not in readable:
                _report(works, work, Violation(NOT_THERE, field.key))
            elif field.filter is not None and not _fits(unit, work, field, number):
                _report(works, work, Violation(NOT_FITTING, field.key))


def _chosen(work: Work) -> Iterable[tuple[Field, tuple[int, ...]]]:
    for key, value in work.values.items():
        field = work.plan.fields.get(key)
        if field is None or not field.target or field.computed:
            continue
        if work.before is None or work.before.values.get(key) != value:
            yield field, references_in(field, value)


def _readable(
    unit: Unit, chosen: Iterable[tuple[Work, Field, tuple[int, ...]]]
) -> set[tuple[str, int]]:
    wanted: dict[str, set[int]] = {}
    for _, field, ids in chosen:
        wanted.setdefault(field.target, set()).update(ids)
    found = read_across(unit, wanted)
    return {key for key, readable in found.items() if readable}


def read_across(unit: Unit, wanted: dict[str, set[int]]) -> dict[tuple[str, int], bool]:
    """Read records of several entities at once, keep them for expressions, and say which the actor may read.

    A person's own user record, and users in general, are readable by name for everybody who is logged in: owners
    and authors are shown on every record.
    """
    if not any(wanted.values()):
        return {}
    conditions = {
        entity: access.scope(unit, Action.READ, unit.columns.main(entity)) for entity in wanted
    }
    if "core.user" in conditions and unit.actor.id is not None:
        conditions["core.user"] = []
    found = {}
    for record, readable in get_across(unit.tx, wanted, conditions):
        unit.lookup.wrap(record)
        found[record.entity, record.id] = readable
    return found


def _fits(unit: Unit, work: Work, field: Field, number: int) -> bool:
    candidate = unit.lookup.row(field.target, number)
    if candidate is None:
        return False
    surroundings = unit.lookup.environment(candidate, this=work.row, parent=work.row.parent)
    return condition_holds(field.filter, surroundings)


def _report(works: Sequence[Work], work: Work, violation: Violation) -> None:
    work.violations.append(violation)
    for parent in works:
        for key, rows in parent.rows.items():
            if any(child is work for child in rows):
                parent.violations.append(
                    Violation(violation.message, key, work.key, violation.field, violation.level)
                )
