"""Macros in SQL: EXISTS, aggregates, the first row of a set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    case,
    false,
    func,
    literal,
    null,
    or_,
    true,
)

from formwright.errors import UnknownName
from formwright.expressions.environment import EvaluationError
from formwright.expressions.evaluate import prepare_items
from formwright.expressions.kinds import MONEY_LIKE, Base, Kind
from formwright.expressions.tree import (
    Call,
    Literal,
    Node,
)
from formwright.store.compile_base import (
    Compiling,
    Fixed,
    RecordColumns,
    Rows,
    failed,
    query,
    sortable,
    unless,
)
from formwright.store.compile_sets import exists_in, failures_of, select_from, set_of
from formwright.store.compile_terms import CannotCompile, Condition, Sql, Term, negate
from formwright.store.compile_values import value_of_item
from formwright.texts import say


def quantified(c: Compiling, node: Call) -> Condition:
    """ANY, ALL and NONE: an item that decides does so in spite of errors elsewhere."""
    source, body = node.arguments
    wanted = node.function != "ALL"
    if c.is_constant(source):
        try:
            tests = [inner.test(body, loose=False) for inner in unrolled(c, source)]
        except EvaluationError:
            return failed()
        sql = or_(false(), *((test.sql if wanted else negate(test.sql)) for test in tests))
        result = Condition(sql, any(test.may_fail for test in tests))
    else:
        result = decided_by_item(c, source, body, wanted=wanted)
    return result if node.function == "ANY" else Condition(negate(result.sql), result.may_fail)


def decided_by_item(c: Compiling, source: Node, body: Node, *, wanted: bool) -> Condition:
    """Return ANY of an item, or of its contrary, over rows."""
    members = set_of(c, source)
    test = c.inside(members.item).test(body, loose=False)
    decisive = test.sql if wanted else negate(test.sql)
    found = exists_in(members, decisive)
    failing = [exists_in(members, test.sql.is_(None))] if test.may_fail else []
    broken = failures_of(members)
    if not failing and broken is None:
        return Condition(found)
    sql: ColumnElement[bool] = case(
        (found, true()), *((each, null()) for each in failing), else_=false()
    )
    return Condition(sql if broken is None else unless(broken, sql), may_fail=True)


def unrolled(c: Compiling, source: Node) -> list[Compiling]:
    """Return a compiler for each item of a list that is known."""
    is_row = c.kind(source).base is Base.RECORDS
    items = prepare_items(c.checked, source)(c.bindings)
    return [c.inside(Fixed(item, is_row)) for item in items]


def count_if(c: Compiling, node: Call, kind: Kind) -> Term:
    """Return COUNT with a condition."""
    source, body = node.arguments
    if c.is_constant(source):
        try:
            tests = [inner.test(body, loose=False) for inner in unrolled(c, source)]
        except EvaluationError:
            return Term(null(), kind, 0, (true(),))
        errors = tuple(test.sql.is_(None) for test in tests if test.may_fail)
        total: Sql = literal(0, BigInteger())
        for test in tests:
            total = total + case((test.sql, 1), else_=0)
        return Term(total, kind, 0, errors)
    members = set_of(c, source)
    test = c.inside(members.item).test(body, loose=False)
    filtered = replace(
        members,
        conditions=(*members.conditions, test.sql),
        tests=(*members.tests, test) if test.may_fail else members.tests,
    )
    return scalar(filtered, func.count(), kind, 0)


def scalar(
    members: Rows,
    what: Sql,
    kind: Kind,
    scale: int | None,
    terms: Iterable[Term] = (),
) -> Term:
    """Return one value worked out over a set."""
    failing = failures_of(members, terms)
    found = select_from(members, what).scalar_subquery()
    return Term(found, kind, scale, () if failing is None else (failing,))


def aggregate(c: Compiling, node: Call, kind: Kind) -> Term:
    """Return COUNT, COUNTDISTINCT, SUM, AVG, MIN or MAX over a set."""
    members = set_of(c, node.arguments[0])
    if len(node.arguments) == 2:
        value = c.inside(members.item).term(node.arguments[1])
    elif node.function == "COUNT" and not isinstance(members.item, Term):
        return scalar(members, func.count(), kind, 0)
    else:
        value = value_of_item(members.item)
    return aggregate_value(c, node.function, members, value, kind)


def aggregate_value(c: Compiling, name: str, members: Rows, value: Term, kind: Kind) -> Term:
    """Aggregate a value over a set.

    The value is made in a sub-select of its own: an aggregate of outer columns alone would, by the rules of
    SQL, be one of the outer statement.
    """
    failing = failures_of(members, [value])
    inner = select_from(members, value.sql.label("value")).subquery()
    what, scale = aggregated(c, name, replace(value, sql=inner.c.value))
    found = query([inner], [what], []).scalar_subquery()
    return Term(found, kind, scale, () if failing is None else (failing,))


def aggregated(c: Compiling, name: str, value: Term) -> tuple[Sql, int | None]:
    """Return the aggregate of a value, with the scale of the result."""
    numeric = value.kind.base in MONEY_LIKE
    match name:
        case "COUNT":
            return func.count(value.sql), 0
        case "COUNTDISTINCT":
            if numeric and value.scale is None:
                return c.numbers.count_distinct(value.sql), 0
            return func.count(value.sql.distinct()), 0
        case "SUM" if value.scale is not None:
            return func.coalesce(func.sum(value.sql), 0), value.scale
        case "SUM":
            total = c.numbers.aggregate("sum", value.sql)
            return func.coalesce(total, c.numbers.constant(Decimal(0))), None
        case "AVG":
            return average(c, value), None
        case _:
            operation = "min" if name == "MIN" else "max"
            if numeric and value.scale is None:
                return c.numbers.aggregate(operation, value.sql), None
            return getattr(func, operation)(sortable(c, value)), value.scale


def average(c: Compiling, value: Term) -> Sql:
    """Return the mean: the quotient of two exact numbers, null without values."""
    if value.scale is not None:
        total = c.numbers.scaled(func.sum(value.sql, type_=BigInteger()), value.scale)
    else:
        total = c.numbers.aggregate("sum", value.sql)
    return c.numbers.operate("/", total, c.numbers.scaled(func.count(value.sql), 0))


def first_of(c: Compiling, node: Call, kind: Kind) -> Term:
    """Return the id of the first row of a set."""
    members = set_of(c, node.arguments[0])
    row = members.item
    if isinstance(row, Term):
        raise CannotCompile(say("a database keeps no order of the values of a list"))
    query = select_from(members, row.id).order_by(*order_of(row, node)).limit(1)
    failing = failures_of(members)
    return Term(query.scalar_subquery(), kind, None, () if failing is None else (failing,))


def order_of(row: RecordColumns, node: Call) -> list[Sql]:
    """Return the sorting of FIRST: null is the smallest, the id decides between equals."""
    order = (
        node.arguments[1].value
        if len(node.arguments) == 2 and isinstance(node.arguments[1], Literal)
        else None
    )
    if not isinstance(order, str):
        return [*position_of(row), row.id.asc()]
    column = row.value(order.removeprefix("-"))
    if order.startswith("-"):
        return [column.desc().nulls_last(), row.id.desc()]
    return [column.asc().nulls_first(), row.id.asc()]


def position_of(row: RecordColumns) -> list[Sql]:
    """Return the order in which rows of a subform stand."""
    try:
        return [row.value("position").asc().nulls_first()] if row.definition.parent else []
    except UnknownName:
        return []
