"""Which typed column of a record row carries a copy of which attribute; an assignment never moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Connection, insert, select, update

from formwright.definitions.model import Catalog, Entity, Field
from formwright.definitions.renames import Renames
from formwright.expressions.check import Checked
from formwright.store import codec, tables

ASSIGNED, READY, FREED = "assigned", "ready", "freed"
#: Slots of each family that are kept for fields that ask for an index later.
RESERVE = 2
_LAST = 3
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
    new_slots: tuple[tuple[str, str, str], ...]  # entity, attribute, column
    revived: tuple[tuple[str, str], ...]
    freed: tuple[tuple[str, str], ...]
    #: Wished for an index and got none: comparisons read the document, references their links.
    unplaced: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        """True when nothing has to be written."""
        return not (self.new_entities or self.new_slots or self.revived or self.freed)


@dataclass(frozen=True, slots=True)
class Wish:
    """A field that a slot would serve. ``rank`` 0 asks for an index, 3 would only be sorted quicker."""

    field: Field
    rank: int

    @property
    def is_idle(self) -> bool:
        """True when nothing is known to select or sort by the field."""
        return self.rank >= _LAST


def wishes(catalog: Catalog, entity: Entity) -> list[Wish]:
    """Return the fields of ``entity`` that a slot would serve, most deserving first."""
    rank = _ranking(catalog, entity)
    found = [
        Wish(field, rank(field))
        for field in entity.fields.values()
        if codec.family(field) and field.key != entity.owner_field
    ]
    return sorted((wish for wish in found if wish.rank <= _LAST), key=lambda wish: wish.rank)


def _ranking(catalog: Catalog, entity: Entity) -> Callable[[Field], int]:
    constrained = {key for constraint in entity.constraints.values() for key in constraint.fields}
    keys = {*entity.key_fields, *constrained}
    selecting = _selecting(catalog, entity)
    shown = {
        column.path
        for view in catalog.views.values()
        if view.entity == entity.name
        for column in view.columns
    }

    def rank(field: Field) -> int:
        if field.indexed or field.is_reference or field.unique or field.key in keys:
            return 0  # by its key a record is found for every row of an import
        if field.key in selecting:
            return 1
        if field.sortable and (field.key in shown or field.sequence):
            return 2  # one click on the column's head sorts by it
        return _LAST if field.sortable and not field.hidden else _LAST + 1

    return rank


def _selecting(catalog: Catalog, entity: Entity) -> set[str]:
    """Return the fields by which views, quick filters and grants select records, or views sort them."""
    found: set[str] = set()
    for view in catalog.views.values():
        if view.entity == entity.name:
            found.update(sort.path.split(".")[0] for sort in view.sort)
            found.update(_read_by(view.filter))
            for quick in view.quick_filters:
                found.update(_read_by(quick.condition), {quick.field} - {""})
    for grant in catalog.grants:
        if grant.entity == entity.name:
            found.update(_read_by(grant.scope))
    return found


def _read_by(condition: Checked | None) -> Iterable[str]:
    return () if condition is None else (path[0] for path in condition.reads if path)


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
        for key, row in taken.items():
            field = entity.fields.get(key)
            fits = field is not None and codec.family(field) == row.column[0]
            if row.state == FREED and fits:
                revived.append((name, key))
            elif row.state != FREED and not fits:
                freed.append((name, key))
        columns = {row.column for row in taken.values()}
        for wish in wishes(catalog, entity):
            key = wish.field.key
            if key in taken:
                continue
            column = _free_column(
                codec.family(wish.field), columns, reserve=RESERVE if wish.is_idle else 0
            )
            if column is not None:
                columns.add(column)
                new.append((name, key, column))
            elif not wish.is_idle:
                unplaced.append((name, key))
    return Assignment(
        tuple(name for name in catalog.entities if name not in ids),
        tuple(new),
        tuple(revived),
        tuple(freed),
        tuple(unplaced),
    )


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
        connection.execute(
            insert(tables.slot),
            {
                "workspace_id": workspace,
                "entity_id": ids[name],
                "attribute": attribute,
                "column": column,
                "state": READY if empty[name] else ASSIGNED,
                "nulls": not empty[name],
            },
        )
    for state, pairs in ((ASSIGNED, wanted.revived), (FREED, wanted.freed)):
        for name, attribute in pairs:
            set_state(connection, workspace, ids[name], attribute, state)
    return wanted


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


def _free_column(family: str, taken: set[str], reserve: int) -> str | None:
    names = [f"{family}{number}" for number in range(1, tables.SLOT_COUNTS[family] + 1)]
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
