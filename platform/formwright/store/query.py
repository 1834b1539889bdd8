"""List queries: conditions, order, one page at a position, counts that stop early, search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    case,
    func,
    literal,
    select,
)

from formwright.definitions.model import Sort
from formwright.expressions.kinds import Base
from formwright.store import keyset, tables
from formwright.store.columns import RecordColumns
from formwright.store.keyset import Key, Position
from formwright.store.rows import WHOLE, Rows, StoredRecord, whole
from formwright.store.rows import mark as mark_of
from formwright.store.search import SearchIndex, Source
from formwright.store.unit import Unit

_NEVER_NULL = frozenset({"id", "created_at", "updated_at", "version"})

#: How many hits of a search are looked at when something else has the last word on them.
SIFTED = 5000
_CHUNK = 250

#: A source of rows, the conditions on it, and the column with the record's id.
_Found: TypeAlias = tuple[FromClause, tuple[ColumnElement[bool], ...], ColumnElement[int]]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A question for many records of one entity.

    ``where`` are conditions on ``row``, which is any ``columns.record(entity)`` or ``columns.main(entity)``. Without
    ``sort`` the newest come first. ``after`` and ``before`` are tokens of an earlier page. ``columns`` names
    the fields that are wanted, None for all. Each record's ``mark`` tells which of ``marks`` hold for it. ``keep``
    has the last word on what a search has found.
    """

    row: RecordColumns
    where: Sequence[ColumnElement[bool]] = ()
    sort: tuple[Sort, ...] = ()
    limit: int = 50
    after: str | None = None
    before: str | None = None
    columns: frozenset[str] | None = None
    search: str = ""
    marks: Sequence[ColumnElement[bool]] = ()
    keep: Callable[[StoredRecord], bool] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records in order, and tokens for what lies around them, None where the list ends."""

    records: tuple[StoredRecord, ...]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A list query, resolved: its source, conditions and keys in forward order."""

    row: RecordColumns
    source: FromClause
    where: tuple[ColumnElement[bool], ...]
    keys: tuple[Key, ...]
    tie: Key
    mark: str
    #: Condition under which rows without the first key can exist at all; None when the key is in the document.
    nulls: ColumnElement[bool] | None
    phased: bool
    marks: tuple[ColumnElement[bool], ...] = ()

    def position(self, row: Sequence[Any]) -> Position:
        """Return where a row stands in the list."""
        width = len(WHOLE)
        return Position(tuple(row[width : width + len(self.keys)]), row[0])


def run(unit: Unit, rows: Rows, search: SearchIndex, wanted: ListQuery) -> Page:
    """Return one page of a list."""
    plan = _plan(unit, wanted, _source(search, wanted))
    backwards = wanted.before is not None
    token = wanted.before if backwards else wanted.after
    position = keyset.read_token(plan.mark, token, plan.keys) if token is not None else None
    found = _recent(unit, search, wanted, plan, position, backwards=backwards)
    if len(found) <= wanted.limit:
        if wanted.keep is None:
            found = _fetch(unit, plan, position, wanted.limit + 1, backwards=backwards)
        else:
            found = _sift(unit, rows, wanted, plan, position, wanted.limit + 1, backwards=backwards)
    more = len(found) > wanted.limit
    found = found[: wanted.limit]
    if backwards:
        found.reverse()
    records = tuple(_stored(unit, rows, plan, row) for row in found)
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
    plan: _Plan,
    position: Position | None,
    *,
    backwards: bool,
) -> list[Any]:
    """Return what a search finds among the nearest entries alone; worth something when it fills the page."""
    if not wanted.search.strip() or plan.keys or wanted.keep is not None:
        return []
    beyond = position.id if position is not None else None
    near = search.recent(wanted.row.entity, wanted.search, beyond, older=not backwards)
    if near is None:
        return []
    quick = _plan(unit, wanted, _joined(wanted, near))
    return _fetch(unit, quick, None, wanted.limit + 1, backwards=backwards)


def _sift(
    unit: Unit,
    rows: Rows,
    wanted: ListQuery,
    plan: _Plan,
    position: Position | None,
    limit: int,
    *,
    backwards: bool,
) -> list[Any]:
    """Return up to ``limit`` rows that are kept, out of the nearest ``SIFTED``."""
    found: list[Any] = []
    for _ in range(SIFTED // _CHUNK):
        batch = _fetch(unit, plan, position, _CHUNK, backwards=backwards)
        found += [
            row
            for row in batch
            if wanted.keep is None or wanted.keep(_stored(unit, rows, plan, row))
        ]
        if len(found) >= limit or len(batch) < _CHUNK:
            break
        position = plan.position(batch[-1])
    return found[:limit]


def _stored(unit: Unit, rows: Rows, plan: _Plan, row: Sequence[Any]) -> StoredRecord:
    width = len(WHOLE)
    entity = plan.row.entity
    held = row[width + len(plan.keys)] if plan.marks else 0
    return rows.stored(entity, unit.shape.codec(entity), row[:width], held)


def count(
    unit: Unit, rows: Rows, search: SearchIndex, wanted: ListQuery, cap: int
) -> tuple[int, bool]:
    """Count the records of a list, but not further than one beyond ``cap``."""
    if wanted.keep is not None:
        plan = _plan(unit, wanted, _source(search, wanted))
        number = len(_sift(unit, rows, wanted, plan, None, cap + 1, backwards=False))
        return min(number, cap), number > cap
    source, where, _ = _source(search, wanted)
    inner = (
        select(literal(1).label("one")).select_from(source).where(*where).limit(cap + 1).subquery()
    )
    number = unit.connection.execute(select(func.count()).select_from(inner)).scalar_one()
    return min(number, cap), number > cap


def statement(unit: Unit, search: SearchIndex, wanted: ListQuery) -> Select[Any]:
    """Return the statement of the first phase of the first page, for tests that look at its plan."""
    plan = _plan(unit, wanted, _source(search, wanted))
    phases = _phases(plan, None, backwards=False)
    return _statement(unit, plan, phases[0], None, wanted.limit + 1, backwards=False)


def _plan(unit: Unit, wanted: ListQuery, found: _Found) -> _Plan:
    source, where, ids = found
    keys = []
    for sort in wanted.sort:
        if sort.path == "id":
            break  # nothing after the id can matter
        expression, source = _expression(wanted.row, sort.path, source)
        keys.append(Key(expression, sort.descending, sort.path not in _NEVER_NULL))
    last = next((sort for sort in wanted.sort if sort.path == "id"), None)
    descending = last.descending if last is not None else keys[0].descending if keys else True
    main = wanted.row
    tie = Key(ids if not keys else main.id, descending, nullable=False)
    first = wanted.sort[0].path if keys else ""
    in_slot = bool(keys) and "." not in first and main.slot(first) is not None
    mark = keyset.signature(
        [(sort.path, sort.descending) for sort in wanted.sort], wanted.row.entity
    )
    nulls = _nulls_exist(unit, main, first) if in_slot else None
    phased = in_slot and keys[0].nullable
    marks = tuple(wanted.marks)
    return _Plan(main, source, where, tuple(keys), tie, mark, nulls, phased, marks)


def _source(search: SearchIndex, wanted: ListQuery) -> _Found:
    row = wanted.row
    if not wanted.search.strip():
        return row.table, (row.belongs(), *wanted.where), row.id
    return _joined(wanted, search.source(row.entity, wanted.search))


def _joined(wanted: ListQuery, hits: Source) -> _Found:
    row = wanted.row
    return (
        hits.entries.join(row.table, row.id == hits.ids),
        (hits.matches, row.belongs(), *wanted.where),
        hits.ids,
    )


def _expression(
    main: RecordColumns, path: str, source: FromClause
) -> tuple[ColumnElement[Any], FromClause]:
    """Return what to sort by for ``path``, and the source with the join it may need."""
    head, _, rest = path.partition(".")
    field = main.definition.fields.get(head)
    if rest and field is not None and field.is_reference:
        target = main.columns.record(field.target)
        joined = source.outerjoin(target.table, (target.id == main.value(head)) & target.belongs())
        return _sortable(target, rest), joined
    return _sortable(main, path), source


def _sortable(row: RecordColumns, path: str) -> ColumnElement[Any]:
    value = row.value(path)
    field = row.definition.fields.get(path)
    if field is None or field.kind.base is not Base.BOOLEAN:
        return value
    slot = row.slot(path)
    if slot is not None:
        return row.table.c[slot]
    return case((value, literal(1, BigInteger())), else_=literal(0, BigInteger()))


def _nulls_exist(unit: Unit, main: RecordColumns, key: str) -> ColumnElement[bool] | None:
    if key not in main.place.read:
        return None
    slot = tables.slot.c
    return (
        select(slot.attribute)
        .where(
            slot.workspace_id == unit.workspace,
            slot.entity_id == main.place.id,
            slot.attribute == key,
            slot.nulls == literal(True, Boolean()),
        )
        .exists()
    )


def _fetch(
    unit: Unit, plan: _Plan, position: Position | None, limit: int, *, backwards: bool
) -> list[Any]:
    """Return up to ``limit`` rows after ``position``; going backwards, those before it, nearest first."""
    phases = _phases(plan, position, backwards=backwards)
    if phases == ["null", "present"]:
        return _nulls_first(unit, plan, position, limit, backwards=backwards)
    found: list[Any] = []
    for phase in phases:
        if phase == "null" and found and not _may_be_null(plan, found[0]):
            break
        query = _statement(unit, plan, phase, position, limit - len(found), backwards=backwards)
        found.extend(unit.connection.execute(query))
        if len(found) >= limit:
            break
        position = None
    return found


def _nulls_first(
    unit: Unit, plan: _Plan, position: Position | None, limit: int, *, backwards: bool
) -> list[Any]:
    """Return rows without the first key, then rows with it.

    To look for the former means to read the whole entity when there are few of them; so the latter are read
    first, for they tell whether there can be any.
    """
    after = None if position is None or position.values[0] is None else position
    present = unit.connection.execute(
        _statement(unit, plan, "present", after, limit, backwards=backwards)
    ).all()
    if position is None and present and not _may_be_null(plan, present[0]):
        return list(present)
    query = _statement(unit, plan, "null", position, limit, backwards=backwards)
    without = unit.connection.execute(query).all()
    return [*without, *present][:limit]


def _may_be_null(plan: _Plan, row: Any) -> bool:
    """Tell from a row that has the first key whether others may lack it."""
    return plan.nulls is None or bool(row[-1])


def _phases(plan: _Plan, position: Position | None, *, backwards: bool) -> list[str]:
    """Return the parts of a list in reading order.

    An index on a slot has no entries for nulls, so rows with and without the first key are read by
    statements of their own; null is the smallest value.
    """
    if not plan.phased:
        return ["all"]
    descending = plan.keys[0].descending != backwards
    phases = ["present", "null"] if descending else ["null", "present"]
    if position is None:
        return phases
    return phases[phases.index("null" if position.values[0] is None else "present") :]


def _statement(
    unit: Unit, plan: _Plan, phase: str, position: Position | None, limit: int, *, backwards: bool
) -> Select[Any]:
    keys = [key.reversed() if backwards else key for key in plan.keys]
    tie = plan.tie.reversed() if backwards else plan.tie
    where = list(plan.where)
    ordering = keys
    if phase == "present":
        ordering = [Key(keys[0].expression, keys[0].descending, nullable=False), *keys[1:]]
        where.append(keys[0].expression.is_not(None))
    elif phase == "null":
        ordering = keys[1:]
        where.append(keys[0].expression.is_(None))
        if plan.nulls is not None:
            where.append(plan.nulls)
    if position is not None:
        values = position.values[1:] if phase == "null" else position.values
        where.append(keyset.after(ordering, tie, Position(values, position.id)))
    order = [key.order(postgres=unit.is_postgres) for key in (*ordering, tie)]
    shown: list[ColumnElement[Any]] = [
        key.expression.label(f"key_{number}") for number, key in enumerate(plan.keys)
    ]
    if plan.marks:
        shown.append(mark_of(plan.marks))
    if plan.nulls is not None:
        shown.append(plan.nulls.label("nulls"))
    return (
        select(*whole(plan.row), *shown)
        .select_from(plan.source)
        .where(*where)
        .order_by(*order)
        .limit(limit)
    )
