"""The gate: nothing of a record reaches anybody but through here.

``read`` answers questions about many records, ``find`` about one; ``hold`` is where acting on a record begins. Each leaf
of a question (what is shown, filtered, sorted and searched by, and what expressions follow) goes through the actor's
sight. No setting turns that off: work of the system is done by a named actor with grants of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import Action, Field, Sort
from formwright.engine.access import Access
from formwright.engine.asking import Asking
from formwright.engine.sight import Sight
from formwright.errors import NotFound
from formwright.expressions.check import Checked
from formwright.store.across import (
    any_of,
    counts,
    equals,
    get_across,
    refers,
    which_hold,
    which_of,
)
from formwright.store.compile import compile_condition
from formwright.store.lookup import Lookup
from formwright.store.query import ListQuery
from formwright.store.related import referring_to_many
from formwright.store.teams import led_teams, people_in
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.expressions.environment import Row
    from formwright.store.query import Page
    from formwright.store.rows import StoredRecord

NO_SUCH_RECORD = say("There is no such record, or you may not see it.")
#: As many records are followed through a backlink.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """A question for many records of one entity; without ``sort`` the newest come first."""

    entity: str
    #: Conditions of definitions; what the actor may not read is empty in them.
    filters: tuple[Checked, ...] = ()
    #: What ``this`` and ``parent`` mean in them.
    roots: Mapping[str, Any] | None = None
    #: Field keys with the texts of values chosen by somebody.
    choices: tuple[tuple[str, str], ...] = ()
    #: The key of a reference field, and the record it refers to.
    referring: tuple[str, int] | None = None
    #: Who changed the records last.
    updated_by: int | None = None
    search: str = ""
    sort: tuple[Sort, ...] = ()
    limit: int = 50
    after: str = ""
    before: str = ""
    #: What else than reading the actor wants to do with the records.
    actions: tuple[Action, ...] = ()


class Gate:
    """What the actor of a unit of work may learn and do."""

    def __init__(self, unit: Asking, access: Access) -> None:
        self._unit = unit
        self._access = access
        self.sight = Sight(unit, access)

    # --- fields -----------------------------------------------------------------------------------------------

    def knows(self, entity: str, path: str) -> bool:
        """Return whether the actor may read ``path`` in full on any record; unknown ones are none."""
        head, _, rest = path.partition(".")
        field = self._unit.entity(entity).fields.get(head)
        if field is None:
            return not rest and head in _BUILT_IN
        if self.sight.columns.main(entity).never(head):
            return False
        return not rest or (field.is_reference and self.knows(field.target, rest))

    def is_open(self, entity: str, key: str) -> bool:
        """Return whether the actor may read a field in full on every record that he sees."""
        return self.sight.of(entity).shown(self._unit.columns.main(entity), key) == []

    def visible(self, entity: str, key: str) -> bool:
        """Return whether the actor may see anything of a field on any record, be it a mask."""
        return key not in self.sight.of(entity).most.hidden

    # --- one record -------------------------------------------------------------------------------------------

    def find(self, action: Action, entity: str, record_id: int) -> StoredRecord:
        """Return a record, as the actor may see it, on which he may do ``action``; NotFound else, whatever the reason."""
        return self.seen(self._get([Action.READ, action], entity, record_id))

    def hold(self, action: Action, entity: str, record_id: int) -> StoredRecord:
        """Return all of a record to act on, for the engine alone; NotFound for unknown and forbidden alike."""
        return self._get([action], entity, record_id)

    def hold_many(self, action: Action, entity: str, ids: Sequence[int]) -> list[StoredRecord]:
        """Return all of those of some records on which the actor may do ``action``, for the engine alone."""
        conditions = self._conditions([Action.READ, action], entity)
        if conditions is None:
            return []
        return self._unit.tx.records.get_many(entity, ids, conditions)

    def judged(self, entity: str, record_id: int) -> StoredRecord | None:
        """Return a record for the rights of somebody else to be judged on; nothing of it may be shown.

        Only for whoever looks after users, who may know that a record exists.
        """
        self._access.require(Action.CONFIGURE, "core.user")
        return self._unit.tx.records.find(entity, record_id)

    def holding(
        self, record: StoredRecord, conditions: Mapping[Any, Sequence[Any]]
    ) -> frozenset[Any]:
        """Return the keys of those conditions of rights, on the table itself, that hold for a record; in one statement."""
        return (
            frozenset(which_hold(self._unit.tx, record, conditions)) if conditions else frozenset()
        )

    def seen(self, record: StoredRecord) -> StoredRecord:
        """Return a record that came through here as the actor may see it."""
        return record if record.withheld else self.sight.of(record.entity).redacted(record)

    def look(self, entity: str, record_id: int) -> StoredRecord | None:
        """Return a record as the actor may see it, None when there is none for him."""
        try:
            return self.find(Action.READ, entity, record_id)
        except NotFound:
            return None

    def exists(self, entity: str, record_id: int) -> bool:
        """Return whether an id is taken; only for ids that were given to the actor's own new record."""
        return self._unit.tx.records.find(entity, record_id) is not None

    def dead(self, record: StoredRecord) -> StoredRecord:
        """Return a record from the trash with no more than what is open to the actor on every record."""
        sight = self.sight.of(record.entity)
        return sight.redacted(replace(record, mark=0))

    def _get(self, actions: Sequence[Action], entity: str, record_id: int) -> StoredRecord:
        self._unit.entity(entity)  # an unknown one is told from the nearest name
        row, conditions = self._unit.columns.main(entity), self._conditions(actions, entity)
        read, write = self.sight.of(entity).marks(row), self._access.marks(actions[-1], row)
        if conditions is not None:
            found = self._unit.tx.records.find(entity, record_id, conditions, [*read, *write])
            if found is not None:
                locked = self.locked(actions[-1], entity, found.mark >> len(read))
                return replace(found, mark=found.mark & ((1 << len(read)) - 1), locked=locked)
        raise NotFound(NO_SUCH_RECORD)

    def locked(self, action: Action, entity: str, mark: int) -> frozenset[str]:
        """Return the fields that may not be written by ``action`` where the profiles in ``mark`` reach."""
        profiles = self._access.standing(action, entity).profiles
        if len(profiles) < 2:
            return profiles[0].levels.locked if profiles else frozenset()
        matching = [number for number in range(len(profiles)) if mark >> number & 1]
        return self._access.standing(action, entity).of(matching).locked

    def locked_at_best(self, action: Action, entity: str) -> frozenset[str]:
        """Return the fields that the actor may write by ``action`` on no record at all."""
        return self._access.standing(action, entity).most.locked

    def closed(self, entity: str) -> frozenset[str]:
        """Return the fields that a form for a new record knows nothing of: neither to be read nor to be written."""
        fields = self._unit.entity(entity).fields
        locked = self.locked_at_best(Action.CREATE, entity)
        return frozenset(
            key
            for key in self.sight.of(entity).most.hidden
            if key in locked or not fields[key].writable
        )

    def stands(self, action: Action, record: StoredRecord) -> frozenset[str] | None:
        """Return the fields that are not open to ``action`` on a record as it is stored now; None out of reach."""
        return self.stand(action, record.entity, [record.id]).get(record.id)

    def stand(self, action: Action, entity: str, ids: Sequence[int]) -> dict[int, frozenset[str]]:
        """Return the same for several records, those within reach by id."""
        row = self._unit.columns.main(entity)
        conditions, marks = self._access.scope(action, row), self._access.marks(action, row)
        if conditions is None or not ids:
            return {}
        if not conditions and not marks:
            return dict.fromkeys(ids, self.locked(action, entity, 0))
        found = which_of(self._unit.tx, entity, ids, conditions, marks)
        return {number: self.locked(action, entity, mark) for number, mark in found.items()}

    def actions_on(self, record: StoredRecord, actions: Iterable[Action]) -> frozenset[Action]:
        """Return those of ``actions`` that the actor may do with this very record, judged in one statement."""
        row = self._unit.columns.main(record.entity)
        scopes = {action: self._access.scope(action, row) for action in actions}
        allowed = {action for action, scope in scopes.items() if scope == []}
        open_ones = {action: scope for action, scope in scopes.items() if scope}
        if open_ones:
            allowed |= which_hold(self._unit.tx, record, open_ones)
        return frozenset(allowed)

    def _conditions(self, actions: Iterable[Action], entity: str) -> list[Any] | None:
        """Return the conditions, on the table itself, of several actions together."""
        row = self._unit.columns.main(entity)
        found: list[Any] = []
        for action in dict.fromkeys(actions):
            sight = self.sight.of(entity)
            scope = sight.scope(row) if action is Action.READ else self._access.scope(action, row)
            if scope is None:
                return None
            found += scope
        return found

    # --- many records -----------------------------------------------------------------------------------------

    def read(self, query: Query) -> Page:
        """Return one page of records as the actor may see them."""
        page = self._unit.tx.records.list(self._list(query))
        sight = self.sight.of(query.entity)
        return replace(page, records=tuple(map(sight.redacted, page.records)))

    def count(self, query: Query, cap: int) -> tuple[int, bool]:
        """Return how many records a question has for an answer, counted up to ``cap``, and whether there are more."""
        return self._unit.tx.records.count(self._list(query), cap)

    def counts(self, queries: Sequence[Query], cap: int) -> list[tuple[int, bool]]:
        """Return the same for several questions without a search, in one statement."""
        wanted = [self._list(query) for query in queries]
        return counts(self._unit.tx, [(each.row, each.where) for each in wanted], cap)

    def inside(self, action: Action, entity: str, ids: Sequence[int]) -> set[int]:
        """Return those of some records on which the actor may do ``action``."""
        conditions = self._conditions([action], entity)
        if conditions is None or not ids:
            return set()
        return set(which_of(self._unit.tx, entity, ids, conditions)) if conditions else set(ids)

    def get_many(self, entity: str, ids: Iterable[int]) -> list[StoredRecord]:
        """Return those of some records that the actor may see."""
        return list(self.across({entity: set(ids)}))

    def by_unique(self, entity: str, key: str, values: Sequence[Any]) -> dict[Any, int]:
        """Return the record that the actor sees to have each of some typed values of a unique field."""
        if not self.is_open(entity, key):
            field = self._unit.entity(entity).fields[key]
            stored = {field.type.to_stored(field, value): value for value in values}
            held = self.by_value(entity, key, list(stored))
            return {stored[value]: ids[0] for value, ids in held.items() if ids}
        found = Lookup(self._unit.tx.unit).by_unique(entity, key, values)
        there = self.inside(Action.READ, entity, list(found.values()))
        return {value: number for value, number in found.items() if number in there}

    def by_value(self, entity: str, key: str, values: Sequence[Any]) -> dict[Any, list[int]]:
        """Return the records that the actor sees to have one of some stored values in a field, by value."""
        row = self._unit.columns.main(entity)
        scope, shown = self.sight.of(entity).scope(row), self.sight.of(entity).shown(row, key)
        if scope is None or shown is None:
            return {}
        return Lookup(self._unit.tx.unit).by_value(entity, key, values, [*scope, *shown])

    def _list(self, query: Query) -> ListQuery:
        unit, row = self._unit, self.sight.columns.record(query.entity)
        where: list[Any] = []
        for action in query.actions:
            scope = self._access.scope(action, row.plain)
            where += [any_of([])] if scope is None else scope
        bindings = unit.bindings(**(query.roots or {}))
        where += [
            compile_condition(each, row, self.sight.columns, bindings) for each in query.filters
        ]
        where += [equals(row, key, text) for key, text in query.choices]
        if query.referring is not None:
            via, target = query.referring
            where += [*row.reach(via), refers(unit.tx, row.plain, via, target)]
        if query.updated_by is not None:
            where.append(row.value("updated_by") == query.updated_by)
        return ListQuery(
            row=row,
            where=where,
            sort=tuple(each for each in query.sort if self.knows(query.entity, each.path)),
            limit=query.limit,
            after=query.after or None,
            before=query.before or None,
            search=query.search,
            marks=self.sight.of(query.entity).marks(row.plain),
            keep=self._sieve(query),
        )

    def _sieve(self, query: Query) -> Any:
        """Return what drops hits that are found by something the actor may not read; None where there is nothing such."""
        if not query.search.strip():
            return None
        index, sight = self._unit.tx.search, self.sight.of(query.entity)
        row = self._unit.columns.main(query.entity)
        if all(sight.shown(row, field.key) == [] for field in index.fields(query.entity)):
            return None

        def keep(record: StoredRecord) -> bool:
            return index.matches(query.entity, query.search, sight.redacted(record).values)

        return keep

    # --- what a record leads to -------------------------------------------------------------------------------

    def across(self, wanted: Mapping[str, set[int]]) -> Iterable[StoredRecord]:
        """Return those of some records of several entities that the actor may see, in one statement."""
        unit = self._unit
        scopes, marks = {}, {}
        for entity in wanted:
            row = unit.columns.main(entity)
            scopes[entity] = self.sight.of(entity).scope(row)
            marks[entity] = self.sight.of(entity).marks(row)
        for record, usable in get_across(unit.tx, wanted, scopes, marks):
            if usable:
                yield self.sight.of(record.entity).redacted(record)

    def referring(self, field: Field, target: int) -> Sequence[StoredRecord]:
        """Return the newest records behind a backlink that the actor may see."""
        query = Query(field.target, referring=(field.via, target), limit=_MOST)
        return self.read(query).records

    def children(self, subform: Field, parent: Row) -> Sequence[StoredRecord]:
        """Return the rows of a subform that the actor may see; none where the subform itself is out of reach."""
        record = getattr(parent, "built_in", None)
        return () if record is None else self.rows_of(record, subform)

    def referring_to_many(
        self, field: Field, targets: Sequence[int]
    ) -> dict[int, list[StoredRecord]]:
        """Return the same for several records at once, by record."""
        plain, sight = self._unit.columns.record(field.target), self.sight.of(field.target)
        scope, shown = sight.scope(plain), sight.shown(plain, field.via)
        if scope is None or shown is None:
            return {}
        conditions, marks = [*scope, *shown], sight.marks(plain)
        found = referring_to_many(self._unit.tx, plain, field.via, targets, conditions, marks)
        return {number: list(map(self.seen, records)) for number, records in found.items()}

    def rows_of(self, record: StoredRecord, subform: Field) -> list[StoredRecord]:
        """Return the rows of a subform of a record as the actor may see them."""
        return self.rows_of_many([record], subform)

    def rows_of_many(self, records: Sequence[StoredRecord], subform: Field) -> list[StoredRecord]:
        """Return the same for several records, by record and position."""
        parents = [record for record in records if subform.key not in record.withheld]
        return [self.seen(row) for row in self._hold_rows(parents, subform)]

    def hold_rows(self, record: StoredRecord, subform: Field) -> list[StoredRecord]:
        """Return all of the rows of a subform that the actor may see anything of, for the engine alone."""
        return self._hold_rows([record], subform)

    def _hold_rows(self, records: Sequence[StoredRecord], subform: Field) -> list[StoredRecord]:
        unit, target = self._unit, subform.target
        rows = unit.tx.records.children(target, [record.id for record in records])
        main, sight = unit.columns.main(target), self.sight.of(target)
        marks = sight.marks(main)
        if not rows or not (marks or self._access.has_own_grants(target)):
            return rows
        conditions = sight.scope(main)
        if conditions is None:
            return []
        return unit.tx.records.get_many(target, [row.id for row in rows], conditions, marks)


_BUILT_IN = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by", "version"})


class Everything:
    """Every record: what is computed and stored, and rules, look at. Nothing of it is shown."""

    def __init__(self, unit: Asking) -> None:
        self._unit = unit

    def across(self, wanted: Mapping[str, set[int]]) -> Iterable[StoredRecord]:
        """Return records of several entities, read in one statement."""
        found = get_across(self._unit.tx, wanted, dict.fromkeys(wanted, ()))
        return [record for record, _ in found]

    def referring(self, field: Field, target: int) -> Sequence[StoredRecord]:
        """Return the newest records behind a backlink."""
        row = self._unit.columns.record(field.target)
        wanted = ListQuery(row, [refers(self._unit.tx, row, field.via, target)], limit=_MOST)
        return self._unit.tx.records.list(wanted).records

    def children(self, subform: Field, parent: Row) -> Sequence[StoredRecord]:
        """Return the rows of a subform."""
        return self._unit.tx.records.children(subform.target, [parent.id or 0])


class Led:
    """Whom an actor leads; read when an expression asks for it."""

    def __init__(self, unit: Asking) -> None:
        self._unit = unit

    @cached_property
    def teams(self) -> tuple[int, ...]:
        """The teams that the actor leads, with all below them."""
        actor = self._unit.actor
        return () if actor.id is None else led_teams(self._unit.tx, actor.id)

    @cached_property
    def people(self) -> tuple[int, ...]:
        """The people in these teams."""
        return people_in(self._unit.tx, self.teams)
