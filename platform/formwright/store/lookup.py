"""Records by the value of an attribute, for many values at once: how an import finds what its rows refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from formwright.store import tables
from formwright.store.unique import Claim, Rule, UniqueValues
from formwright.store.unit import Unit

_AT_ONCE = 1_000


class Lookup:
    """Finds the ids of records by what they say."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit

    def by_value(
        self,
        entity: str,
        key: str,
        stored: Sequence[Any],
        where: Sequence[ColumnElement[bool]] = (),
    ) -> dict[Any, list[int]]:
        """Return the ids of the records that have one of the ``stored`` values in ``key``, by value.

        A unique field is compared as it is kept unique: by ``FieldType.compare_key``. At most three ids come back
        for a value, which is enough to say that it is not one.
        """
        columns = self._unit.shape.columns.main(entity)
        column = columns.value(key)
        found: dict[Any, list[int]] = {}
        for start in range(0, len(stored), _AT_ONCE):
            statement = select(column, tables.record.c.id).where(
                columns.belongs(), column.in_(stored[start : start + _AT_ONCE]), *where
            )
            for value, record_id in self._unit.connection.execute(statement):
                ids = found.setdefault(value, [])
                if len(ids) < 3:
                    ids.append(record_id)
        return found

    def by_unique(self, entity: str, key: str, values: Sequence[Any]) -> dict[Any, int]:
        """Return the record that holds each of the (typed, hashable) ``values`` of the unique field ``key``."""
        field = self._unit.shape.entity(entity).fields[key]
        rule = Rule(key, key, (field,))
        claims = {value: Claim(key, text) for value in values if (text := rule.value({key: value}))}
        held: dict[Claim, int] = {}
        unique = UniqueValues(self._unit)
        wanted = list(claims.values())
        for start in range(0, len(wanted), _AT_ONCE):
            held |= unique.holders(entity, wanted[start : start + _AT_ONCE])
        return {value: held[claim] for value, claim in claims.items() if claim in held}

    def titles(
        self,
        entity: str,
        key: str,
        ids: Sequence[int],
        where: Sequence[ColumnElement[bool]] = (),
    ) -> Mapping[int, Any]:
        """Return the stored value of ``key`` of each of some records, without reading the rest of them."""
        columns = self._unit.shape.columns.main(entity)
        statement = select(tables.record.c.id, columns.value(key)).where(
            columns.belongs(), tables.record.c.id.in_(ids), *where
        )
        return dict(map(tuple, self._unit.connection.execute(statement)))
