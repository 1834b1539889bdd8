"""Records as somebody may see them: what is out of reach is empty, in SQL as it is for the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy import Boolean, ColumnElement, FromClause, and_, case, cast, false, null

from formwright.store.columns import Columns, RecordColumns


class Lens(Protocol):
    """What somebody may see of the records of one entity, as conditions on the plain columns of a row."""

    def scope(self, row: RecordColumns) -> Sequence[ColumnElement[bool]] | None:
        """Return the conditions under which a record is seen at all; None when none ever is."""
        ...

    def shown(self, row: RecordColumns, key: str) -> Sequence[ColumnElement[bool]] | None:
        """Return the conditions under which a field of a record is seen in full; None when it never is."""
        ...


class SeenColumns(RecordColumns):
    """The attributes of a row as somebody may see them: out of reach is empty, as it is for the interpreter."""

    def __init__(self, columns: Columns, plain: RecordColumns, lens: Lens) -> None:
        """Look at ``plain`` through ``lens``; ``columns`` leads on to other records as they may be seen."""
        super().__init__(columns, plain.entity, plain.table)
        self.plain = plain
        self._lens = lens
        self._reached: dict[str, tuple[ColumnElement[bool], ...]] = {}

    @cached_property
    def _belongs(self) -> ColumnElement[bool]:
        conditions = self._lens.scope(self.plain)
        return and_(self.plain.belongs(), *((false(),) if conditions is None else conditions))

    def reach(self, key: str) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions under which a field is seen."""
        if key not in self._reached:
            conditions = self._lens.shown(self.plain, key)
            self._reached[key] = (false(),) if conditions is None else tuple(conditions)
        return self._reached[key]

    def never(self, key: str) -> bool:
        """Return whether a field is seen on no record at all."""
        return key in self.definition.fields and self._lens.shown(self.plain, key) is None

    def slot(self, key: str) -> str | None:
        """Return the indexed column of a field that is always seen: no index helps with what depends on the record."""
        return None if self._conditions(key) else self.plain.slot(key)

    def items(self, key: str) -> FromClause:
        """Return the values of a list attribute; none where it is not seen."""
        conditions = self.reach(key)
        data = self._document(key)
        return self._items(key, case((and_(*conditions), data)) if conditions else data)

    def guarded(self, key: str, sql: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return ``sql``, which is made of the field ``key``, or nothing where that is not seen."""
        conditions = self._conditions(key)
        if not conditions:
            return sql
        if isinstance(sql.type, Boolean):
            return and_(*conditions, sql)
        return case((and_(*conditions), sql), else_=cast(null(), sql.type))

    def _value(self, key: str) -> ColumnElement[Any]:
        return self.guarded(key, self.plain.value(key))

    def _conditions(self, key: str) -> tuple[ColumnElement[bool], ...]:
        name = key.partition(".")[0]
        return self.reach(name) if name in self.definition.fields else ()


class SightColumns(Columns):
    """The columns of every entity through somebody's eyes."""

    def __init__(self, plain: Columns, lens: Callable[[str], Lens]) -> None:
        """Look at what ``plain`` has through the lens of each entity."""
        super().__init__(plain.catalog, plain.layout, plain.dialect, plain.workspace)
        self._plain = plain
        self._lens = lens

    def record(self, entity: str) -> SeenColumns:
        """Return the columns of an alias that is used for the first time."""
        return SeenColumns(self, self._plain.record(entity), self._lens(entity))

    def main(self, entity: str) -> SeenColumns:
        """Return the columns of the table itself."""
        return SeenColumns(self, self._plain.main(entity), self._lens(entity))
