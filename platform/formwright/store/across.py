"""Questions that span entities or conditions: several kinds of records, several counts, each in one statement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from formwright.fieldtypes.base import ValueProblem
from formwright.store import codec, links, tables
from formwright.store.query import ListQuery
from formwright.store.rows import WHOLE, StoredRecord, mark

if TYPE_CHECKING:
    from formwright.store.columns import RecordColumns
    from formwright.store.transaction import Transaction

Key = TypeVar("Key", bound=Hashable)
_record = tables.record.c


def any_of(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that holds where at least one of ``conditions`` does."""
    return conditions[0] if len(conditions) == 1 else or_(false(), *conditions)


def all_of(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that holds where all of ``conditions`` do."""
    return conditions[0] if len(conditions) == 1 else and_(true(), *conditions)


def reference_exists(
    row: RecordColumns, key: str, target: RecordColumns, conditions: Iterable[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the condition that the record which the field ``key`` of ``row`` refers to meets ``conditions``."""
    return (
        select(target.id).where(target.belongs(), target.id == row.value(key), *conditions).exists()
    )


def is_empty(row: RecordColumns, key: str) -> ColumnElement[bool]:
    """Return the condition that a field has no value."""
    return row.value(key).is_(None)


def value_in(row: RecordColumns, key: str, values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a text field has one of ``values``."""
    return row.value(key).in_(values)


def parent_exists(
    row: RecordColumns, parent: RecordColumns, conditions: Iterable[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the condition that the record which ``row`` belongs to meets ``conditions`` (on ``parent``)."""
    return (
        select(parent.id)
        .where(parent.belongs(), parent.id == row.value("parent_id"), *conditions)
        .exists()
    )


def equals(row: RecordColumns, key: str, text: str) -> ColumnElement[bool]:
    """Return the condition that a field has the value that ``text`` stands for: a quick filter's choice.

    A text that stands for no value matches nothing. A field of several values matches when one of them is it.
    """
    field = row.definition.fields[key]
    try:
        value = field.type.accept(field, text)
        stored = None if value is None else field.type.to_stored(field, value)
    except ValueProblem:
        stored = None
    if stored is None:
        return false()
    if isinstance(stored, list):
        items = row.items(key)
        return select(literal(1)).select_from(items).where(items.c.value == stored[0]).exists()
    column: Any = row.value(key)
    condition: ColumnElement[bool] = column.is_(true()) if stored is True else column == stored
    return condition


def refers(tx: Transaction, row: RecordColumns, via: str, target: int) -> ColumnElement[bool]:
    """Return the condition that a record refers to the record ``target`` through its field ``via``."""
    return links.backlink_condition(
        tx.shape, row.entity, via, row.table, literal(target, BigInteger)
    )


def referring(
    tx: Transaction,
    entity: str,
    via: str,
    target: int,
    scope: Callable[[RecordColumns], Sequence[ColumnElement[bool]] | None],
    limit: int = 1000,
) -> list[StoredRecord]:
    """Return the newest records of ``entity`` within ``scope`` that refer to ``target`` through ``via``."""
    row = tx.columns.record(entity)
    conditions = scope(row)
    if conditions is None:
        return []
    wanted = ListQuery(row, [refers(tx, row, via, target), *conditions], limit=limit)
    return list(tx.records.list(wanted).records)


def get_across(
    tx: Transaction,
    wanted: Mapping[str, Iterable[int]],
    conditions: Mapping[str, Sequence[ColumnElement[bool]] | None],
    marks: Mapping[str, Sequence[ColumnElement[bool]]] = MappingProxyType({}),
) -> list[tuple[StoredRecord, bool]]:
    """Return records of several entities, each with whether its entity's ``conditions`` hold; in one statement.

    The conditions, and the ``marks`` that each record tells of, are on ``columns.main(entity)``; None stands for
    "never", no conditions for "always".
    """
    places = {tx.columns.place(entity).id: entity for entity in wanted}
    if len(wanted) == 1:
        [(entity, numbers_of)] = wanted.items()
        scope = conditions.get(entity)
        if scope is not None and not scope:  # the usual case has a statement of its own, built once
            found = tx.records.get_many(entity, numbers_of, marks=marks.get(entity, ()))
            return [(record, True) for record in found]
    whens: dict[int, ColumnElement[bool]] = {}
    picks = []
    for number, entity in places.items():
        ids = sorted(set(wanted[entity]))
        if not ids:
            continue
        picks.append(and_(_record.entity_id == number, _record.id.in_(ids)))
        scope = conditions.get(entity)
        whens[number] = false() if scope is None else and_(true(), *scope)
    if not picks:
        return []
    readable = case(
        *((_record.entity_id == number, condition) for number, condition in whens.items()),
        else_=false(),
    )
    held: ColumnElement[int] = literal(0)
    marked = [
        (_record.entity_id == number, mark(marks[places[number]]))
        for number in whens
        if marks.get(places[number])
    ]
    if marked:
        held = case(*marked, else_=literal(0))
    query = select(_record.entity_id, readable.label("readable"), held.label("mark"), *WHOLE).where(
        _record.workspace_id == tx.workspace, or_(*picks)
    )
    return [
        (
            tx.records.rows.stored(places[row[0]], tx.shape.codec(places[row[0]]), row[3:], row[2]),
            bool(row[1]),
        )
        for row in tx.connection.execute(query)
    ]


def which_hold(
    tx: Transaction, record: StoredRecord, conditions: Mapping[Key, Sequence[ColumnElement[bool]]]
) -> set[Key]:
    """Return those keys whose conditions (on ``columns.main``) hold for the record; in one statement."""
    keys = list(conditions)
    query = select(
        *(and_(true(), *conditions[key]).label(f"c{number}") for number, key in enumerate(keys))
    ).where(
        _record.workspace_id == tx.workspace,
        _record.entity_id == tx.columns.place(record.entity).id,
        _record.id == record.id,
    )
    row = tx.connection.execute(query).first()
    return set() if row is None else {key for key, holds in zip(keys, row, strict=True) if holds}


def which_of(
    tx: Transaction,
    entity: str,
    ids: Sequence[int],
    conditions: Sequence[ColumnElement[bool]],
    marks: Sequence[ColumnElement[bool]] = (),
) -> dict[int, int]:
    """Return those of ``ids`` that are records of ``entity`` within the conditions (on ``columns.main``), with marks."""
    held = mark(marks) if marks else literal(0)
    query = select(_record.id, held).where(
        _record.workspace_id == tx.workspace,
        _record.entity_id == tx.columns.place(entity).id,
        _record.id.in_(ids),
        *conditions,
    )
    return {row[0]: row[1] for row in tx.connection.execute(query)}


def counts(
    tx: Transaction,
    queries: Sequence[tuple[RecordColumns, Sequence[ColumnElement[bool]]]],
    cap: int,
) -> list[tuple[int, bool]]:
    """Return how many records each query has, counted up to ``cap``, and whether there are more; in one statement."""
    if not queries:
        return []
    parts = []
    for number, (row, conditions) in enumerate(queries):
        capped = (
            select(literal(1))
            .select_from(row.table)
            .where(row.belongs(), *conditions)
            .limit(cap + 1)
            .subquery()
        )
        parts.append(
            select(literal(number).label("number"), func.count().label("found")).select_from(capped)
        )
    found = {row.number: row.found for row in tx.connection.execute(union_all(*parts))}
    return [(min(found[number], cap), found[number] > cap) for number in range(len(queries))]


def count_all(tx: Transaction, entity: str) -> int:
    """Return how many records an entity has; 0 for one that was never there."""
    place = tx.shape.layout.entities.get(entity)
    if place is None:
        return 0
    query = select(func.count()).select_from(tables.record).where(*_of(tx, place.id))
    return tx.connection.execute(query).scalar_one()


def count_values(tx: Transaction, entity: str, key: str, values: Sequence[str]) -> int:
    """Return how many records have one of ``values`` in a text field, which may be one of yesterday's definitions."""
    place = tx.shape.layout.entities.get(entity)
    if place is None or key not in tx.catalog.entities[entity].fields:
        return 0
    row = tx.columns.main(entity)
    field = row.definition.fields[key]
    if codec.is_list(field):
        items = row.items(key)
        condition: ColumnElement[bool] = (
            select(literal(1)).select_from(items).where(items.c.value.in_(values)).exists()
        )
    else:
        condition = row.value(key).in_(values)
    query = select(func.count()).select_from(tables.record).where(*_of(tx, place.id), condition)
    return tx.connection.execute(query).scalar_one()


def _of(tx: Transaction, entity_id: int) -> tuple[ColumnElement[bool], ...]:
    return _record.workspace_id == tx.workspace, _record.entity_id == entity_id
