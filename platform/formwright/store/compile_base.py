"""What all parts of the compiler share: the row at hand, sets of rows, sub-selects that know what is their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import (
    Boolean,
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    case,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy.sql import operators

from formwright.definitions.model import Entity
from formwright.expressions.checked import Checked
from formwright.expressions.environment import Environment
from formwright.expressions.kinds import Base, Kind
from formwright.expressions.tree import (
    Node,
)
from formwright.store.compile_dates import Moments
from formwright.store.compile_numbers import (
    Numbers,
)
from formwright.store.compile_terms import Condition, Sql, Term, collated

#: Kinds that a macro goes through.
MANY = frozenset({Base.LIST, Base.RECORDS})


class RecordColumns(Protocol):
    """One row of a record table, as ``store.columns`` gives it."""

    entity: str
    definition: Entity
    #: The table or alias itself.
    table: Any

    @property
    def id(self) -> ColumnElement[int]:
        """The record's id."""
        ...

    def belongs(self) -> ColumnElement[bool]:
        """Return the condition that a row is a record of the entity, in the workspace."""
        ...

    def value(self, key: str) -> ColumnElement[Any]:
        """Return a field in stored form."""
        ...

    def scale(self, key: str) -> int:
        """Return how many decimal places the integer of a number carries."""
        ...

    def refers(self, key: str, target: ColumnElement[int]) -> ColumnElement[bool]:
        """Return the condition that a list of references holds ``target``."""
        ...

    def items(self, key: str) -> FromClause:
        """Return the values of a list as a table with the column ``value``."""
        ...

    def reach(self, key: str) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions under which what lies behind a field may be gone through."""
        ...

    def guarded(self, key: str, sql: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return ``sql``, which is made of a field, as far as that may be seen."""
        ...


class Columns(Protocol):
    """The way to the columns of other records."""

    dialect: str

    def record(self, entity: str) -> RecordColumns:
        """Return the columns of a fresh alias."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """An item of a macro that is known before the statement runs; a row or a plain value."""

    value: Any
    is_row: bool


#: What ``item`` can be.
Item: TypeAlias = RecordColumns | Term | Fixed | None


@dataclass(frozen=True, slots=True)
class Scope:
    """The row a part is about, and what ``item`` is there."""

    row: RecordColumns
    item: Item = None

    @property
    def known(self) -> frozenset[str]:
        """What may vary and is known nevertheless."""
        return frozenset({"item"}) if isinstance(self.item, Fixed) else frozenset()


@dataclass(frozen=True, slots=True)
class Rows:
    """What a macro goes through: rows, or values that come with rows."""

    tables: tuple[FromClause, ...]
    conditions: tuple[ColumnElement[bool], ...]
    item: RecordColumns | Term
    #: Null where the choice of rows has an error.
    tests: tuple[Condition, ...] = ()


class Compiling(Protocol):
    """The compiler of one expression in one scope, as its parts call it."""

    checked: Checked
    columns: Columns
    bindings: Environment
    scope: Scope
    postgres: bool
    numbers: Numbers
    moments: Moments
    zone: str

    def inside(self, item: Item) -> Compiling:
        """Return the compiler for the body of a macro."""
        ...

    def formula(self, checked: Checked, row: RecordColumns) -> Term:
        """Return the value of a computed field that is not stored."""
        ...

    def kind(self, node: Node) -> Kind:
        """Return the kind of a part."""
        ...

    def is_constant(self, node: Node) -> bool:
        """Tell whether a part is known before the statement runs."""
        ...

    def evaluate(self, node: Node) -> Any:
        """Work out a known part; raises EvaluationError."""
        ...

    def literal(self, value: Any, kind: Kind) -> Term:
        """Return a value as a bound value of the dialect."""
        ...

    def test(self, node: Node, *, loose: bool) -> Condition:
        """Return a part that is yes or no as a condition."""
        ...

    def term(self, node: Node) -> Term:
        """Return a part as a value."""
        ...


def failed() -> Condition:
    """Return the condition that has an error."""
    return Condition(type_coerce(null(), Boolean()), may_fail=True)


def is_plain(sql: Sql) -> bool:
    """Tell whether a text compares by code point as it is: a column, or one that says so itself."""
    return isinstance(sql, ColumnClause) or getattr(sql, "operator", None) is operators.collate


def sortable(c: Compiling, term: Term) -> Sql:
    """Return a text so that it compares by code point; columns do already."""
    if not c.postgres or term.kind.base is not Base.TEXT or is_plain(term.sql):
        return term.sql
    return collated(term.sql, "C")


def unless(failing: ColumnElement[bool], sql: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that is null where going through a set fails."""
    return case((failing, null()), else_=sql)


def query(
    tables: Sequence[FromClause], what: Sequence[Sql], conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """Return a sub-select over ``tables``; every other table in it is one of the statements around."""
    source, *more = tables
    for table in more:
        source = source.join(table, true())
    return select(*what).select_from(source).where(*conditions).correlate_except(*tables)


def table_of(row: RecordColumns) -> FromClause:
    """Return the table or alias of a row."""
    table: FromClause = row.table
    return table
