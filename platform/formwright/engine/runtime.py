"""What pages, commands and jobs hold: the definitions in force, the store, the plugins and the clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from formwright.clock import Clock, SystemClock
from formwright.definitions.load import load_sources
from formwright.definitions.model import Catalog, Entity, Form, View
from formwright.engine.access import Access
from formwright.engine.actor import ONLY_LOOKING, Actor, teams_of
from formwright.engine.formats import Titles, show
from formwright.engine.gate import Everything, Gate, Led
from formwright.engine.pipeline import Context, EntityPlan, plans_for
from formwright.engine.references import screen
from formwright.engine.rows import ActorRow, Lookup, Reach, SettingsRow, ValuesRow
from formwright.errors import OnlyLooking, StoreUnavailable, UnknownName
from formwright.expressions.environment import Environment, Row
from formwright.store.columns import Columns
from formwright.suggest import closest
from formwright.texts import Reader, say

if TYPE_CHECKING:
    from formwright.plugins.manager import Plugins
    from formwright.store.store import Store
    from formwright.store.transaction import Transaction


Named = TypeVar("Named")


class Definitions:
    """One revision of the definitions with everything that is worked out from it once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    @cached_property
    def plans(self) -> dict[str, EntityPlan]:
        """The write plan of each entity, by qualified name."""
        return plans_for(self.catalog)

    def setting_defaults(self) -> dict[str, Any]:
        """Return each setting's default, by its bare key."""
        return {setting.key: setting.field.default for setting in self.catalog.settings.values()}


class Runtime:
    """The engine's hands. One a process, shared by its threads."""

    def __init__(
        self, store: Store, plugins: Plugins, clock: Clock | None = None, site: Reader | None = None
    ) -> None:
        self.store = store
        self.plugins = plugins
        self.clock = clock or SystemClock()
        self.site = site or Reader()
        self._lock = threading.Lock()
        self._definitions: Definitions | None = None

    @property
    def definitions(self) -> Definitions:
        """The definitions as this process last saw them; ``unit`` brings them up to date."""
        if self._definitions is None:
            with self.store.transaction(write=False) as tx:
                self.refresh(tx)
        if self._definitions is None:
            raise StoreUnavailable(say("no definitions are installed"))
        return self._definitions

    @property
    def catalog(self) -> Catalog:
        """The catalog of ``definitions``."""
        return self.definitions.catalog

    @contextmanager
    def unit(self, actor: Actor, *, write: bool = False) -> Iterator[Unit]:
        """Open one unit of work: one transaction, one instant, one revision of the definitions."""
        if write and actor.seen_by is not None:
            raise OnlyLooking(ONLY_LOOKING)
        with self.store.transaction(write, now=self.clock.now()) as tx:
            yield self.unit_in(tx, actor)

    def unit_in(self, tx: Transaction, actor: Actor) -> Unit:
        """Return a unit of work inside a transaction that is already open."""
        definitions = self.refresh(tx)
        tx.use(definitions.catalog)
        return Unit(self, tx, definitions, actor)

    def refresh(self, tx: Transaction) -> Definitions:
        """Take up the newest published revision, if there is a newer one than this process has seen."""
        newest = tx.revisions.newest_number()
        found = self._definitions
        if found is not None and found.catalog.revision == newest:
            return found
        with self._lock:
            found = self._definitions
            if found is None or found.catalog.revision != newest:
                found = self._definitions = Definitions(self.load_revision(tx, newest))
        return found

    def load_revision(self, tx: Transaction, number: int) -> Catalog:
        """Return the catalog of one published revision; a field type that is lost by now gets a stand-in."""
        return replace(self.load(tx.revisions.files(number), lost_types=True), revision=number)

    def load(self, files: Mapping[str, str], *, lost_types: bool = False) -> Catalog:
        """Return the catalog that files define; raises DefinitionErrors with every problem."""
        return load_sources(
            files, self.plugins.registry, functions=self.plugins.functions, lost_types=lost_types
        )

    def actor(self, tx: Transaction, user_id: int) -> Actor:
        """Return the person with that user record, with every role the person has or inherits."""
        definitions = self.refresh(tx)
        tx.use(definitions.catalog)
        record = tx.records.find("core.user", user_id)
        if record is None:
            raise UnknownName(say("There is no such user."))
        values = record.values
        reader = Reader(
            language=values.get("language") or self.site.language,
            timezone=values.get("timezone") or self.site.timezone,
            region=self.site.region,
        )
        roles = definitions.catalog.roles_of(tx.users.roles(user_id))
        login, name = values.get("login") or "", values.get("name") or ""
        return Actor(user_id, login, name, roles, reader, teams_of(values))


class Unit:
    """One unit of work: who acts, in which transaction, under which definitions."""

    def __init__(
        self, runtime: Runtime, tx: Transaction, definitions: Definitions, actor: Actor
    ) -> None:
        self.runtime = runtime
        self.tx = tx
        self.definitions = definitions
        self.catalog = definitions.catalog
        self.actor = actor

    @property
    def reader(self) -> Reader:
        """Language and zone of the actor."""
        return self.actor.reader

    @property
    def now(self) -> datetime:
        """The instant of this unit of work."""
        return self.tx.now

    @cached_property
    def columns(self) -> Columns:
        """How attributes become columns of the store."""
        return self.tx.columns

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The packages' settings by bare key: an admin's value, or the default."""
        values = self.definitions.setting_defaults()
        stored = self.tx.setting_values.all()
        for setting in self.catalog.settings.values():
            value = stored.get(f"{setting.package}.{setting.key}")
            if value is not None:
                values[setting.key] = setting.field.type.from_stored(setting.field, value)
        return values

    @cached_property
    def access(self) -> Access:
        """What the actor's grants allow."""
        return Access(self)

    @cached_property
    def gate(self) -> Gate:
        """The way to records, as far as the actor may go."""
        return Gate(self, self.access)

    @cached_property
    def lookup(self) -> Lookup:
        """Follows every reference: for what is computed and stored, and for rules. Nothing of it is shown."""
        return self._rooted(Everything(self))

    @cached_property
    def sight(self) -> Lookup:
        """Follows references as far as the actor may read: for titles, lists, pages and everything that is shown."""
        return self._rooted(self.gate)

    def _rooted(self, reach: Reach) -> Lookup:
        lookup = Lookup(self.catalog, self.now, self.reader.zone.key, reach)
        lookup.roots["me"] = ActorRow(self.actor, lookup, self._led)
        lookup.roots["settings"] = _LazySettings(self)
        return lookup

    @cached_property
    def _led(self) -> Led:
        return Led(self)

    def context(self, channel: str = "form") -> Context:
        """Return what the write pipeline shares between records."""
        return Context(
            self.lookup, self.reader, channel, self.sight, lambda works: screen(self, works)
        )

    def context_for_showing(self) -> Context:
        """Return what the pipeline needs to look at a stored record without judging it."""
        return Context(self.sight, self.reader)

    def bindings(self, **roots: Any) -> Environment:
        """Return the constants of a condition that is turned into SQL: me, settings, now."""
        return self.lookup.environment(SettingsRow({}), **roots)

    def show_built_in(self, value: Any) -> str:
        """Return the text of a built-in column: an instant in the actor's zone, or a number."""
        if isinstance(value, datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return aware.astimezone(self.reader.zone).replace(tzinfo=None).isoformat(" ", "minutes")
        return str(value)

    def title(self, row: ValuesRow) -> str:
        """Return how a record is named everywhere."""
        shown = row
        if row.computer != self.sight.compute:
            shown = ValuesRow(row.definition, row.values, row.built_in, row.parent)
            shown.children, shown.computer = row.children, self.sight.compute
        environment = self.sight.environment(shown)
        return row.definition.display.render(environment, self.reader, self._shown)

    def _shown(self, row: Row | None, path: tuple[str, ...], value: Any, reader: Reader) -> str:
        """Write the value of a field in a title as its reader sees it."""
        entity = self.catalog.entities.get(row.entity) if row is not None else None
        for key in path[:-1]:
            field = entity.fields.get(key) if entity is not None else None
            entity = self.catalog.entities.get(field.target) if field is not None else None
        field = entity.fields.get(path[-1]) if entity is not None else None
        return str(value) if field is None else show(field, value, reader, Titles())

    def entity(self, name: str) -> Entity:
        """Return the entity of that qualified name; UnknownName offers the nearest."""
        return _get(self.catalog.entities, name)

    def view(self, name: str) -> View:
        """Return the view of that qualified name."""
        return _get(self.catalog.views, name)

    def form(self, name: str) -> Form:
        """Return the form of that qualified name."""
        return _get(self.catalog.forms, name)

    def plan(self, name: str) -> EntityPlan:
        """Return the write plan of an entity."""
        return self.definitions.plans[name]


class _LazySettings:
    """``settings`` that are read from the database only when an expression asks for one."""

    __slots__ = ("_unit", "entity", "id")

    def __init__(self, unit: Unit) -> None:
        self.entity = "@settings"
        self.id: int | None = None
        self._unit = unit

    def get(self, name: str) -> Any:
        """Return the setting ``name``."""
        return self._unit.settings.get(name)


def _get(known: Mapping[str, Named], name: str) -> Named:
    if name in known:
        return known[name]
    near = closest(name, known)
    if near:
        raise UnknownName(
            say("There is no '%(name)s'; did you mean '%(near)s'?", name=name, near=near)
        )
    raise UnknownName(say("There is no '%(name)s'.", name=name))
