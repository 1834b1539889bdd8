"""Which typed column of a record row carries a copy of which attribute; an assignment never moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Connection, delete, insert, select, update

from formwright.definitions.model import Catalog, Entity, Field
from formwright.definitions.renames import Renames
from formwright.expressions.kinds import Base
from formwright.fieldtypes.base import Slot
from formwright.store import codec, tables
from formwright.store.wishes import wishes

ASSIGNED, READY, FREED = "assigned", "ready", "freed"
#: Slots of each family that are kept for fields that ask for an index later.
RESERVE = 2
#: In ``entity.built``: key -> the keys under which documents may still hold the value, the newest first.
FORMER = "former"


@dataclass(frozen=True, slots=True)
class EntityLayout:
    """Where the records of one entity stand."""

    id: int
    #: attribute -> column that writers fill.
    written: Mapping[str, str]
    #: attribute -> column that readers may use: every record has its copy.
    read: Mapping[str, str]
    #: attributes of which no record was ever without a value; grows smaller as records are written.
    without_nulls: set[str] = field(default_factory=set)
    #: attribute -> keys that documents may still have for it after a renaming, the newest first.
    former: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """The entity numbers and slots of a workspace."""

    entities: Mapping[str, EntityLayout]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a catalog asks of the slots: new entities, new slots, freed slots, and what gets none."""

    new_entities: tuple[str, ...]
    new_slots: tuple[
        tuple[str, str, str], ...
    ]  # entity, attribute, column; also what moves to another
    revived: tuple[tuple[str, str], ...]
    freed: tuple[tuple[str, str], ...]
    #: Wished for an index and got none: comparisons read the document, references their links.
    unplaced: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        """True when nothing has to be written."""
        return not (self.new_entities or self.new_slots or self.revived or self.freed)


@dataclass(frozen=True, slots=True)
class _Row:
    column: str
    state: str
    nulls: bool


def load(connection: Connection, workspace: int) -> Layout:
    """Return the layout as the database has it."""
    ids = _entity_ids(connection, workspace)
    rows = _slot_rows(connection, workspace)
    former = _former(connection, workspace)
    entities = {}
    for name, number in ids.items():
        mine = rows.get(number, {})
        entities[name] = EntityLayout(
            number,
            {key: row.column for key, row in mine.items() if row.state != FREED},
            {key: row.column for key, row in mine.items() if row.state == READY},
            {key for key, row in mine.items() if not row.nulls},
            former.get(number, {}),
        )
    return Layout(MappingProxyType(entities))


def plan(
    connection: Connection, workspace: int, catalog: Catalog, renames: Renames | None = None
) -> Assignment:
    """Return what has to change so that the slots serve ``catalog``; nothing that is assigned moves.

    ``renames`` are those that are still to be carried out.
    """
    pending = renames or Renames()
    ids = _entity_ids(connection, workspace)
    rows = _slot_rows(connection, workspace)
    new, revived, freed, unplaced = [], [], [], []
    for name, entity in catalog.entities.items():
        held = rows.get(ids.get(pending.old_entity(name), 0), {})
        new_of = {old: new for new, old in pending.fields.get(name, {}).items()}
        taken = {new_of.get(key, key): row for key, row in held.items()}
        placed, without = _placed(catalog, entity, taken)
        new += [(name, key, column) for key, column in placed.items()]
        unplaced += [(name, key) for key in without]
        for key, row in taken.items():
            if key in placed:
                continue  # it moves to another column
            field = entity.fields.get(key)
            fits = field is not None and _fits(field, row.column)
            if row.state == FREED and fits:
                revived.append((name, key))
            elif row.state != FREED and not fits:
                freed.append((name, key))
    return Assignment(
        tuple(name for name in catalog.entities if name not in ids),
        tuple(new),
        tuple(revived),
        tuple(freed),
        tuple(unplaced),
    )


def _placed(
    catalog: Catalog, entity: Entity, taken: Mapping[str, _Row]
) -> tuple[dict[str, str], list[str]]:
    """Return attribute -> column of what gets a column now, and the attributes that would need an index and get none.

    What has an index keeps its column. A measure that comes to need an index moves to a column that has one.
    """
    columns = {row.column for row in taken.values()}
    placed: dict[str, str] = {}
    without = []
    for wish in wishes(catalog, entity):
        key, family = wish.field.key, codec.family(wish.field)
        if key in taken and (wish.is_idle or not is_measure(taken[key].column)):
            continue
        names = [f"{family}{number}" for number in range(1, tables.SLOT_COUNTS[family] + 1)]
        column = _free(names, columns, reserve=RESERVE if wish.is_idle else 0)
        if column is not None:
            placed[key] = column
            columns.add(column)
        elif not wish.is_idle:
            without.append(key)
    for key in entity.fields:
        if key in taken or key in placed or not _is_number(entity.fields[key]):
            continue
        column = _free(list(tables.measure_names()), columns, reserve=0)
        if column is not None:
            placed[key] = column
            columns.add(column)
    return placed, without


def is_measure(column: str) -> bool:
    """Tell whether a column carries a number without an index: quick to add up, no quicker to find by."""
    return column.startswith("m")


def _is_number(field: Field) -> bool:
    return codec.family(field) is Slot.NUMBER and field.kind.base is not Base.BOOLEAN


def _fits(field: Field, column: str) -> bool:
    return _is_number(field) if is_measure(column) else codec.family(field) == column[0]


def assign(connection: Connection, workspace: int, catalog: Catalog) -> Assignment:
    """Write what ``plan`` found, inside the caller's writing transaction.

    A slot of an entity that can have no records yet is ready at once; others are filled by ``backfill.fill``.
    """
    wanted = plan(connection, workspace, catalog)
    if wanted.is_empty:
        return wanted
    ids = _entity_ids(connection, workspace)
    following = max(ids.values(), default=0)
    for name in wanted.new_entities:
        following += 1
        ids[name] = following
        connection.execute(
            insert(tables.entity),
            {"workspace_id": workspace, "id": following, "name": name, "built": {}},
        )
    # Elsewhere somebody may be storing a first record, by the layout of before, at this moment.
    alone = connection.dialect.name == "sqlite"
    empty = {
        name: name in wanted.new_entities
        or (alone and not _has_records(connection, workspace, ids[name]))
        for name, _, _ in wanted.new_slots
    }
    for name, attribute, column in wanted.new_slots:
        _leave(connection, workspace, ids[name], attribute)
        connection.execute(
            insert(tables.slot),
            {
                "workspace_id": workspace,
                "entity_id": ids[name],
                "attribute": attribute,
                "column": column,
                "state": READY if empty[name] else ASSIGNED,
                "nulls": not empty[name] or is_measure(column),
            },
        )
    for state, pairs in ((ASSIGNED, wanted.revived), (FREED, wanted.freed)):
        for name, attribute in pairs:
            set_state(connection, workspace, ids[name], attribute, state)
    return wanted


def _leave(connection: Connection, workspace: int, entity_id: int, attribute: str) -> None:
    """Give up the column of an attribute that gets another; what it still holds is overwritten before it is read."""
    slot = tables.slot.c
    connection.execute(
        delete(tables.slot).where(
            slot.workspace_id == workspace,
            slot.entity_id == entity_id,
            slot.attribute == attribute,
        )
    )


def set_state(
    connection: Connection, workspace: int, entity_id: int, attribute: str, state: str
) -> None:
    """Move one slot to another state; nulls are possible again until a backfill has looked."""
    connection.execute(
        update(tables.slot)
        .where(
            tables.slot.c.workspace_id == workspace,
            tables.slot.c.entity_id == entity_id,
            tables.slot.c.attribute == attribute,
        )
        .values(state=state, nulls=True)
    )


def _free(names: Sequence[str], taken: set[str], reserve: int) -> str | None:
    free = [name for name in names if name not in taken]
    return free[0] if len(free) > reserve else None


def _entity_ids(connection: Connection, workspace: int) -> dict[str, int]:
    found = connection.execute(
        select(tables.entity.c.name, tables.entity.c.id).where(
            tables.entity.c.workspace_id == workspace
        )
    )
    return {name: number for name, number in found}  # noqa: C416 -- rows are not pairs to a type checker


def _former(connection: Connection, workspace: int) -> dict[int, Mapping[str, Sequence[str]]]:
    entity = tables.entity.c
    found = connection.execute(
        select(entity.id, entity.built).where(entity.workspace_id == workspace)
    )
    return {number: built.get(FORMER, {}) for number, built in found}


def _slot_rows(connection: Connection, workspace: int) -> dict[int, dict[str, _Row]]:
    slot = tables.slot.c
    found = connection.execute(
        select(slot.entity_id, slot.attribute, slot.column, slot.state, slot.nulls).where(
            slot.workspace_id == workspace
        )
    )
    rows: dict[int, dict[str, _Row]] = {}
    for entity_id, attribute, column, state, nulls in found:
        rows.setdefault(entity_id, {})[attribute] = _Row(column, state, nulls)
    return rows


def _has_records(connection: Connection, workspace: int, entity_id: int) -> bool:
    record = tables.record.c
    query = (
        select(record.id)
        .where(record.workspace_id == workspace, record.entity_id == entity_id)
        .limit(1)
    )
    return connection.execute(query).first() is not None
