"""Which typed column of a record row carries a copy of which attribute; an assignment never moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Connection, insert, select, update

from formwright.definitions.model import Catalog, Entity, Field
from formwright.expressions.check import Checked
from formwright.store import codec, tables

ASSIGNED, READY, FREED = "assigned", "ready", "freed"
#: Slots of each family that are kept for fields that ask for an index later.
RESERVE = 2
_LAST = 3


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


def wishes(catalog: Catalog, entity: Entity) -> list[Field]:
    """Return the fields of ``entity`` that a slot would serve, most deserving first."""
    used = _used_in_views(catalog).get(entity.name, frozenset())
    keyed = frozenset(entity.key_fields) | {
        key for constraint in entity.constraints.values() for key in constraint.fields
    }
    ranked: list[tuple[int, int, Field]] = []
    for number, candidate in enumerate(entity.fields.values()):
        if not codec.family(candidate) or candidate.key == entity.owner_field:
            continue
        ranked.append((_rank(candidate, used, keyed), number, candidate))
    return [
        candidate
        for rank, _, candidate in sorted(ranked, key=lambda item: item[:2])
        if rank <= _LAST
    ]


def _rank(candidate: Field, used: frozenset[str], keyed: frozenset[str]) -> int:
    if candidate.indexed or candidate.is_reference or candidate.unique or candidate.key in keyed:
        return 0  # by its key a record is found for every row of an import
    if candidate.key in used:
        return 1
    return _LAST if candidate.sortable and not candidate.hidden else _LAST + 1


def _used_in_views(catalog: Catalog) -> dict[str, frozenset[str]]:
    """Return the fields of each entity by which its views and grants select or sort."""
    used: dict[str, set[str]] = {}
    for view in catalog.views.values():
        keys = used.setdefault(view.entity, set())
        keys.update(sort.path.split(".")[0] for sort in view.sort)
        keys.update(_read_by(view.filter))
        for quick in view.quick_filters:
            keys.update(_read_by(quick.condition))
            keys.update({quick.field} - {""})
    for grant in catalog.grants:
        used.setdefault(grant.entity, set()).update(_read_by(grant.scope))
    return {name: frozenset(keys) for name, keys in used.items()}


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
    entities = {}
    for name, number in ids.items():
        mine = rows.get(number, {})
        entities[name] = EntityLayout(
            number,
            {key: row.column for key, row in mine.items() if row.state != FREED},
            {key: row.column for key, row in mine.items() if row.state == READY},
            {key for key, row in mine.items() if not row.nulls},
        )
    return Layout(MappingProxyType(entities))


def plan(connection: Connection, workspace: int, catalog: Catalog) -> Assignment:
    """Return what has to change so that the slots serve ``catalog``; nothing that is assigned moves."""
    ids = _entity_ids(connection, workspace)
    rows = _slot_rows(connection, workspace)
    new, revived, freed, unplaced = [], [], [], []
    for name, entity in catalog.entities.items():
        taken = rows.get(ids.get(name, 0), {})
        wished = {candidate.key: candidate for candidate in wishes(catalog, entity)}
        for key, row in taken.items():
            fits = key in wished and codec.family(wished[key]) == row.column[0]
            if row.state == FREED and fits:
                revived.append((name, key))
            elif row.state != FREED and not fits:
                freed.append((name, key))
        columns = {row.column for row in taken.values()}
        used = _used_in_views(catalog).get(name, frozenset())
        for key, candidate in wished.items():
            if key in taken:
                continue
            last = _rank(candidate, used, frozenset()) >= _LAST
            column = _free_column(codec.family(candidate), columns, reserve=RESERVE if last else 0)
            if column is not None:
                columns.add(column)
                new.append((name, key, column))
            elif not last:
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

    A slot of an entity that has no records yet is ready at once; others are filled by ``backfill.fill``.
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
            insert(tables.entity), {"workspace_id": workspace, "id": following, "name": name}
        )
    empty = {
        name: not _has_records(connection, workspace, ids[name]) for name, _, _ in wanted.new_slots
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
