"""List queries: conditions, order, one page at a position, counts that stop early, search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select

from formwright.definitions.model import Sort
from formwright.store import keyset, plans
from formwright.store.columns import RecordColumns
from formwright.store.keyset import Position
from formwright.store.plans import Found, Plan, Question
from formwright.store.prepared import AT_MOST
from formwright.store.rows import WHOLE, Rows, StoredRecord
from formwright.store.search import SearchIndex, Source
from formwright.store.unit import Unit

_NULLS_SQLITE = "SELECT nulls FROM slot WHERE workspace_id = ? AND entity_id = ? AND attribute = ?"
_NULLS_POSTGRES = _NULLS_SQLITE.replace("?", "%s")

#: How many search entries are read in the hope that a page of hits is among them; how many more times as many, once
#: the hits among them promise that.
_RECENT = {"postgresql": 5000, "sqlite": 500}
_WIDER = 8
_MARGIN = 1.5
#: How many hits of a search are looked at when something else has the last word on them.
SIFTED = 5000
_CHUNK = 250


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A question for many records of one entity.

    ``where`` are conditions on ``row``, which is any ``columns.record(entity)`` or ``columns.main(entity)``. Without
    ``sort`` the newest come first. ``after`` and ``before`` are tokens of an earlier page.
    Each record's ``mark`` tells which of ``marks`` hold for it. ``keep`` has the last word on what a search has found.
    """

    row: RecordColumns
    where: Sequence[ColumnElement[bool]] = ()
    sort: tuple[Sort, ...] = ()
    limit: int = 50
    after: str | None = None
    before: str | None = None
    search: str = ""
    marks: Sequence[ColumnElement[bool]] = ()
    keep: Callable[[StoredRecord], bool] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records in order, and tokens for what lies around them, None where the list ends."""

    records: tuple[StoredRecord, ...]
    next: str | None
    previous: str | None


def run(unit: Unit, rows: Rows, search: SearchIndex, wanted: ListQuery) -> Page:
    """Return one page of a list."""
    question = _question(unit, wanted, _source(search, wanted))
    plan, backwards = question.plan, question.backwards
    token = wanted.before if backwards else wanted.after
    position = keyset.read_token(plan.mark, token, plan.keys) if token is not None else None
    found = _recent(unit, search, wanted, question, position)
    if len(found) <= wanted.limit:
        if wanted.keep is None:
            found = _fetch(unit, question, position, wanted.limit + 1)
        else:
            found = _sift(unit, rows, wanted, question, position, wanted.limit + 1)
    more = len(found) > wanted.limit
    found = found[: wanted.limit]
    if backwards:
        found.reverse()
    records = tuple(_stored(unit, rows, wanted, plan, row) for row in found)
    places = [plan.position(row) for row in (found[:1] + found[-1:])]
    has_next = bool(found) and (backwards or more)
    has_previous = bool(found) and (more if backwards else position is not None)
    return Page(
        records,
        keyset.write_token(plan.mark, places[-1]) if has_next else None,
        keyset.write_token(plan.mark, places[0]) if has_previous else None,
    )


def _recent(
    unit: Unit,
    search: SearchIndex,
    wanted: ListQuery,
    question: Question,
    position: Position | None,
) -> list[Any]:
    """Return what a search finds among the nearest entries alone; worth something when it fills the page."""
    if not wanted.search.strip() or question.plan.keys or wanted.keep is not None:
        return []
    beyond = position.id if position is not None else None
    limit, size = wanted.limit + 1, _RECENT[unit.shape.dialect]
    older = question.plan.tie.descending != question.backwards

    def among(some: int) -> list[Any]:
        near = search.recent(wanted.row.entity, wanted.search, beyond, older=older, size=some)
        return _fetch(unit, _question(unit, wanted, _joined(wanted, near)), None, limit)

    found = among(size)
    if not found or len(found) >= limit:
        return found
    wider = int(size * limit / len(found) * _MARGIN)
    return among(wider) if wider <= size * _WIDER else found


def _sift(
    unit: Unit,
    rows: Rows,
    wanted: ListQuery,
    question: Question,
    position: Position | None,
    limit: int,
) -> list[Any]:
    """Return up to ``limit`` rows that are kept, out of the nearest ``SIFTED``."""
    plan = question.plan
    found: list[Any] = []
    for _ in range(SIFTED // _CHUNK):
        batch = _fetch(unit, question, position, _CHUNK)
        found += [
            row
            for row in batch
            if wanted.keep is None or wanted.keep(_stored(unit, rows, wanted, plan, row))
        ]
        if len(found) >= limit or len(batch) < _CHUNK:
            break
        position = plan.position(batch[-1])
    return found[:limit]


def _stored(
    unit: Unit, rows: Rows, wanted: ListQuery, plan: Plan, row: Sequence[Any]
) -> StoredRecord:
    entity, width = wanted.row.entity, len(WHOLE)
    held = row[width + len(plan.keys)] if plan.held is not None else 0
    return rows.stored(entity, unit.shape.codec(entity), row[:width], held)


def count(
    unit: Unit, rows: Rows, search: SearchIndex, wanted: ListQuery, cap: int
) -> tuple[int, bool]:
    """Count the records of a list, but not further than one beyond ``cap``."""
    found = _source(search, wanted)
    if wanted.keep is not None:
        question = _question(unit, wanted, found)
        number = len(_sift(unit, rows, wanted, question, None, cap + 1))
        return min(number, cap), number > cap
    source, where, _, named, _ = found

    def make() -> Select[Any]:
        few = select(literal(1).label("one")).select_from(source).where(*where)
        return select(func.count()).select_from(few.limit(plans.at_most()).subquery())

    query, values = unit.shape.prepared.get("count", (source, *where), make)
    number = unit.connection.execute(query, {**values, **named, AT_MOST: cap + 1}).scalar_one()
    return min(number, cap), number > cap


def _question(unit: Unit, wanted: ListQuery, found: Found) -> Question:
    backwards = wanted.before is not None
    return plans.question_of(unit, wanted.row, wanted.sort, found, backwards=backwards)


def _source(search: SearchIndex, wanted: ListQuery) -> Found:
    row = wanted.row
    if not wanted.search.strip():
        return Found(row.table, (row.belongs(), *wanted.where), row.id, {}, tuple(wanted.marks))
    return _joined(wanted, search.source(row.entity, wanted.search))


def _joined(wanted: ListQuery, hits: Source) -> Found:
    row = wanted.row
    return Found(
        hits.entries.join(row.table, row.id == hits.ids),
        (hits.matches, row.belongs(), *wanted.where),
        hits.ids,
        hits.values,
        tuple(wanted.marks),
    )


def _fetch(unit: Unit, question: Question, position: Position | None, limit: int) -> list[Any]:
    """Return up to ``limit`` rows after ``position``; going backwards, those before it, nearest first."""
    phases = plans.phases(question.plan, position, backwards=question.backwards)
    if phases == ["null", "present"]:
        return _nulls_first(unit, question, position, limit)
    found: list[Any] = []
    for phase in phases:
        if phase == "null" and position is None and not _may_be_null(unit, question.plan, found):
            break
        found.extend(_read(unit, question, phase, position, limit - len(found)))
        if len(found) >= limit:
            break
        position = None
    return found


def _nulls_first(
    unit: Unit, question: Question, position: Position | None, limit: int
) -> list[Any]:
    """Return rows without the first key, then rows with it.

    To look for the former means to read the whole entity when there are few of them; so the latter are read
    first, for they tell whether there can be any.
    """
    after = None if position is None or position.values[0] is None else position
    present = _read(unit, question, "present", after, limit)
    if position is None and not _may_be_null(unit, question.plan, present):
        return present
    return [*_read(unit, question, "null", position, limit), *present][:limit]


def _read(
    unit: Unit, question: Question, phase: str, position: Position | None, limit: int
) -> list[Any]:
    """Return the rows of one phase."""
    query = plans.statement(unit, question.plan, phase, position, backwards=question.backwards)
    values = {**question.values, AT_MOST: limit}
    if position is not None:
        values |= keyset.parameters(position)
    return list(unit.connection.execute(query, values))


def _may_be_null(unit: Unit, plan: Plan, present: Sequence[Any]) -> bool:
    """Tell whether records may lack the first key: rows that have it say so, without any it is asked for."""
    if plan.nulls is None:
        return True
    if present:
        return bool(present[0][-1])
    place = plan.place
    if plan.first not in place.without_nulls:
        return True
    query = _NULLS_POSTGRES if unit.is_postgres else _NULLS_SQLITE
    asked = unit.connection.exec_driver_sql(query, (unit.workspace, place.id, plan.first))
    return bool(asked.scalar())
