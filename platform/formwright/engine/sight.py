"""What an actor may read: which records, which of their fields, and how much of these."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import Action, Field
from formwright.engine.access import Access
from formwright.engine.asking import Asking
from formwright.engine.masks import mask_of
from formwright.engine.rights import OPEN, Levels
from formwright.store.across import all_of, any_of, is_empty, parent_exists, reference_exists
from formwright.store.seen import SightColumns

if TYPE_CHECKING:
    from formwright.store.columns import RecordColumns
    from formwright.store.rows import StoredRecord

_USER = "core.user"
#: What everybody who is logged in may read of a user, whatever the grants say.
_NAME = frozenset({"name"})


class Sight:
    """What the unit's actor may read of every entity."""

    def __init__(self, unit: Asking, access: Access) -> None:
        self.unit = unit
        self.access = access
        self._entities: dict[str, EntitySight] = {}

    @cached_property
    def columns(self) -> SightColumns:
        """The columns of every entity as the actor may see them: what is out of reach is empty."""
        return SightColumns(self.unit.columns, self.of)

    def of(self, entity: str) -> EntitySight:
        """Return what the actor may read of one entity."""
        found = self._entities.get(entity)
        if found is None:
            found = self._entities[entity] = EntitySight(self, entity)
        return found


class EntitySight:
    """What the actor may read of one entity; the lens through which ``store.seen`` looks at its rows."""

    def __init__(self, sight: Sight, entity: str) -> None:
        self._sight = sight
        self._unit = sight.unit
        self._access = sight.access
        self.definition = sight.unit.entity(entity)
        self.standing = sight.access.standing(Action.READ, entity)
        self._levels: dict[int, Levels] = {}

    # --- conditions -------------------------------------------------------------------------------------------

    def scope(self, row: RecordColumns) -> list[Any] | None:
        """Return the conditions under which a record is seen; a row of a subform only where its subform is."""
        conditions = self._access.scope(Action.READ, row)
        entity = self.definition
        if conditions is None or not entity.parent or self.standing.profiles:
            return conditions
        parent = self._unit.columns.record(entity.parent)
        shown = self._sight.of(entity.parent).shown(parent, entity.parent_field)
        if shown is None:
            return None
        return [*conditions, parent_exists(row, parent, shown)] if shown else conditions

    def shown(self, row: RecordColumns, key: str) -> list[Any] | None:
        """Return the conditions under which a field is seen in full; [] for always, None for never."""
        conditions, inputs = self._granted(row, key), self._inputs(row, key)
        return None if conditions is None or inputs is None else [*conditions, *inputs]

    def _inputs(self, row: RecordColumns, key: str) -> list[Any] | None:
        """Return the conditions under which all that a field is computed from is seen."""
        field = self.definition.fields.get(key)
        if field is not None and field.lost:
            return None  # nobody knows any more what it is made of
        found: list[Any] = []
        for path in sorted(field.compute.reads) if field and field.compute else ():
            inputs = self.followed(row, path)
            if inputs is None:
                return None
            found += inputs
        return found

    def _granted(self, row: RecordColumns, key: str) -> list[Any] | None:
        profiles = self.standing.profiles
        if not profiles:
            return [] if self._ungranted.is_clear(key) else None
        clear = [profile for profile in profiles if profile.levels.is_clear(key)]
        if not clear:
            return None
        if len(clear) == len(profiles) or any(profile.everywhere for profile in clear):
            return []
        grants = [grant for profile in clear for grant in profile.grants]
        return [any_of([self._access.reaches(Action.READ, grant, row) for grant in grants])]

    def followed(self, row: RecordColumns, path: Sequence[str]) -> list[Any] | None:
        """Return the conditions under which all that a computed field reads along ``path`` is seen."""
        head, rest = path[0], path[1:]
        if head == "parent" and self.definition.parent:
            return self._of_parent(row, rest)
        field = self.definition.fields.get(head)
        if field is None:
            return []  # a column that every record has
        own = self.shown(row, head)
        if own is None or not field.target or not (rest or field.type.virtual):
            return own
        target = self._sight.of(field.target)
        if not field.is_reference:
            return own if target.is_open(rest, through=field) else None
        other = self._unit.columns.record(field.target)
        scope = target.scope(other)
        inputs = None if scope is None else target.followed(other, rest)
        if scope is None or inputs is None:
            return None
        if not (scope or inputs):
            return own
        there = reference_exists(row, head, other, [*scope, *inputs])
        return [*own, any_of([is_empty(row, head), there])]

    def _of_parent(self, row: RecordColumns, rest: Sequence[str]) -> list[Any] | None:
        if not rest:
            return []
        parent = self._unit.columns.record(self.definition.parent)
        inputs = self._sight.of(self.definition.parent).followed(parent, rest)
        return [parent_exists(row, parent, inputs)] if inputs else inputs

    def is_open(self, path: Sequence[str], *, through: Field) -> bool:
        """Return whether every record, and of each all that ``path`` reads, is seen: what a sum over many asks for.

        The rows of a subform follow the record that one comes from, unless they have grants of their own.
        """
        row = self._unit.columns.main(self.definition.name)
        follows = through.is_subform and not self.standing.profiles
        if not follows and self.scope(row) != []:
            return False
        return not path or self.followed(row, path) == []

    # --- records ----------------------------------------------------------------------------------------------

    def marks(self, row: RecordColumns) -> list[Any]:
        """Return the conditions that a record has to be read with, for ``levels`` to be known."""
        profiles = self._access.marks(Action.READ, row)
        return [*profiles, *(all_of(self._inputs(row, key) or []) for key in self._depending)]

    def levels(self, mark: int) -> Levels:
        """Return what may be read of a record of that ``mark``."""
        found = self._levels.get(mark)
        if found is None:
            found = self._levels[mark] = self._levels_of(mark)
        return found

    def redacted(self, record: StoredRecord) -> StoredRecord:
        """Return a record, read with ``marks``, without what the actor may not read of it."""
        levels = self.levels(record.mark)
        if levels.unlimited:
            return record
        masks = {
            key: mask_of(field, record.values.get(key), mask, self._unit.reader)
            for key, mask in levels.masks.items()
            if (field := self.definition.fields.get(key)) is not None and field.stored
        }
        return record.without(levels.hidden | levels.masks.keys(), masks)

    def _levels_of(self, mark: int) -> Levels:
        profiles = self.standing.profiles
        marked = len(profiles) if len(profiles) > 1 else 0
        if not profiles:
            base = self._ungranted
        elif marked:
            base = self.standing.of([n for n in range(marked) if mark >> n & 1])
        else:
            base = profiles[0].levels
        unseen = self._never | {
            key for n, key in enumerate(self._depending, marked) if not mark >> n & 1
        }
        if not unseen:
            return base
        masks = {key: mask for key, mask in base.masks.items() if key not in unseen}
        return Levels(base.hidden | unseen, masks, base.locked)

    @cached_property
    def most(self) -> Levels:
        """What is open on at least some record."""
        base = self.standing.most if self.standing.profiles else self._ungranted
        return Levels(base.hidden | self._never, base.masks, base.locked)

    @cached_property
    def _ungranted(self) -> Levels:
        """What is open without any grant: rows follow their record, users are known by name."""
        if self.definition.parent:
            return OPEN
        known = _NAME if self.definition.name == _USER else frozenset[str]()
        return Levels(frozenset(self.definition.fields) - known)

    @cached_property
    def _never(self) -> frozenset[str]:
        """Computed fields that are out of reach because of what they are made of."""
        return frozenset(key for key, conditions in self._computed if conditions is None)

    @cached_property
    def _depending(self) -> tuple[str, ...]:
        """Computed fields whose inputs are seen on some records only."""
        return tuple(key for key, conditions in self._computed if conditions)

    @cached_property
    def _computed(self) -> list[tuple[str, list[Any] | None]]:
        row = self._unit.columns.main(self.definition.name)
        return [
            (key, self._inputs(row, key))
            for key, field in self.definition.fields.items()
            if field.compute is not None or field.lost
        ]
