"""Filling slots from the documents of records that are there already, in batches, while people work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from sqlalchemy import ColumnElement, Connection, literal, select, text, update

from formwright.store import tables
from formwright.store.slots import ASSIGNED, FREED, READY
from formwright.store.unit import Shape

BATCH = 2000
#: Longest wait for transactions that began before the slots were assigned, in seconds.
PATIENCE = 90.0
_log = logging.getLogger(__name__)
#: Opens a writing transaction.
Begin = Callable[[], AbstractContextManager[Connection]]


def fill(begin: Begin, shape: Shape, *, batch: int = BATCH) -> int:
    """Fill every assigned slot, clear every freed one, and let readers use what is filled; return how many rows changed.

    Each batch is a transaction of its own, so that nobody waits long. A writer that began before the slots
    were assigned may still store a record without them; so, after the first round, the transactions of that
    time are waited for, and a second round sets right what they left.
    """
    with begin() as connection:
        waiting = _slots_in(connection, shape, ASSIGNED)
        freed = _slots_in(connection, shape, FREED)
    changed = 0
    for entity, columns in waiting.items():
        changed += _round(begin, shape, entity, columns, batch)
    if waiting:
        _let_older_transactions_end(begin)
        for entity, columns in waiting.items():
            changed += _round(begin, shape, entity, columns, batch)
            with begin() as connection:
                _make_ready(connection, shape, entity, columns)
    for entity_id, columns in _by_number(shape, freed):
        _clear(begin, shape, entity_id, columns, batch)
    if waiting:
        with begin() as connection:
            _announce(connection, shape.workspace)
    return changed


def mismatches(connection: Connection, shape: Shape, entity: str) -> int:
    """Return in how many records of an entity a slot differs from the document; anything but 0 is damage."""
    row = shape.columns.main(entity)
    place = shape.place(entity)
    wrong = [
        row.table.c[column].is_distinct_from(row.in_document(key))
        for key, column in place.read.items()
        if key in row.definition.fields
    ]
    if not wrong:
        return 0
    condition = wrong[0]
    for other in wrong[1:]:
        condition |= other
    found = connection.execute(select(row.id).where(row.belongs(), condition)).all()
    return len(found)


def _slots_in(connection: Connection, shape: Shape, state: str) -> dict[str, dict[str, str]]:
    """Return entity -> attribute -> column of the slots in a state."""
    slot, entity = tables.slot.c, tables.entity.c
    rows = connection.execute(
        select(entity.name, slot.attribute, slot.column)
        .join(
            tables.entity,
            (entity.workspace_id == slot.workspace_id) & (entity.id == slot.entity_id),
        )
        .where(slot.workspace_id == shape.workspace, slot.state == state)
    )
    found: dict[str, dict[str, str]] = {}
    for name, attribute, column in rows:
        if state == FREED or (
            name in shape.catalog.entities and attribute in shape.entity(name).fields
        ):
            found.setdefault(name, {})[attribute] = column
    return found


def _round(begin: Begin, shape: Shape, entity: str, columns: dict[str, str], batch: int) -> int:
    """Bring the slots of every record in line with its document, where they are not."""
    row = shape.columns.main(entity)
    right = {column: row.in_document(key) for key, column in columns.items()}
    wrong: ColumnElement[bool] = literal(value=False)
    for column, value in right.items():
        wrong |= row.table.c[column].is_distinct_from(value)
    changed = 0
    for low, high in _ranges(begin, shape, row.place.id, batch):
        with begin() as connection:
            changed += connection.execute(
                update(tables.record)
                .where(row.belongs(), row.id.between(low, high), wrong)
                .values(right)
            ).rowcount
    return changed


def _ranges(begin: Begin, shape: Shape, entity_id: int, batch: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of ids that hold at most ``batch`` records each."""
    record = tables.record.c
    low = 0
    while True:
        with begin() as connection:
            ids = connection.scalars(
                select(record.id)
                .where(
                    record.workspace_id == shape.workspace,
                    record.entity_id == entity_id,
                    record.id > low,
                )
                .order_by(record.id)
                .limit(batch)
            ).all()
        if not ids:
            return
        yield ids[0], ids[-1]
        low = ids[-1]


def _make_ready(connection: Connection, shape: Shape, entity: str, columns: dict[str, str]) -> None:
    """Let readers use the slots."""
    slot = tables.slot.c
    connection.execute(
        update(tables.slot)
        .where(
            slot.workspace_id == shape.workspace,
            slot.entity_id == shape.place(entity).id,
            slot.attribute.in_(list(columns)),
            slot.state == ASSIGNED,
        )
        .values(state=READY)
    )


def _clear(begin: Begin, shape: Shape, entity_id: int, columns: dict[str, str], batch: int) -> None:
    """Empty slots that no field has any more, and give them back."""
    record, slot = tables.record.c, tables.slot.c
    for low, high in _ranges(begin, shape, entity_id, batch):
        with begin() as connection:
            connection.execute(
                update(tables.record)
                .where(
                    record.workspace_id == shape.workspace,
                    record.entity_id == entity_id,
                    record.id.between(low, high),
                )
                .values(dict.fromkeys(columns.values()))
            )
    with begin() as connection:
        connection.execute(
            tables.slot.delete().where(
                slot.workspace_id == shape.workspace,
                slot.entity_id == entity_id,
                slot.attribute.in_(list(columns)),
                slot.state == FREED,
            )
        )


def _by_number(
    shape: Shape, found: dict[str, dict[str, str]]
) -> Iterator[tuple[int, dict[str, str]]]:
    for name, columns in found.items():
        yield shape.place(name).id, columns


def _let_older_transactions_end(begin: Begin) -> None:
    """Wait, on PostgreSQL, until every transaction of this moment is over; SQLite's writers come one by one."""
    with begin() as connection:
        if connection.dialect.name != "postgresql":
            return
        moment = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    deadline = time.monotonic() + PATIENCE
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_xid IS NOT NULL AND xact_start < :moment"
    )
    while time.monotonic() < deadline:
        with begin() as connection:
            if not connection.execute(query, {"moment": moment}).scalar_one():
                return
        time.sleep(0.05)
    _log.warning("transactions from before the new slots are still open after %s seconds", PATIENCE)


def _announce(connection: Connection, workspace: int) -> None:
    """Tell every process, with the next transaction it opens, that slots have become readable."""
    revision = tables.definition_revision.c
    newest = (
        select(revision.number)
        .where(revision.workspace_id == workspace)
        .order_by(revision.number.desc())
        .limit(1)
    )
    connection.execute(
        update(tables.definition_revision)
        .where(revision.workspace_id == workspace, revision.number == newest.scalar_subquery())
        .values(fills=revision.fills + 1)
    )
