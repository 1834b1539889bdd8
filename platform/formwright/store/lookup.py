"""Records by the value of an attribute, for many values at once: how an import finds what its rows refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, Text, cast, func, select, true

from formwright.store import tables
from formwright.store.columns import RecordColumns
from formwright.store.unique import Rule
from formwright.store.unit import Unit

_AT_ONCE = 1_000
#: More holders of a value are not asked for: three are enough to say that it is not one.
_ENOUGH = 3

# One look into the index a value, whatever the statistics say: while a file comes in, they lag behind.
_UNIQUE_POSTGRES = (
    "SELECT w.value, u.record_id FROM unnest(%s::text[]) AS w(value) CROSS JOIN LATERAL "
    "(SELECT record_id FROM unique_value WHERE workspace_id = %s AND entity_id = %s "
    'AND "constraint" = %s AND value = w.value LIMIT 1) AS u'
)
_UNIQUE_SQLITE = (
    "SELECT u.value, u.record_id FROM json_each(?) AS w CROSS JOIN unique_value AS u "
    'ON u.workspace_id = ? AND u.entity_id = ? AND u."constraint" = ? AND u.value = w.value'
)


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

        ``where`` are conditions on ``columns.main(entity)``.
        """
        columns = self._unit.shape.columns.main(entity)
        indexed = self._unit.is_postgres and columns.slot(key) is not None
        statement = _one_by_one if indexed else _all_together
        found: dict[Any, list[int]] = {}
        for part in _parts(stored):
            query = statement(columns, key, part, where)
            for value, record_id in self._unit.connection.execute(query):
                ids = found.setdefault(value, [])
                if len(ids) < _ENOUGH:
                    ids.append(record_id)
        return found

    def by_unique(self, entity: str, key: str, values: Sequence[Any]) -> dict[Any, int]:
        """Return the record that holds each of the (typed, hashable) ``values`` of the unique field ``key``."""
        field = self._unit.shape.entity(entity).fields[key]
        rule = Rule(key, key, (field,))
        texts = {value: text for value in values if (text := rule.value({key: value}))}
        place = self._unit.shape.place(entity).id
        statement = _UNIQUE_POSTGRES if self._unit.is_postgres else _UNIQUE_SQLITE
        held: dict[str, int] = {}
        for part in _parts(list(set(texts.values()))):
            listed: Any = part if self._unit.is_postgres else orjson.dumps(part).decode()
            arguments = (listed, self._unit.workspace, place, rule.name)
            held.update(map(tuple, self._unit.connection.exec_driver_sql(statement, arguments)))
        return {value: held[text] for value, text in texts.items() if text in held}

    def titles(
        self,
        entity: str,
        key: str,
        ids: Sequence[int],
        where: Sequence[ColumnElement[bool]] = (),
    ) -> Mapping[int, Any]:
        """Return the stored value of ``key`` of each of some records, without reading the rest of them."""
        columns = self._unit.shape.columns.main(entity)
        found: dict[int, Any] = {}
        for part in _parts(ids):
            statement = select(tables.record.c.id, columns.value(key)).where(
                columns.belongs(), tables.record.c.id.in_(part), *where
            )
            found.update(map(tuple, self._unit.connection.execute(statement)))
        return found


def _parts(values: Sequence[Any]) -> Iterable[list[Any]]:
    return (list(values[start : start + _AT_ONCE]) for start in range(0, len(values), _AT_ONCE))


def _all_together(
    columns: RecordColumns, key: str, values: list[Any], where: Sequence[ColumnElement[bool]]
) -> Select[Any, int]:
    column = columns.value(key)
    return select(column, columns.id).where(columns.belongs(), column.in_(values), *where)


def _one_by_one(
    columns: RecordColumns, key: str, values: list[Any], where: Sequence[ColumnElement[bool]]
) -> Select[Any, int]:
    column = columns.value(key)
    kind = Text() if isinstance(values[0], str) else BigInteger()
    wanted = func.unnest(cast(values, ARRAY(kind))).table_valued("value", name="wanted")
    wanted = wanted.render_derived()
    holders = (
        select(columns.id.label("id"))
        .where(columns.belongs(), column == wanted.c.value, *where)
        .limit(_ENOUGH)
        .lateral("holders")
    )
    return select(wanted.c.value, holders.c.id).select_from(wanted.join(holders, true()))
