"""Records keep their values when entities and fields get another key: at once what finds them, then documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, func, literal, select, text, update
from sqlalchemy.exc import OperationalError

from formwright.definitions.renames import Renames
from formwright.errors import StoreUnavailable
from formwright.store import backfill, tables
from formwright.store.slots import FORMER
from formwright.store.unit import Shape
from formwright.texts import say

_PATIENCE = text("SET LOCAL lock_timeout = '90s'")
#: Opens a writing transaction.
Begin = Callable[[], AbstractContextManager[Connection]]


def carry(connection: Connection, workspace: int, renames: Renames) -> None:
    """Give entities and fields their new names wherever records are found by them, inside the publishing transaction.

    Only documents still have the former keys afterwards: they are read by those until ``rewrite`` has been over them.
    """
    if not renames:
        return
    _wait_for_writers(connection, workspace)
    for new, old in renames.entities.items():
        _rename_entity(connection, workspace, old, new)
    for entity, keys in renames.fields.items():
        found = connection.execute(
            select(tables.entity.c.id, tables.entity.c.built).where(
                tables.entity.c.workspace_id == workspace, tables.entity.c.name == entity
            )
        ).first()
        if found is None:
            continue  # its first records are still to come
        number, built = found
        new_of = {old: new for new, old in keys.items()}
        for old, new in new_of.items():
            _rename_field(connection, workspace, number, old, new)
        _note(connection, workspace, number, _carried(built, new_of))


def rewrite(begin: Begin, shape: Shape) -> int:
    """Write the documents of renamed fields under the new keys, in batches; return how many were changed."""
    changed = 0
    for name, place in shape.layout.entities.items():
        if not place.former:
            continue
        for key, former in place.former.items():
            for old in former:
                for low, high in backfill.ranges(begin, shape, place.id, backfill.BATCH):
                    with begin() as connection:
                        changed += _move(connection, shape, place.id, (low, high), old, key)
        with begin() as connection:
            _settle(connection, shape, name, place.former)
    return changed


def _wait_for_writers(connection: Connection, workspace: int) -> None:
    """Let writers of the old names end, and new ones wait until this transaction is over; StoreUnavailable when one does not.

    SQLite's writers come one by one.
    """
    if connection.dialect.name != "postgresql":
        return
    try:
        connection.execute(_PATIENCE)
        backfill.keep_writers_out(connection, workspace)
    except OperationalError:
        raise StoreUnavailable(
            say("Others are writing and do not come to an end; try again when it is quieter.")
        ) from None


def _rename_entity(connection: Connection, workspace: int, old: str, new: str) -> None:
    entity = tables.entity.c
    here = entity.workspace_id == workspace
    # Records of an entity that once had the name and was removed stay where nobody sees them.
    for number in connection.scalars(select(entity.id).where(here, entity.name == new)).all():
        connection.execute(
            update(tables.entity).where(here, entity.id == number).values(name=f"{new}~{number}")
        )
    connection.execute(update(tables.entity).where(here, entity.name == old).values(name=new))


def _rename_field(connection: Connection, workspace: int, number: int, old: str, new: str) -> None:
    """Rename the slot, the unique values, the edges and the files of one field."""
    for table, column in (
        (tables.slot, tables.slot.c.attribute),
        (tables.unique_value, tables.unique_value.c.constraint),
        (tables.link, tables.link.c.attribute),
        (tables.stored_file, tables.stored_file.c.attribute),
    ):
        here = (table.c.workspace_id == workspace, table.c.entity_id == number)
        if table is tables.slot:
            # What a removed field of that key has left is still to be cleared, under a name that no field can have.
            connection.execute(
                update(table).where(*here, column == new).values({column: f"{new}~"})
            )
        connection.execute(update(table).where(*here, column == old).values({column: new}))


def _carried(built: Mapping[str, Any], new_of: Mapping[str, str]) -> dict[str, Any]:
    """Return what an entity has built, by the new keys, with the former ones noted."""
    rules = {
        new_of.get(name, name): [*(new_of.get(part, part) for part in rule[:-2]), *rule[-2:]]
        for name, rule in built.get("unique", {}).items()
    }
    former: dict[str, list[str]] = {
        new_of.get(key, key): list(keys) for key, keys in built.get(FORMER, {}).items()
    }
    for old, new in new_of.items():
        former[new] = [old, *former.get(new, ())]
    found = {**built, "unique": rules, FORMER: former}
    if "search" in built:
        found["search"] = [new_of.get(key, key) for key in built["search"]]
    if "links" in built:
        found["links"] = sorted(new_of.get(key, key) for key in built["links"])
    return found


def _move(
    connection: Connection, shape: Shape, number: int, ids: tuple[int, int], old: str, new: str
) -> int:
    """Move a value in the documents of some records from one key to another, unless that one has a value already."""
    record = tables.record.c
    data = record.data
    there: ColumnElement[bool]
    moved: ColumnElement[Any]
    if _is_postgres(connection):
        there = func.jsonb_exists(data, old)
        moved = func.jsonb_build_object(new, data.op("->")(_text(old))).op("||")(
            data.op("-")(_text(old))
        )
    else:
        path = f"$.{old}"
        there = func.json_type(data, path).is_not(None)
        moved = func.json_remove(
            func.json_insert(data, f"$.{new}", func.json(data.op("->")(_text(path)))), path
        )
    return connection.execute(
        update(tables.record)
        .where(
            record.workspace_id == shape.workspace,
            record.entity_id == number,
            record.id.between(*ids),
            there,
        )
        .values(data=moved)
    ).rowcount


def _text(value: str) -> ColumnElement[str]:
    """Return a bound text, which the operators of documents would otherwise take for a document."""
    return literal(value, Text())


def _settle(
    connection: Connection, shape: Shape, name: str, done: Mapping[str, Sequence[str]]
) -> None:
    """Note that no document has the former keys any more."""
    place = shape.layout.entities[name]
    built = connection.execute(
        select(tables.entity.c.built).where(
            tables.entity.c.workspace_id == shape.workspace, tables.entity.c.id == place.id
        )
    ).scalar_one()
    left = dict(_left(built.get(FORMER, {}), done))
    _note(connection, shape.workspace, place.id, {**built, FORMER: left})


def _left(
    former: Mapping[str, Sequence[str]], done: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, list[str]]]:
    for key, keys in former.items():
        rest = [old for old in keys if old not in done.get(key, ())]
        if rest:
            yield key, rest


def _note(connection: Connection, workspace: int, number: int, built: Mapping[str, Any]) -> None:
    entity = tables.entity.c
    connection.execute(
        update(tables.entity)
        .where(entity.workspace_id == workspace, entity.id == number)
        .values(built=dict(built))
    )


def _is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
