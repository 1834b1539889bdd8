"""Which fields of an entity an index would serve, and how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from formwright.definitions.model import Catalog, Entity, Field
from formwright.expressions.check import Checked
from formwright.store import codec

_LAST = 3


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
