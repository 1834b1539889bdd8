"""What every part of the store works with inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from formwright.definitions.model import Catalog, Entity
from formwright.errors import UnknownName
from formwright.expressions.check import Checked
from formwright.store.codec import Codec
from formwright.store.columns import Columns, TransactionColumns
from formwright.store.prepared import Prepared
from formwright.store.slots import EntityLayout, Layout
from formwright.suggest import closest
from formwright.texts import say

#: Tells whether a condition over a record's own fields holds for these values.
Holds = Callable[[Checked, str, int, Mapping[str, Any]], bool]


class Shape:
    """A catalog as it stands in one database: made once a revision, shared by all transactions."""

    def __init__(self, catalog: Catalog, layout: Layout, dialect: str, workspace: int) -> None:
        """Bind a catalog to its slots."""
        self.catalog = catalog
        self.layout = layout
        self.dialect = dialect
        self.workspace = workspace
        self.columns = Columns(catalog, layout, dialect, workspace)
        self.prepared: Prepared[Any] = Prepared()
        self._codecs: dict[str, Codec] = {}
        self._names = {place.id: name for name, place in layout.entities.items()}

    def entity(self, name: str) -> Entity:
        """Return an entity's definition; UnknownName when there is none."""
        found = self.catalog.entities.get(name)
        if found is None:
            near = closest(name, self.catalog.entities)
            raise UnknownName(
                say(
                    "there is no entity '%(name)s'; is '%(near)s' meant?",
                    name=name,
                    near=near or "-",
                )
            )
        return found

    def place(self, name: str) -> EntityLayout:
        """Return where an entity's records stand."""
        return self.columns.place(name)

    def name_of(self, entity_id: int) -> str | None:
        """Return the entity of a number, also one that is no longer defined."""
        return self._names.get(entity_id)

    def codec(self, name: str) -> Codec:
        """Return the converter of an entity's values."""
        found = self._codecs.get(name)
        if found is None:
            place = self.place(name)
            found = self._codecs[name] = Codec(self.entity(name), place.written, place.former)
        return found


@dataclass(frozen=True)
class Unit:
    """One transaction: connection, definitions, and the instant that all its writes carry."""

    connection: Connection
    shape: Shape
    now: datetime
    after_commit: Callable[[Callable[[], object]], None]
    holds: Holds
    #: The day it is where the site is.
    today: date

    @cached_property
    def columns(self) -> TransactionColumns:
        """The attributes of records, with aliases that this transaction uses once."""
        return TransactionColumns(self.shape.columns)

    @property
    def workspace(self) -> int:
        """The workspace that every statement names first."""
        return self.shape.workspace

    @property
    def is_postgres(self) -> bool:
        """True on PostgreSQL, False on SQLite."""
        return self.shape.dialect == "postgresql"
