"""Judges what a draft refers to: is the record there, may the writer choose it, does it fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from formwright.definitions.model import Field
from formwright.engine.drafts import Violation
from formwright.engine.formats import references_in
from formwright.engine.pipeline import Work, condition_holds
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.rows import Lookup, ValuesRow

NOT_THERE = say("Choose one from the list.")
NOT_FITTING = say("This one cannot be chosen here.")


class Reach(Protocol):
    """What judging references asks of a unit of work."""

    @property
    def lookup(self) -> Lookup:
        """Follows every reference, for conditions on values."""
        ...

    @property
    def sight(self) -> Lookup:
        """Follows references as far as the actor may read."""
        ...


def screen(unit: Reach, works: Sequence[Work]) -> None:
    """Take out newly chosen references to records that do not exist for the actor, before anything follows them.

    An unreadable record is answered like one that does not exist. All records are looked up in one statement.
    """
    chosen = [(work, field, ids) for work in works for field, ids in _chosen(work)]
    unit.sight.preload(_by_entity(chosen))
    for work, field, ids in chosen:
        if all(unit.sight.row(field.target, number) is not None for number in ids):
            continue
        work.violations.append(Violation(NOT_THERE, field.key))
        work.refused.add(field.key)
        del work.values[field.key]


def check_references(unit: Reach, works: Sequence[Work]) -> None:
    """Add a violation for each newly chosen reference that the actor may not choose, or that does not fit here."""
    rows = [child for work in works for each in work.rows.values() for child in each]
    chosen = [(work, field, ids) for work in [*works, *rows] for field, ids in _chosen(work)]
    unit.sight.preload(_by_entity(chosen))
    for work, field, ids in chosen:
        for number in ids:
            candidate = unit.sight.row(field.target, number)
            if candidate is None:
                _report(works, work, Violation(NOT_THERE, field.key))
            elif field.filter is not None and not _fits(unit, work, field, candidate):
                _report(works, work, Violation(NOT_FITTING, field.key))


def _chosen(work: Work) -> Iterable[tuple[Field, tuple[int, ...]]]:
    for field in work.plan.references:
        value = work.values.get(field.key)
        if value is None:
            continue
        if work.before is None or work.before.values.get(field.key) != value:
            yield field, references_in(field, value)


def _by_entity(chosen: Iterable[tuple[Work, Field, tuple[int, ...]]]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = {}
    for _, field, ids in chosen:
        wanted.setdefault(field.target, set()).update(ids)
    return wanted


def _fits(unit: Reach, work: Work, field: Field, candidate: ValuesRow) -> bool:
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
