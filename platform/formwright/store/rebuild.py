"""What hangs on records follows the definitions: unique values, search entries and edges of records that exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import delete, select, update

from formwright.definitions.model import Entity
from formwright.store import links, tables, unique
from formwright.store.links import Links
from formwright.store.problems import UniqueViolation
from formwright.store.rows import Rows, StoredRecord
from formwright.store.search import SearchIndex, search_fields
from formwright.store.unique import Claim, UniqueValues
from formwright.store.unit import Shape, Unit

BATCH = 1000
#: Opens a writing transaction as the parts of the store see it.
Open = Callable[[], AbstractContextManager[Unit]]


def wanted(shape: Shape, entity: Entity) -> dict[str, Any]:
    """Return what the records of ``entity`` are to be found by, in a form that tells when it changes."""
    rules = {
        rule.name: [*(field.key for field in rule.fields), _condition(rule), _case(rule)]
        for rule in unique.rules(entity)
    }
    return {
        "unique": rules,
        "search": [field.key for field in search_fields(entity)],
        "links": sorted(field.key for field in links.linked(shape, entity)),
    }


def claim_new_values(unit: Unit) -> None:
    """Claim the values of fields and constraints that have become unique, and let go of those that no longer are.

    Works inside the transaction that puts the definitions in force, so that they are refused as a whole, with
    UniqueViolation, when two records have the same value.
    """
    everything = _built(unit)
    for name, entity in unit.shape.catalog.entities.items():
        built = everything[unit.shape.place(name).id]
        rules = wanted(unit.shape, entity)["unique"]
        before: Mapping[str, Any] = built.get("unique", {})
        gone = [rule for rule in before if rules.get(rule) != before[rule]]
        fresh = {rule for rule in rules if rules[rule] != before.get(rule)}
        if gone:
            _forget(unit, name, gone)
        if fresh:
            _claim(unit, name, fresh)
        if gone or fresh:
            _note(unit, name, {**built, "unique": rules})


def follow(open_unit: Open, shape: Shape) -> int:
    """Enter records in the search index and the edges as the definitions now say; return how many were looked at.

    In batches, each a transaction of its own: until it is done, a search finds what it found before.
    """
    seen = 0
    with open_unit() as unit:
        everything = _built(unit)
    for name, entity in shape.catalog.entities.items():
        built = everything[shape.place(name).id]
        aim = wanted(shape, entity)
        parts = [part for part in ("search", "links") if built.get(part) != aim[part]]
        if not parts:
            continue
        after = 0
        while True:
            with open_unit() as unit:
                records = _batch(unit, name, after)
                if records and "search" in parts:
                    _search_again(unit, name, records)
                if records and "links" in parts:
                    _link_again(unit, name, records)
            if not records:
                break
            seen += len(records)
            after = records[-1].id
        with open_unit() as unit:
            current = _built(unit)[shape.place(name).id]
            _note(unit, name, {**current, **{part: aim[part] for part in parts}})
    return seen


def _condition(rule: unique.Rule) -> str:
    where = rule.constraint.where if rule.constraint is not None else None
    return where.source if where is not None else ""


def _case(rule: unique.Rule) -> bool:
    return rule.constraint is None or rule.constraint.ignore_case


def _forget(unit: Unit, name: str, rules: Sequence[str]) -> None:
    column = tables.unique_value.c
    unit.connection.execute(
        delete(tables.unique_value).where(
            column.workspace_id == unit.workspace,
            column.entity_id == unit.shape.place(name).id,
            column.constraint.in_(rules),
        )
    )


def _claim(unit: Unit, name: str, rules: set[str]) -> None:
    values = UniqueValues(unit)
    for records in _batches(unit, name):
        taken: dict[Claim, int] = {}
        for record in records:
            for claim in values.claims(name, record.id, record.values):
                if claim.constraint not in rules:
                    continue
                if claim in taken:
                    raise UniqueViolation(name, values.clashes(name, {claim: taken[claim]}))
                taken[claim] = record.id
        for claim, number in sorted(
            taken.items(), key=lambda item: (item[0].constraint, item[0].value)
        ):
            values.take(name, number, [claim])


def _search_again(unit: Unit, name: str, records: Sequence[StoredRecord]) -> None:
    index = SearchIndex(unit)
    index.remove(name, [record.id for record in records], known=False)
    for record in records:
        index.add(name, record.id, record.values)


def _link_again(unit: Unit, name: str, records: Sequence[StoredRecord]) -> None:
    edges = Links(unit)
    fields = links.linked(unit.shape, unit.shape.entity(name))
    codec = unit.shape.codec(name)
    edges.release_all(name, [record.id for record in records], known=False)
    for record in records:
        edges.change(name, record.id, set(), links.edges(fields, codec.document(record.values)))


def _batches(unit: Unit, name: str) -> Iterator[list[StoredRecord]]:
    after = 0
    while records := _batch(unit, name, after):
        yield records
        after = records[-1].id


def _batch(unit: Unit, name: str, after: int) -> list[StoredRecord]:
    record = tables.record.c
    numbers = unit.connection.scalars(
        select(record.id)
        .where(
            record.workspace_id == unit.workspace,
            record.entity_id == unit.shape.place(name).id,
            record.id > after,
        )
        .order_by(record.id)
        .limit(BATCH)
    ).all()
    return Rows(unit).many(name, numbers)


def _built(unit: Unit) -> dict[int, dict[str, Any]]:
    """Return by entity number what has been built."""
    entity = tables.entity.c
    query = select(entity.id, entity.built).where(entity.workspace_id == unit.workspace)
    return {number: built for number, built in unit.connection.execute(query)}  # noqa: C416 -- rows are no pairs to a type checker


def _note(unit: Unit, name: str, built: Mapping[str, Any]) -> None:
    entity = tables.entity.c
    unit.connection.execute(
        update(tables.entity)
        .where(entity.workspace_id == unit.workspace, entity.id == unit.shape.place(name).id)
        .values(built=dict(built))
    )
