"""Who refers to the records of a whole page, in one statement instead of one a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select

from formwright.store.rows import StoredRecord, whole

if TYPE_CHECKING:
    from formwright.store.columns import RecordColumns
    from formwright.store.transaction import Transaction


def referring_to_many(
    tx: Transaction,
    entity: str,
    via: str,
    targets: Sequence[int],
    scope: Callable[[RecordColumns], Sequence[ColumnElement[bool]] | None],
    limit: int = 1000,
) -> dict[int, list[StoredRecord]]:
    """Return by target the newest records of ``entity`` within ``scope`` that refer to it through ``via``.

    As ``across.referring`` does for one: at most ``limit`` of each.
    """
    found: dict[int, list[StoredRecord]] = {target: [] for target in targets}
    row = tx.columns.record(entity)
    conditions = scope(row)
    if conditions is None or not targets:
        return found
    pairs = tx.records.links.referring(entity, via, list(found)).subquery()
    record, target = pairs.c
    place = func.row_number().over(partition_by=target, order_by=row.id.desc()).label("place")
    numbered = (
        select(target.label("target"), row.id.label("id"), place)
        .select_from(pairs.join(row.table, row.id == record))
        .where(row.belongs(), *conditions)
        .subquery()
    )
    outer = tx.columns.record(entity)
    query = (
        select(numbered.c.target, *whole(outer))
        .select_from(numbered.join(outer.table, outer.id == numbered.c.id))
        .where(outer.belongs(), numbered.c.place <= limit)
        .order_by(numbered.c.target, numbered.c.place)
    )
    codec = tx.shape.codec(entity)
    for number, *columns in tx.connection.execute(query):
        found[number].append(tx.records.rows.stored(entity, codec, columns))
    return found
