"""Who refers to the records of a whole page, in one statement instead of one a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, literal, select

from formwright.store.rows import StoredRecord, mark, whole

if TYPE_CHECKING:
    from formwright.store.columns import RecordColumns
    from formwright.store.transaction import Transaction


def referring_to_many(
    tx: Transaction,
    row: RecordColumns,
    via: str,
    targets: Sequence[int],
    conditions: Sequence[ColumnElement[bool]],
    marks: Sequence[ColumnElement[bool]] = (),
    limit: int = 1000,
) -> dict[int, list[StoredRecord]]:
    """Return by target the newest records of ``row`` that refer to it through ``via``, at most ``limit`` of each.

    ``conditions``, and the ``marks`` that each record tells of, are on ``row``.
    """
    found: dict[int, list[StoredRecord]] = {target: [] for target in targets}
    if not targets:
        return found
    pairs = tx.records.links.referring(row.entity, via, list(found)).subquery()
    record, target = pairs.c
    place = func.row_number().over(partition_by=target, order_by=row.id.desc()).label("place")
    held = mark(marks) if marks else literal(0).label("mark")
    numbered = (
        select(target.label("target"), row.id.label("id"), place, held)
        .select_from(pairs.join(row.table, row.id == record))
        .where(row.belongs(), *conditions)
        .subquery()
    )
    outer = tx.columns.record(row.entity)
    query = (
        select(numbered.c.target, numbered.c.mark, *whole(outer))
        .select_from(numbered.join(outer.table, outer.id == numbered.c.id))
        .where(outer.belongs(), numbered.c.place <= limit)
        .order_by(numbered.c.target, numbered.c.place)
    )
    codec = tx.shape.codec(row.entity)
    for number, held_marks, *columns in tx.connection.execute(query):
        stored = tx.records.rows.stored(row.entity, codec, columns, held_marks)
        found[number].append(stored)
    return found
