"""From a checked expression to SQL that selects the same records as the interpreter, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Text,
    and_,
    case,
    cast,
    false,
    literal,
    null,
    or_,
    true,
)

from formwright.expressions.arguments import constant
from formwright.expressions.checked import Checked
from formwright.expressions.environment import Environment, EvaluationError
from formwright.expressions.evaluate import prepare_part
from formwright.expressions.kinds import BOOLEAN, MONEY_LIKE, Base, Kind
from formwright.expressions.tree import (
    Arithmetic,
    Call,
    Compare,
    Conditional,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
)
from formwright.store.columntypes import Instant
from formwright.store.compile_base import MANY, Columns, Fixed, Item, RecordColumns, Scope, failed
from formwright.store.compile_calls import FORMS
from formwright.store.compile_comparisons import compare_nodes, starts_with_known
from formwright.store.compile_dates import Moments, moments_of
from formwright.store.compile_macros import aggregate, count_if, first_of, quantified
from formwright.store.compile_numbers import (
    Numbers,
    exact_number,
    numbers_of,
)
from formwright.store.compile_sets import any_item
from formwright.store.compile_terms import (
    CannotCompile,
    Condition,
    Sql,
    Term,
    exact,
    guarded,
    negate,
)
from formwright.store.compile_values import (
    arithmetic,
    choose_value,
    extreme_of,
    first_value,
    is_followed,
    through,
    value_of_member,
    value_of_name,
)
from formwright.store.sqlite_functions import register_sqlite_functions
from formwright.texts import say

__all__ = ["CannotCompile", "compile_condition", "compile_value", "register_sqlite_functions"]

#: Formulas that are not stored and build on one another: each may repeat the one below.
MAXIMUM_FORMULAS = 5


def compile_condition(
    checked: Checked, row: RecordColumns, columns: Columns, bindings: Environment
) -> ColumnElement[bool]:
    """Return the condition on ``row`` that holds exactly where ``checked`` is true, and is never true on an error.

    Parts that do not depend on the row are worked out once, in ``bindings``, and bound. The result is for WHERE:
    where it is not true it may be null. Raises CannotCompile.
    """
    _require(checked)
    return _Compiler(checked, columns, bindings, Scope(row)).test(checked.node, loose=True).sql


def compile_value(
    checked: Checked, row: RecordColumns, columns: Columns, bindings: Environment, scale: int = 2
) -> ColumnElement[Any]:
    """Return the value of ``checked`` for ``row``, null where there is an error.

    Numbers come as integers of 10**-scale units, days and instants as ``Instant``, booleans as conditions.
    """
    _require(checked)
    compiler = _Compiler(checked, columns, bindings, Scope(row))
    if checked.kind.base is Base.BOOLEAN:
        return compiler.test(checked.node, loose=False).sql
    term = compiler.term(checked.node)
    value = term.sql
    if term.kind.base in MONEY_LIKE and term.scale != scale:
        value = compiler.numbers.unscaled(exact_number(compiler.numbers, term), scale)
    return case((or_(*term.errors), null()), else_=value) if term.errors else value


def _require(checked: Checked) -> None:
    if checked.obstacles:
        span, reason = checked.obstacles[0]
        part = checked.source[slice(*span)]
        message = say("a database cannot work out '%(part)s': %(reason)s", part=part, reason=reason)
        raise CannotCompile(message)


class _Compiler:
    """Compiles the parts of one expression in one scope."""

    def __init__(
        self,
        checked: Checked,
        columns: Columns,
        bindings: Environment,
        scope: Scope,
        depth: int = 0,
    ) -> None:
        self.checked = checked
        self.depth = depth
        self.columns = columns
        self.bindings = bindings
        self.scope = scope
        self.postgres = columns.dialect == "postgresql"
        self.numbers: Numbers = numbers_of(columns.dialect)
        self.moments: Moments = moments_of(columns.dialect)
        self.zone = bindings.timezone

    def inside(self, item: Item) -> _Compiler:
        """Return the compiler for the body of a macro."""
        scope = replace(self.scope, item=item)
        return _Compiler(self.checked, self.columns, self.bindings, scope, self.depth)

    def formula(self, checked: Checked, row: RecordColumns) -> Term:
        _require(checked)
        if self.depth >= MAXIMUM_FORMULAS:
            raise CannotCompile(say("formulas that are not stored build on one another too deep"))
        inner = _Compiler(checked, self.columns, self.bindings, Scope(row), self.depth + 1)
        return inner.term(checked.node)

    def kind(self, node: Node) -> Kind:
        return self.checked.kind_of(node)

    def is_constant(self, node: Node) -> bool:
        return self.checked.varies[id(node)] <= self.scope.known

    def evaluate(self, node: Node) -> Any:
        """Work out a part that does not depend on the row; raises EvaluationError."""
        item = self.scope.item
        is_row = isinstance(item, Fixed) and item.is_row
        key = f"part {id(node)} {is_row}"
        run = self.checked.derived.get(key)
        if run is None:
            run = self.checked.derived[key] = prepare_part(self.checked, node, item_is_row=is_row)
        return run(self.bindings, item.value if isinstance(item, Fixed) else None)

    def bound(self, node: Node) -> Term:
        """Return a known part as a bound value."""
        kind = self.kind(node)
        try:
            return self.literal(self.evaluate(node), kind)
        except EvaluationError:
            return replace(self.literal(None, kind), errors=(true(),))

    def literal(self, value: Any, kind: Kind) -> Term:
        """Return a value of the language as a bound value of the dialect."""
        match value:
            case None:
                return Term(self._nothing(kind), kind)
            case bool():
                return Term(true() if value else false(), kind)
            case Decimal():
                return Term(self.numbers.constant(value), kind)
            case int():
                return Term(literal(value, BigInteger()), kind)
            case date():
                return Term(literal(value, Instant()), kind)
            case time():
                return Term(literal(value.strftime("%H:%M:%S"), Text()), kind)
            case str():
                return Term(literal(value, Text()), kind)
            case timedelta() | _:
                raise CannotCompile(say("a database cannot compare such values"))

    def _nothing(self, kind: Kind) -> Sql:
        """Return null with a type; SQLAlchemy would turn ``= NULL`` without one into IS NULL."""
        match kind.base:
            case Base.NUMBER | Base.MONEY if self.postgres:
                return cast(null(), Numeric())
            case Base.DATE | Base.DATETIME:
                return cast(null(), Instant())
            case Base.REFERENCE:
                return cast(null(), BigInteger())
            case _:
                return cast(null(), Text())

    def test(self, node: Node, *, loose: bool) -> Condition:
        """Return a part that is yes or no as a condition; null in it means an error, when loose also false."""
        if self.is_constant(node):
            return self._known_test(node)
        match node:
            case Not():
                operand = self.test(node.operand, loose=False)
                return Condition(negate(operand.sql), operand.may_fail)
            case Logic():
                parts = [self.test(part, loose=loose) for part in node.parts]
                join = and_ if node.operator == "&&" else or_
                return Condition(
                    join(*(part.sql for part in parts)), any(part.may_fail for part in parts)
                )
            case Compare():
                return compare_nodes(self, node, loose=loose)
            case Conditional():
                return self._choose(node)
            case Call():
                return self._call_test(node, loose=loose)
            case Member() if is_followed(self, node):
                return Condition(through(self, node, lambda term: term.sql))
            case _:
                term = self.term(node)
                return guarded(term.sql, [term])

    def _known_test(self, node: Node) -> Condition:
        try:
            return Condition(true() if self.evaluate(node) else false())
        except EvaluationError:
            return failed()

    def _choose(self, node: Conditional) -> Condition:
        condition = self.test(node.condition, loose=False)
        then, otherwise = (self.test(part, loose=False) for part in (node.then, node.otherwise))
        chosen = case((condition.sql, then.sql), else_=otherwise.sql)
        if condition.may_fail:
            chosen = case((condition.sql.is_(None), null()), else_=chosen)
        return Condition(chosen, any(test.may_fail for test in (condition, then, otherwise)))

    def term(self, node: Node) -> Term:
        """Return a part as a value."""
        kind = self.kind(node)
        if self.is_constant(node):
            return self.bound(node)
        if kind.base is Base.BOOLEAN and not isinstance(node, Name | Member):
            test = self.test(node, loose=False)
            errors = (test.sql.is_(None),) if test.may_fail else ()
            return Term(test.sql, kind, errors=errors)
        match node:
            case Name():
                return value_of_name(self, node, kind)
            case Member():
                return value_of_member(self, node, kind)
            case Negate():
                operand = self.term(node.operand)
                if operand.scale is not None:
                    return replace(operand, sql=-operand.sql, kind=kind)
                return replace(operand, sql=self.numbers.call("negate", operand.sql), kind=kind)
            case Arithmetic():
                return arithmetic(self, node, kind)
            case Conditional():
                return choose_value(self, node, kind)
            case Call():
                return self._call(node, kind)
            case _:
                raise CannotCompile(say("a database can only work out a single value"))

    def _call_test(self, node: Call, *, loose: bool) -> Condition:
        meaning = self.checked.expansions.get(id(node))
        if meaning is not None:
            return self.test(meaning, loose=loose)
        if node.function in {"ANY", "ALL", "NONE"}:
            return quantified(self, node)
        if node.function == "ISBLANK" and self.kind(node.arguments[0]).base in MANY:
            found = any_item(self, node.arguments[0])
            return Condition(negate(found.sql), found.may_fail)
        if node.function == "STARTSWITH":
            in_range = starts_with_known(self, node, loose=loose)
            if in_range is not None:
                return in_range
        term = self._call(node, BOOLEAN)
        return guarded(exact(term.sql, loose=loose), [term])

    def _call(self, node: Call, kind: Kind) -> Term:
        meaning = self.checked.expansions.get(id(node))
        if meaning is not None:
            return self.term(meaning)
        function = self.checked.functions[id(node)]
        match node.function if function.special else "":
            case "COALESCE":
                return first_value(self, node, kind)
            case "COUNT" if len(node.arguments) == 2:
                return count_if(self, node, kind)
            case "FIRST":
                return first_of(self, node, kind)
            case "MIN" | "MAX" if self.kind(node.arguments[0]).base not in MANY:
                return extreme_of(self, node, kind)
            case "COUNT" | "COUNTDISTINCT" | "SUM" | "AVG" | "MIN" | "MAX":
                return aggregate(self, node, kind)
        terms = [self.term(argument) for argument in node.arguments]
        words = [str(constant(argument) or "") for argument in node.arguments]
        errors = tuple(error for term in terms for error in term.errors)
        form = FORMS.get(node.function)
        if form is not None:
            term = form(self, terms, words, kind)
        elif function.sql is not None:
            values = (
                exact_number(self.numbers, term) if term.kind.base in MONEY_LIKE else term.sql
                for term in terms
            )
            term = Term(function.sql(self.columns.dialect, *values), kind)
        else:
            raise CannotCompile(say("a database cannot work out %(name)s", name=node.function))
        return replace(term, errors=errors + term.errors)
