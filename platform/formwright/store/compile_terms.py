"""What compiling an expression gives: values and conditions in SQL, with what can go wrong in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, case, false, func, not_, null, or_
from sqlalchemy.sql.elements import Grouping

from formwright.errors import FormwrightError
from formwright.expressions.kinds import Kind

Sql: TypeAlias = ColumnElement[Any]


class CannotCompile(FormwrightError):
    """An expression, or a part of it, that a database cannot work out."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value in SQL.

    Texts, references and times stand as they are stored; days and instants in the form of the ``d`` columns.
    A number is an integer of 10**-scale units when ``scale`` is set, else an exact number of the dialect.
    ``errors`` are conditions, never null, under which there is no value at all: a division by zero.
    """

    sql: Sql
    kind: Kind
    scale: int | None = None
    errors: tuple[ColumnElement[bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL. Null stands for "there is an error"; so AND and OR treat errors as the interpreter does.

    Where only truth counts, as in WHERE, null may stand for false as well (``loose``).
    """

    sql: ColumnElement[bool]
    may_fail: bool = False


def exact(sql: ColumnElement[bool], *, loose: bool) -> ColumnElement[bool]:
    """Return a comparison with null made false, unless null is as good."""
    return sql if loose else func.coalesce(sql, false())


def guarded(sql: ColumnElement[bool], terms: Iterable[Term]) -> Condition:
    """Return the condition that is null where one of the terms has an error."""
    errors = [error for term in terms for error in term.errors]
    if not errors:
        return Condition(sql)
    return Condition(case((or_(*errors), null()), else_=sql), may_fail=True)


def negate(sql: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return NOT of a condition, in parentheses: NOT binds less tightly than IS and = do, which may follow."""
    return Grouping(not_(sql))


def collated(sql: Sql, collation: str) -> Sql:
    """Return a text that compares by ``collation``; the parentheses keep it from binding to a part only."""
    return Grouping(sql).collate(collation)
