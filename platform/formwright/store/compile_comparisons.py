"""Comparisons in SQL, in the form that an index can serve wherever there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    false,
    func,
    literal,
    null,
    or_,
    true,
)

from formwright.expressions import calendar
from formwright.expressions.environment import EvaluationError
from formwright.expressions.kinds import MONEY_LIKE, Base, Kind
from formwright.expressions.relations import is_day_against_instant
from formwright.expressions.tree import (
    Call,
    Compare,
    ListOf,
    Node,
    names_user,
)
from formwright.store.columntypes import Instant
from formwright.store.compile_base import MANY, Compiling, failed, sortable, unless
from formwright.store.compile_calls import day_of
from formwright.store.compile_numbers import (
    compare,
    compare_with_constant,
    exact_number,
)
from formwright.store.compile_sets import any_item, exists_in, failures_of, held_in, set_of
from formwright.store.compile_terms import Condition, Sql, Term, exact, guarded, negate
from formwright.store.compile_values import is_followed, through, value_of_item


def compare_nodes(c: Compiling, node: Compare, *, loose: bool) -> Condition:
    """Return a comparison or ``in`` as a condition."""
    if node.operator == "in":
        return membership(c, node, loose=loose)
    left, right = node.left, node.right
    if Base.NULL in (c.kind(left).base, c.kind(right).base):
        return compare_with_null(c, node)
    operator = node.operator
    if c.is_constant(left):
        left, right, operator = right, left, _MIRRORED.get(operator, operator)
    if c.is_constant(right):
        return compare_with_known(c, left, operator, right, loose=loose)
    first, second = c.term(left), c.term(right)
    return guarded(compare_terms(c, first, operator, second, loose=loose), [first, second])


def compare_with_null(c: Compiling, node: Compare) -> Condition:
    """Compare with null that is written down; a list is null when it is empty."""
    other = node.right if c.kind(node.left).base is Base.NULL else node.left
    if c.kind(other).base in MANY:
        found = any_item(c, other)
        return Condition(negate(found.sql) if node.operator == "==" else found.sql, found.may_fail)
    if c.kind(other).base is Base.BOOLEAN:
        test = c.test(other, loose=False)
        never = false() if node.operator == "==" else true()
        return Condition(
            case((test.sql.is_(None), null()), else_=never) if test.may_fail else never,
            test.may_fail,
        )
    term = c.term(other)
    missing = term.sql.is_(None)
    return guarded(missing if node.operator == "==" else negate(missing), [term])


def compare_with_known(
    c: Compiling, left: Node, operator: str, right: Node, *, loose: bool
) -> Condition:
    """Compare with what is known: the form an index can serve."""
    try:
        value = c.evaluate(right)
    except EvaluationError:
        return failed()
    if c.kind(left).base is Base.BOOLEAN:
        test = c.test(left, loose=False)
        return (
            test
            if bool(value) is (operator == "==")
            else Condition(negate(test.sql), test.may_fail)
        )
    days = is_day_against_instant(c.kind(left), c.kind(right))

    if value is None and names_user(right):
        return Condition(true() if operator == "!=" else false())

    def compared(term: Term, *, loose: bool = loose) -> ColumnElement[bool]:
        if value is None:
            found = {"==": term.sql.is_(None), "!=": term.sql.is_not(None)}
            return found.get(operator, false())
        if days:
            return compare_days(c, term, operator, value, loose=loose)
        sql = compare_value(c, term, operator, value)
        return sql if operator == "!=" else exact(sql, loose=loose)

    if value is not None and operator != "!=" and is_followed(c, left):
        return Condition(through(c, left, lambda term: compared(term, loose=True)))
    term = c.term(left)
    return guarded(compared(term), [term])


def compare_value(c: Compiling, term: Term, operator: str, value: Any) -> ColumnElement[bool]:
    """Compare with a value that is not null; the result is null when the field is, but for ``!=``."""
    if isinstance(value, Decimal):
        if term.scale is not None:
            return compare_with_constant(operator, term.sql, term.scale, value)
        number = c.numbers.constant(value)
        if operator == "!=":
            return func.coalesce(c.numbers.compare("!=", term.sql, number), true())
        return c.numbers.compare(operator, term.sql, number)
    other = c.literal(value, term.kind).sql
    if operator == "!=":
        return term.sql.is_distinct_from(other)
    return compare(operator, sortable(c, term), other)  # type: ignore[no-any-return] # a SQL comparison


def compare_days(
    c: Compiling, term: Term, operator: str, value: date, *, loose: bool
) -> ColumnElement[bool]:
    """Compare a day with an instant by the day of the latter; a known day becomes two instants."""
    if term.kind.base is Base.DATE:
        day = calendar.day_of(value, ZoneInfo(c.zone))
        sql = compare_value(c, term, operator, day)
        return sql if operator == "!=" else exact(sql, loose=loose)
    try:
        start = calendar.start_of_day(value, ZoneInfo(c.zone))
        end = calendar.start_of_day(value + timedelta(days=1), ZoneInfo(c.zone))
    except OverflowError:
        day_term = Term(day_of(c, term), Kind(Base.DATE))
        return exact(compare_value(c, day_term, operator, value), loose=loose)
    first, behind = literal(start, Instant()), literal(end, Instant())
    column = term.sql
    match operator:
        case "==":
            return exact(and_(column >= first, column < behind), loose=loose)
        case "!=":
            return or_(column.is_(None), column < first, column >= behind)
        case "<":
            return exact(column < first, loose=loose)
        case "<=":
            return exact(column < behind, loose=loose)
        case ">":
            return exact(column >= behind, loose=loose)
        case _:
            return exact(column >= first, loose=loose)


def compare_terms(
    c: Compiling, left: Term, operator: str, right: Term, *, loose: bool
) -> ColumnElement[bool]:
    """Compare two values that both depend on the row."""
    if left.kind.base in MONEY_LIKE:
        return compare_numbers(c, left, operator, right, loose=loose)
    if is_day_against_instant(left.kind, right.kind):
        day = Kind(Base.DATE)
        left, right = (Term(day_of(c, term), day) for term in (left, right))
    return compare_sql(sortable(c, left), operator, right.sql, loose=loose)


def compare_sql(left: Sql, operator: str, right: Sql, *, loose: bool) -> ColumnElement[bool]:
    """Compare two values; ``==`` and ``!=`` take null for a value."""
    if operator == "==":
        return left.is_not_distinct_from(right)
    if operator == "!=":
        return left.is_distinct_from(right)
    return exact(compare(operator, left, right), loose=loose)


def compare_numbers(
    c: Compiling, left: Term, operator: str, right: Term, *, loose: bool
) -> ColumnElement[bool]:
    """Compare two numbers, as integers when both are of one scale."""
    if left.scale is not None and left.scale == right.scale:
        return compare_sql(left.sql, operator, right.sql, loose=loose)
    first, second = exact_number(c.numbers, left), exact_number(c.numbers, right)
    if c.postgres:
        return compare_sql(first, operator, second, loose=loose)
    found = exact(
        c.numbers.compare("==" if operator == "!=" else operator, first, second), loose=False
    )
    if operator in {"==", "!="}:
        same = or_(found, and_(left.sql.is_(None), right.sql.is_(None)))
        return same if operator == "==" else negate(same)
    return found


def starts_with_known(c: Compiling, node: Call, *, loose: bool) -> Condition | None:
    """Return STARTSWITH of a known beginning as a range, which an index can serve; None where that is no gain."""
    text, beginning = node.arguments
    if not c.is_constant(beginning) or c.is_constant(text):
        return None
    try:
        prefix = c.evaluate(beginning)
    except EvaluationError:
        return failed()
    behind = _text_behind(prefix) if prefix else None
    if behind is None:
        return None

    def within(term: Term) -> ColumnElement[bool]:
        column = sortable(c, term)
        return and_(column >= literal(prefix, Text()), column < literal(behind, Text()))

    if is_followed(c, text):
        return Condition(through(c, text, within))
    term = c.term(text)
    return guarded(exact(within(term), loose=loose), [term])


def _text_behind(prefix: str) -> str | None:
    """Return the first text, by code point, behind all that begin with ``prefix``; None when there is none.

    >>> _text_behind("SO-"), _text_behind("a\ud7ff"), _text_behind("a\U0010ffff")
    ('SO.', 'a\ue000', 'b')
    """
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)


def membership(c: Compiling, node: Compare, *, loose: bool) -> Condition:
    """Return ``in``: of known values, of a list that is written down, of a field or of rows."""
    if c.is_constant(node.right):
        return in_known(c, node, loose=loose)
    left = c.term(node.left)
    if isinstance(node.right, ListOf):
        found = _in_written(c, node, node.right)
    elif c.is_constant(node.left) and (held_by := held_in(c, node.right, left.sql)) is not None:
        found = Condition(held_by)
    else:
        members = set_of(c, node.right)
        value = value_of_item(members.item)
        inside = exists_in(members, compare_terms(c, value, "==", left, loose=False))
        failing = failures_of(members, [value])
        sql = inside if failing is None else unless(failing, inside)
        found = Condition(sql, may_fail=failing is not None)
    if names_user(node.left) or names_user(node.right):
        found = Condition(and_(left.sql.is_not(None), found.sql), found.may_fail)
    held = guarded(found.sql, [left])
    return Condition(held.sql, held.may_fail or found.may_fail)


def _in_written(c: Compiling, node: Compare, items: ListOf) -> Condition:
    """Compare with each item of a list; an error in any of them is one of the whole."""
    tests = [
        compare_nodes(c, Compare("==", node.left, item, node.span), loose=False)
        for item in items.items
    ]
    errors = [test.sql.is_(None) for test in tests if test.may_fail]
    found = or_(false(), *(test.sql for test in tests))
    if not errors:
        return Condition(found)
    return Condition(case((or_(*errors), null()), else_=found), may_fail=True)


def in_known(c: Compiling, node: Compare, *, loose: bool) -> Condition:
    """Condition against a list that is known: IN, which an index can serve."""
    try:
        values = list(c.evaluate(node.right))
        if names_user(node.right):
            values = [value for value in values if value is not None]
    except EvaluationError:
        return failed()
    if c.kind(node.left).base is Base.BOOLEAN:
        test = c.test(node.left, loose=False)
        choices = [
            test.sql if value else negate(test.sql) for value in set(values) if value is not None
        ]
        return Condition(or_(false(), *choices), test.may_fail)
    known = [value for value in dict.fromkeys(values) if value is not None]
    if None not in values and is_followed(c, node.left):
        return Condition(through(c, node.left, lambda term: one_of(c, term, known)))
    term = c.term(node.left)
    found = one_of(c, term, known)
    if None in values:
        found = or_(found, term.sql.is_(None))
    return guarded(exact(found, loose=loose), [term])


def one_of(c: Compiling, term: Term, values: Sequence[Any]) -> ColumnElement[bool]:
    """Compare with several values, none of them null; null when the field is."""
    if not values:
        return false()
    if term.kind.base in MONEY_LIKE or is_mixed(term, values):
        return or_(*(compare_value(c, term, "==", value) for value in values))
    return term.sql.in_([c.literal(value, term.kind).sql for value in values])


def is_mixed(term: Term, values: Sequence[Any]) -> bool:
    """Tell whether days meet instants."""
    day = term.kind.base is Base.DATE
    return any(isinstance(value, date) and isinstance(value, datetime) is day for value in values)


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
