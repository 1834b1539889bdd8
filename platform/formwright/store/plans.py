"""How a list is read: its order, its phases and their statements, made once for all lists of one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    ClauseElement,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    bindparam,
    case,
    literal,
    select,
)

from formwright.definitions.model import Sort
from formwright.expressions.kinds import Base
from formwright.store import keyset, tables
from formwright.store.columns import RecordColumns
from formwright.store.keyset import Key, Position
from formwright.store.prepared import AT_MOST
from formwright.store.rows import mark, whole
from formwright.store.slots import EntityLayout
from formwright.store.unit import Unit

_NEVER_NULL = frozenset({"id", "created_at", "updated_at", "version"})


class Found(NamedTuple):
    """A source of rows, the conditions on it, the column with the record's id, and parameters that have a name."""

    source: FromClause
    where: tuple[ColumnElement[bool], ...]
    ids: ColumnElement[int]
    values: Mapping[str, Any]
    #: Conditions of which each record tells whether they hold.
    marks: tuple[ColumnElement[bool], ...] = ()


@dataclass(frozen=True, slots=True)
class _SortedBy:
    """What one key of a list sorts by, and the record to be joined for it."""

    expression: ColumnElement[Any]
    nullable: bool
    descending: bool
    target: RecordColumns | None = None
    joined_on: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A list query, resolved: its source, conditions and keys in forward order.

    Made once for all lists of the same shape; whatever they compare with stands in it as a parameter. It is kept, so it
    holds on to no row, transaction or reader.
    """

    #: Where the records of the entity stand, and the columns of the row that make a record.
    place: EntityLayout
    columns: tuple[ColumnElement[Any], ...]
    source: FromClause
    where: tuple[ColumnElement[bool], ...]
    keys: tuple[Key, ...]
    tie: Key
    mark: str
    #: Path of the first key, "" when there is none.
    first: str
    #: Condition under which rows without the first key can exist at all; None when the key is in the document.
    nulls: ColumnElement[bool] | None
    phased: bool
    #: Which of the conditions asked for hold, as one number; None when there are none.
    held: ColumnElement[int] | None
    #: The statements made so far, by phase, direction, and which keys of the position are null.
    statements: dict[_Way, Select[Any]] = field(default_factory=dict)

    def position(self, row: Sequence[Any]) -> Position:
        """Return where a row stands in the list."""
        width = len(self.columns)
        return Position(tuple(row[width : width + len(self.keys)]), row[0])


#: Phase, backwards, and of a position which values are null.
_Way: TypeAlias = tuple[str, bool, tuple[bool, ...] | None]


@dataclass(frozen=True, slots=True)
class Question:
    """A plan with the values of one question."""

    plan: Plan
    values: Mapping[str, Any]
    backwards: bool


def question_of(
    unit: Unit, main: RecordColumns, sort: tuple[Sort, ...], found: Found, *, backwards: bool
) -> Question:
    """Return the plan of a list of ``found`` in the order ``sort``, with the values of this one.

    The plan is kept for whoever asks next, so every element it is made of has to be among the parts.
    """
    source, where, ids, named, marks = found
    keys = []
    for each in sort:
        if each.path == "id":
            break  # nothing after the id can matter
        keys.append(_sorted_by(main, each))
    parts: list[ClauseElement] = [source, ids, *where, *marks]
    for key in keys:
        parts.append(key.expression)
        if key.target is not None and key.joined_on is not None:
            parts += [key.target.table, key.joined_on]
    first = sort[0].path if keys else ""
    in_slot = bool(keys) and "." not in first and main.slot(first) is not None
    plan, values = unit.shape.prepared.get(
        (main.entity, sort, in_slot, len(marks)),
        parts,
        lambda: _plan(unit, main, sort, found, keys, in_slot=in_slot),
    )
    return Question(plan, {**values, **named}, backwards)


def _plan(
    unit: Unit,
    main: RecordColumns,
    sort: Sequence[Sort],
    found: Found,
    keys: Sequence[_SortedBy],
    *,
    in_slot: bool,
) -> Plan:
    source, where, ids, _, marks = found
    for key in keys:
        if key.target is not None:
            source = source.outerjoin(key.target.table, key.joined_on)
    last = next((each for each in sort if each.path == "id"), None)
    descending = last.descending if last is not None else keys[0].descending if keys else True
    first = sort[0].path if keys else ""
    return Plan(
        main.place,
        tuple(whole(main)),
        source,
        where,
        tuple(Key(key.expression, key.descending, key.nullable) for key in keys),
        Key(ids if not keys else main.id, descending, nullable=False),
        keyset.signature([(each.path, each.descending) for each in sort], main.entity),
        first,
        _nulls_exist(unit, main, first) if in_slot else None,
        in_slot and keys[0].nullable,
        mark(marks) if marks else None,
    )


def _sorted_by(main: RecordColumns, sort: Sort) -> _SortedBy:
    """Return what to sort by, with the record that a reference leads to where it lies there."""
    nullable = sort.path not in _NEVER_NULL
    head, _, rest = sort.path.partition(".")
    field = main.definition.fields.get(head)
    if rest and field is not None and field.is_reference:
        target = main.columns.record(field.target)
        return _SortedBy(
            _sortable(target, rest),
            nullable,
            sort.descending,
            target,
            (target.id == main.value(head)) & target.belongs(),
        )
    return _SortedBy(_sortable(main, sort.path), nullable, sort.descending)


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


def phases(plan: Plan, position: Position | None, *, backwards: bool) -> list[str]:
    """Return the parts of a list in reading order.

    An index on a slot has no entries for nulls, so rows with and without the first key are read by
    statements of their own; null is the smallest value.
    """
    if not plan.phased:
        return ["all"]
    descending = plan.keys[0].descending != backwards
    parts = ["present", "null"] if descending else ["null", "present"]
    if position is None:
        return parts
    return parts[parts.index("null" if position.values[0] is None else "present") :]


def statement(
    unit: Unit, plan: Plan, phase: str, position: Position | None, *, backwards: bool
) -> Select[Any]:
    """Return the statement that reads a phase, made when it is wanted for the first time."""
    nulls = None if position is None else tuple(value is None for value in position.values)
    way = phase, backwards, nulls
    found = plan.statements.get(way)
    if found is None:
        found = plan.statements[way] = _made(unit, plan, way)
    return found


def _made(unit: Unit, plan: Plan, way: _Way) -> Select[Any]:
    phase, backwards, nulls = way
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
    if nulls is not None:
        values, number = keyset.bound(keys, nulls)
        known = values[1:] if phase == "null" else values
        where.append(keyset.after(ordering, tie, known, number))
    order = [key.order(postgres=unit.is_postgres) for key in (*ordering, tie)]
    shown: list[ColumnElement[Any]] = [
        key.expression.label(f"key_{number}") for number, key in enumerate(plan.keys)
    ]
    if plan.held is not None:
        shown.append(plan.held)
    if plan.nulls is not None:
        shown.append(plan.nulls.label("nulls"))
    return (
        select(*plan.columns, *shown)
        .select_from(plan.source)
        .where(*where)
        .order_by(*order)
        .limit(at_most())
    )


def at_most() -> ColumnElement[int]:
    """Return the parameter that says how many rows are wanted."""
    return bindparam(AT_MOST, type_=Integer())
