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
#: The advisory lock that writers share; only a renaming takes it alone, so that writers wait for nothing else.
_WRITERS = 0x666F726D
_KEEP_OUT = text("SELECT pg_advisory_xact_lock(:group, :workspace)")
_NOTE = text("SELECT pg_advisory_xact_lock_shared(:group, :workspace)")
_NOTED = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND classid = CAST(:group AS oid) AND objid = CAST(:workspace AS oid)"
)
#: Opens a writing transaction.
Begin = Callable[[], AbstractContextManager[Connection]]


def fill(begin: Begin, shape: Shape, *, batch: int = BATCH) -> int:
    """Fill every assigned slot, clear every freed one, and let readers use what is filled; return how many rows changed.

    Each batch is a transaction of its own, so that nobody waits long. A writer that began before the slots
    were assigned may still store a record without them; so, after the first round, the writers of that time
    are waited for, and a second round sets right what they left. While one does not come to an end the slots
    stay as they are: readers use the documents, and the next run tries again.
    """
    with begin() as connection:
        waiting = _slots_in(connection, shape, ASSIGNED)
        freed = _slots_in(connection, shape, FREED)
    changed = 0
    for entity, columns in waiting.items():
        changed += _round(begin, shape, entity, columns, batch)
    if waiting:
        over = _let_older_writers_end(begin, shape.workspace)
        for entity, columns in waiting.items() if over else ():
            changed += _round(begin, shape, entity, columns, batch)
            with begin() as connection:
                _make_ready(connection, shape, entity, columns)
    for entity_id, columns in _by_number(shape, freed):
        _clear(begin, shape, entity_id, columns, batch)
    return changed


def announce(connection: Connection, shape: Shape) -> bool:
    """Tell every process, with the next transaction it opens, that slots have become readable; False while some wait.

    A revision of which nothing was ever announced has its backfill still before it.
    """
    if _slots_in(connection, shape, ASSIGNED):
        return False
    revision = tables.definition_revision.c
    connection.execute(
        update(tables.definition_revision)
        .where(revision.workspace_id == shape.workspace, revision.number == shape.catalog.revision)
        .values(fills=revision.fills + 1)
    )
    return True


def note_writer(connection: Connection, workspace: int) -> None:
    """Have a writing transaction be known as one until it ends, before it reads any layout.

    PostgreSQL knows by itself only who has written something already. SQLite's writers come one by one.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTE, {"group": _WRITERS, "workspace": workspace})


def keep_writers_out(connection: Connection, workspace: int) -> None:
    """Wait until no other writer is at work in PostgreSQL, and have new ones wait until this transaction is over."""
    connection.execute(_KEEP_OUT, {"group": _WRITERS, "workspace": workspace})


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
    for low, high in ranges(begin, shape, row.place.id, batch):
        with begin() as connection:
            changed += connection.execute(
                update(tables.record)
                .where(row.belongs(), row.id.between(low, high), wrong)
                .values(right)
            ).rowcount
    return changed


def ranges(begin: Begin, shape: Shape, entity_id: int, batch: int) -> Iterator[tuple[int, int]]:
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
    for low, high in ranges(begin, shape, entity_id, batch):
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


def _let_older_writers_end(begin: Begin, workspace: int) -> bool:
    """Wait until every writing transaction of this moment is over; return False when one does not end."""
    older = _writers(begin, workspace)
    deadline = time.monotonic() + PATIENCE
    while older:
        if time.monotonic() > deadline:
            _log.warning("writers from before the new slots are still open after %s s", PATIENCE)
            return False
        time.sleep(0.05)
        older &= _writers(begin, workspace)
    return True


def _writers(begin: Begin, workspace: int) -> set[str]:
    """Return the marks of the transactions that ``note_writer`` has noted and that are not over."""
    with begin() as connection:
        if connection.dialect.name != "postgresql":
            return set()
        found = connection.scalars(_NOTED, {"group": _WRITERS, "workspace": workspace})
        return set(found)
