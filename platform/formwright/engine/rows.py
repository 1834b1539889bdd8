"""Records as expressions see them: rows with values, and the source that follows references from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from formwright.definitions.model import Catalog, Entity, Field
from formwright.engine.actor import Actor
from formwright.expressions.evaluate import Environment, Row, prepare
from formwright.expressions.kinds import Value

if TYPE_CHECKING:
    from formwright.store.rows import StoredRecord


class ValuesRow:
    """A record, stored or being written, with its values by field key.

    ``computer`` works out a computed field that is not stored; ``children`` are the rows of subforms that are in
    hand, so that totals see what is typed and not what was stored.
    """

    __slots__ = (
        "built_in",
        "children",
        "computer",
        "definition",
        "entity",
        "id",
        "parent",
        "values",
    )

    def __init__(
        self,
        definition: Entity,
        values: Mapping[str, Any],
        record: StoredRecord | None = None,
        parent: Row | None = None,
    ) -> None:
        self.definition = definition
        self.entity = definition.name
        self.values = values
        self.built_in = record
        self.id: int | None = record.id if record else None
        self.parent = parent
        self.children: dict[str, Sequence[Row]] = {}
        self.computer: Callable[[ValuesRow, str], Value] | None = None

    def get(self, name: str) -> Value:
        """Return the value of the field or built-in column ``name``; None when it is empty."""
        field = self.definition.fields.get(name)
        if field is None:
            return getattr(self.built_in, name, None) if self.built_in is not None else None
        record = self.built_in
        if record is not None and name in record.withheld:
            return False if field.type.name == "boolean" else None
        if field.compute is not None and not field.stored and self.computer is not None:
            return self.computer(self, name)
        value: Value = self.values.get(name)
        if value is None and field.type.name == "boolean":
            return False
        return value


class Led(Protocol):
    """Whom an actor leads."""

    @property
    def teams(self) -> tuple[int, ...]:
        """The teams that the actor leads, with all below them."""
        ...

    @property
    def people(self) -> tuple[int, ...]:
        """The people in these teams."""
        ...


class ActorRow:
    """``me``: the user record of an actor, with the members ``roles``, ``teams``, ``led_teams`` and ``led_people``."""

    __slots__ = ("_actor", "_led", "_lookup", "entity", "id")

    def __init__(self, actor: Actor, lookup: Lookup, led: Led) -> None:
        self.entity = "core.user"
        self.id = actor.id
        self._actor = actor
        self._lookup = lookup
        self._led = led

    def get(self, name: str) -> Value:
        """Return ``roles`` and ``login`` from the session, anything else from the user's record."""
        match name:
            case "roles":
                return tuple(sorted(self._actor.roles))
            case "login":
                return self._actor.login
            case "teams":
                return self._actor.teams
            case "led_teams":
                return self._led.teams
            case "led_people":
                return self._led.people
        if name == "id" or self.id is None:
            return self.id
        row = self._lookup.row(self.entity, self.id)
        return row.get(name) if row else None


class SettingsRow:
    """``settings``: the packages' settings, by key."""

    __slots__ = ("_values", "entity", "id")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.entity = "@settings"
        self.id: int | None = None
        self._values = values

    def get(self, name: str) -> Value:
        """Return the setting ``name``, as an admin set it or by its default."""
        value: Value = self._values.get(name)
        return value


class Reach(Protocol):
    """The records that may be followed to: all of them, or those that somebody may read, as far as he may."""

    def across(self, wanted: Mapping[str, set[int]]) -> Iterable[StoredRecord]:
        """Return records of several entities, read in one statement."""
        ...

    def referring(self, field: Field, target: int) -> Sequence[StoredRecord]:
        """Return the records behind a backlink, the newest first."""
        ...

    def children(self, subform: Field, parent: Row) -> Sequence[StoredRecord]:
        """Return the rows of a subform, in order."""
        ...


class Lookup:
    """Follows references, backlinks and subforms from a row, each record read once a unit of work.

    What it may follow is decided by its ``reach``: everything, for computing what is stored, or what the actor may
    read, for everything that is shown. A record out of reach is answered like one that does not exist.
    """

    def __init__(self, catalog: Catalog, now: datetime, timezone: str, reach: Reach) -> None:
        self._catalog = catalog
        self._now = now
        self._timezone = timezone
        self._reach = reach
        self._rows: dict[tuple[str, int], ValuesRow | None] = {}
        self.roots: dict[str, Row | Value] = {}

    def wrap(self, record: StoredRecord) -> ValuesRow:
        """Return the row of a stored record and remember it."""
        row = ValuesRow(self._catalog.entities[record.entity], record.values, record)
        row.computer = self.compute
        self._rows[record.entity, record.id] = row
        return row

    def preload(self, wanted: Mapping[str, Iterable[int]]) -> None:
        """Read records of several entities at once, so that following them later costs no query."""
        missing: dict[str, set[int]] = {}
        for entity, numbers in wanted.items():
            fresh = {number for number in numbers if (entity, number) not in self._rows}
            if fresh:
                missing[entity] = fresh
                self._rows.update(dict.fromkeys(((entity, number) for number in fresh), None))
        if missing:
            for record in self._reach.across(missing):
                self.wrap(record)

    def row(self, entity: str, id: int) -> ValuesRow | None:  # noqa: A002 -- the protocol's name
        """Return the row of one record, or None when there is none within reach."""
        if (entity, id) not in self._rows:
            self.preload({entity: (id,)})
        return self._rows[entity, id]

    def related(self, row: Row, field: str) -> Sequence[Row]:
        """Return the rows behind a subform, a backlink or many references."""
        if isinstance(row, ValuesRow) and field in row.children:
            return row.children[field]
        definition = self._catalog.entities[row.entity].fields[field]
        record = getattr(row, "built_in", None)
        if record is not None and field in record.withheld:
            return ()
        if row.id is None and definition.type.virtual:
            return ()
        if definition.is_subform:
            return [self._child(record, row) for record in self._reach.children(definition, row)]
        if definition.type.virtual:
            found = self._reach.referring(definition, row.id or 0)
            return [self.wrap(record) for record in found]
        value = row.get(field)
        ids = (
            [number for number in value if isinstance(number, int)]
            if isinstance(value, tuple)
            else []
        )
        self.preload({definition.target: ids})
        return [each for number in ids if (each := self.row(definition.target, number))]

    def _child(self, record: StoredRecord, parent: Row) -> ValuesRow:
        row = self.wrap(record)
        row.parent = parent
        return row

    def compute(self, row: ValuesRow, key: str) -> Value:
        """Work out the computed field ``key`` of ``row`` that is not stored."""
        checked = row.definition.fields[key].compute
        if checked is None or checked.lost is not None:
            return None
        return prepare(checked)(self.environment(row))

    def environment(self, row: Row, **roots: Row | Value) -> Environment:
        """Return the surroundings for evaluating an expression on ``row``."""
        parent = getattr(row, "parent", None)
        if parent is None and getattr(row, "built_in", None) is not None:
            parent = self._stored_parent(row)
        extra: dict[str, Row | Value] = {**self.roots, "this": row, "parent": parent, **roots}
        return Environment(
            record=row, now=self._now, timezone=self._timezone, roots=extra, source=self
        )

    def _stored_parent(self, row: Row) -> Row | None:
        definition = self._catalog.entities.get(row.entity)
        record = getattr(row, "built_in", None)
        if (
            definition is None
            or not definition.parent
            or record is None
            or record.parent_id is None
        ):
            return None
        return self.row(definition.parent, record.parent_id)
