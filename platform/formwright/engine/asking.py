"""What rights ask of the unit of work in which they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from formwright.definitions.model import Catalog, Entity
from formwright.engine.actor import Actor
from formwright.texts import Reader

if TYPE_CHECKING:
    from formwright.engine.rows import Lookup
    from formwright.expressions.environment import Environment
    from formwright.store.columns import Columns
    from formwright.store.transaction import Transaction


class Asking(Protocol):
    """A unit of work: who asks, in which transaction, under which definitions."""

    catalog: Catalog
    actor: Actor
    tx: Transaction

    @property
    def reader(self) -> Reader:
        """Language and zone of the actor."""
        ...

    @property
    def columns(self) -> Columns:
        """How attributes become columns of the store."""
        ...

    @property
    def lookup(self) -> Lookup:
        """Follows every reference, for conditions on values."""
        ...

    @property
    def sight(self) -> Lookup:
        """Follows references as far as the actor may read."""
        ...

    def bindings(self, **roots: Any) -> Environment:
        """Return the constants of a condition: me, settings, now."""
        ...

    def entity(self, name: str) -> Entity:
        """Return the entity of that qualified name."""
        ...
