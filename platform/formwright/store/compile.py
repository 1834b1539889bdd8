"""From a checked expression to SQL that selects the same records as the interpreter, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    type_coerce,
)

from formwright.definitions.model import Entity
from formwright.errors import UnknownName
from formwright.expressions import calendar
from formwright.expressions.calls import constant
from formwright.expressions.checked import Checked, Meaning
from formwright.expressions.environment import Environment, EvaluationError
from formwright.expressions.evaluate import prepare_items, prepare_part
from formwright.expressions.kinds import BOOLEAN, MONEY_LIKE, NUMBER, Base, Kind, reference
from formwright.expressions.relations import is_day_against_instant
from formwright.expressions.tree import (
    Arithmetic,
    Call,
    Compare,
    Conditional,
    ListOf,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
)
from formwright.store.columntypes import Instant
from formwright.store.compile_calls import FORMS, day_of, divided
from formwright.store.compile_dates import Moments, moments_of
from formwright.store.compile_numbers import (
    Numbers,
    compare,
    compare_with_constant,
    exact_number,
    numbers_of,
)
from formwright.store.compile_terms import CannotCompile, Sql, Term, Test, exact, guarded, negate
from formwright.store.sqlite_functions import register_sqlite_functions
from formwright.texts import say

__all__ = ["CannotCompile", "compile_condition", "compile_value", "register_sqlite_functions"]

_MANY = frozenset({Base.LIST, Base.RECORDS})
_CONSTANT: frozenset[str] = frozenset()


class RecordColumns(Protocol):
    """One row of a record table, as ``store.columns`` gives it."""

    @property
    def entity(self) -> str: ...
    @property
    def definition(self) -> Entity: ...
    @property
    def id(self) -> ColumnElement[int]: ...
    def belongs(self) -> ColumnElement[bool]: ...
    def value(self, key: str) -> ColumnElement[Any]: ...
    def scale(self, key: str) -> int: ...
    def items(self, key: str) -> FromClause: ...


class Columns(Protocol):
    """The way to the columns of other records."""

    @property
    def dialect(self) -> str: ...
    def record(self, entity: str) -> RecordColumns: ...


def compile_condition(
    checked: Checked, row: RecordColumns, columns: Columns, bindings: Environment
) -> ColumnElement[bool]:
    """Return the condition on ``row`` that holds exactly where ``checked`` is true, and is never true on an error.

    Parts that do not depend on the row are worked out once, in ``bindings``, and bound. The result is for WHERE:
    where it is not true it may be null. Raises CannotCompile.
    """
    _require(checked)
    return _Compiler(checked, columns, bindings, _Scope(row)).test(checked.node, loose=True).sql


def compile_value(
    checked: Checked, row: RecordColumns, columns: Columns, bindings: Environment, scale: int = 2
) -> ColumnElement[Any]:
    """Return the value of ``checked`` for ``row``, null where there is an error.

    Numbers come as integers of 10**-scale units, days and instants as ``Instant``, booleans as conditions.
    """
    _require(checked)
    compiler = _Compiler(checked, columns, bindings, _Scope(row))
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


@dataclass(frozen=True, slots=True)
class _Fixed:
    """An item of a macro that is known before the statement runs; a row or a plain value."""

    value: Any
    is_row: bool


_Item: TypeAlias = RecordColumns | Term | _Fixed | None


@dataclass(frozen=True, slots=True)
class _Scope:
    """The row a part is about, and what ``item`` is there."""

    row: RecordColumns
    item: _Item = None

    @property
    def known(self) -> frozenset[str]:
        """What may vary and is known nevertheless."""
        return frozenset({"item"}) if isinstance(self.item, _Fixed) else _CONSTANT


@dataclass(frozen=True, slots=True)
class _Set:
    """What a macro goes through: rows, or values that come with rows."""

    tables: tuple[FromClause, ...]
    conditions: tuple[ColumnElement[bool], ...]
    item: RecordColumns | Term
    #: Null where the choice of rows has an error.
    tests: tuple[Test, ...] = ()


class _Compiler:
    """Compiles the parts of one expression in one scope."""

    def __init__(
        self, checked: Checked, columns: Columns, bindings: Environment, scope: _Scope
    ) -> None:
        self.checked = checked
        self.columns = columns
        self.bindings = bindings
        self.scope = scope
        self.postgres = columns.dialect == "postgresql"
        self.numbers: Numbers = numbers_of(columns.dialect)
        self.moments: Moments = moments_of(columns.dialect)
        self.zone = bindings.timezone

    def inside(self, item: _Item) -> _Compiler:
        """Return the compiler for the body of a macro."""
        return _Compiler(self.checked, self.columns, self.bindings, replace(self.scope, item=item))

    def kind(self, node: Node) -> Kind:
        return self.checked.kind_of(node)

    # -- what is known beforehand -------------------------------------------------------------------------------

    def is_constant(self, node: Node) -> bool:
        return self.checked.varies[id(node)] <= self.scope.known

    def evaluate(self, node: Node) -> Any:
        """Work out a part that does not depend on the row; raises EvaluationError."""
        item = self.scope.item
        is_row = isinstance(item, _Fixed) and item.is_row
        key = f"part {id(node)} {is_row}"
        run = self.checked.derived.get(key)
        if run is None:
            run = self.checked.derived[key] = prepare_part(self.checked, node, item_is_row=is_row)
        return run(self.bindings, item.value if isinstance(item, _Fixed) else None)

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
                return Term(null(), kind)
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

    # -- conditions ---------------------------------------------------------------------------------------------

    def test(self, node: Node, *, loose: bool) -> Test:
        """Return a part that is yes or no as a condition; null in it means an error, when loose also false."""
        if self.is_constant(node):
            return self._known_test(node)
        match node:
            case Not():
                operand = self.test(node.operand, loose=False)
                return Test(negate(operand.sql), operand.may_fail)
            case Logic():
                parts = [self.test(part, loose=loose) for part in node.parts]
                join = and_ if node.operator == "&&" else or_
                return Test(
                    join(*(part.sql for part in parts)), any(part.may_fail for part in parts)
                )
            case Compare():
                return self._compare(node, loose=loose)
            case Conditional():
                return self._choose(node)
            case Call():
                return self._call_test(node, loose=loose)
            case _:
                term = self.term(node)
                return guarded(term.sql, [term])

    def _known_test(self, node: Node) -> Test:
        try:
            return Test(true() if self.evaluate(node) else false())
        except EvaluationError:
            return Test(type_coerce(null(), true().type), may_fail=True)

    def _choose(self, node: Conditional) -> Test:
        condition = self.test(node.condition, loose=False)
        then, otherwise = (self.test(part, loose=False) for part in (node.then, node.otherwise))
        chosen = case((condition.sql, then.sql), else_=otherwise.sql)
        if condition.may_fail:
            chosen = case((condition.sql.is_(None), null()), else_=chosen)
        return Test(chosen, any(test.may_fail for test in (condition, then, otherwise)))

    def _compare(self, node: Compare, *, loose: bool) -> Test:
        if node.operator == "in":
            return self._membership(node, loose=loose)
        left, right = node.left, node.right
        if Base.NULL in (self.kind(left).base, self.kind(right).base):
            return self._compare_with_null(node)
        operator = node.operator
        if self.is_constant(left):
            left, right, operator = right, left, _MIRRORED.get(operator, operator)
        if self.is_constant(right):
            return self._compare_with_constant(left, operator, right, loose=loose)
        first, second = self.term(left), self.term(right)
        return guarded(self._compare_terms(first, operator, second, loose=loose), [first, second])

    def _compare_with_null(self, node: Compare) -> Test:
        other = node.right if self.kind(node.left).base is Base.NULL else node.left
        if self.kind(other).base in _MANY:
            found = self._any_item(other)
            return Test(negate(found.sql) if node.operator == "==" else found.sql, found.may_fail)
        if self.kind(other).base is Base.BOOLEAN:
            test = self.test(other, loose=False)
            never = false() if node.operator == "==" else true()
            return Test(
                case((test.sql.is_(None), null()), else_=never) if test.may_fail else never,
                test.may_fail,
            )
        term = self.term(other)
        missing = term.sql.is_(None)
        return guarded(missing if node.operator == "==" else negate(missing), [term])

    def _compare_with_constant(
        self, left: Node, operator: str, right: Node, *, loose: bool
    ) -> Test:
        """Compare with what is known: the form an index can serve."""
        try:
            value = self.evaluate(right)
        except EvaluationError:
            return Test(type_coerce(null(), true().type), may_fail=True)
        if self.kind(left).base is Base.BOOLEAN:
            test = self.test(left, loose=False)
            return (
                test if bool(value) is (operator == "==") else Test(negate(test.sql), test.may_fail)
            )
        term = self.term(left)
        if value is None:
            missing = {"==": term.sql.is_(None), "!=": term.sql.is_not(None)}.get(operator, false())
            return guarded(missing, [term])
        if is_day_against_instant(self.kind(left), self.kind(right)):
            return guarded(self._compare_days(term, operator, value, loose=loose), [term])
        sql = self._compare_value(term, operator, value)
        if operator == "!=":
            return guarded(sql, [term])
        return guarded(exact(sql, loose=loose), [term])

    def _compare_value(self, term: Term, operator: str, value: Any) -> ColumnElement[bool]:
        if isinstance(value, Decimal):
            if term.scale is not None:
                return compare_with_constant(operator, term.sql, term.scale, value)
            number = self.numbers.constant(value)
            if operator == "!=":
                return func.coalesce(self.numbers.compare("!=", term.sql, number), true())
            return self.numbers.compare(operator, term.sql, number)
        other = self.literal(value, term.kind).sql
        if operator == "!=":
            return term.sql.is_distinct_from(other)
        return compare(operator, self._sortable(term), other)  # type: ignore[no-any-return] # a SQL comparison

    def _sortable(self, term: Term) -> Sql:
        """Return a text so that it compares by code point; columns do already."""
        if not self.postgres or term.kind.base is not Base.TEXT or isinstance(term.sql, Column):
            return term.sql
        return term.sql.collate("C")

    def _compare_days(
        self, term: Term, operator: str, value: date, *, loose: bool
    ) -> ColumnElement[bool]:
        """Compare a day with an instant by the day of the latter; a known day becomes two instants."""
        if term.kind.base is Base.DATE:
            day = calendar.day_of(value, self.bindings_zone)
            sql = self._compare_value(term, operator, day)
            return sql if operator == "!=" else exact(sql, loose=loose)
        try:
            start = calendar.start_of_day(value, self.bindings_zone)
            end = calendar.start_of_day(value + timedelta(days=1), self.bindings_zone)
        except OverflowError:
            day_term = Term(day_of(self, term), Kind(Base.DATE))
            return exact(self._compare_value(day_term, operator, value), loose=loose)
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

    @property
    def bindings_zone(self) -> Any:
        """The reader's time zone as an object."""
        return ZoneInfo(self.zone)

    def _compare_terms(
        self, left: Term, operator: str, right: Term, *, loose: bool
    ) -> ColumnElement[bool]:
        """Compare two values that both depend on the row."""
        if left.kind.base in MONEY_LIKE:
            return self._compare_numbers(left, operator, right, loose=loose)
        if is_day_against_instant(left.kind, right.kind):
            day = Kind(Base.DATE)
            left, right = (Term(day_of(self, term), day) for term in (left, right))
        return self._compare_sql(self._sortable(left), operator, right.sql, loose=loose)

    def _compare_sql(
        self, left: Sql, operator: str, right: Sql, *, loose: bool
    ) -> ColumnElement[bool]:
        if operator == "==":
            return left.is_not_distinct_from(right)
        if operator == "!=":
            return left.is_distinct_from(right)
        return exact(compare(operator, left, right), loose=loose)

    def _compare_numbers(
        self, left: Term, operator: str, right: Term, *, loose: bool
    ) -> ColumnElement[bool]:
        if left.scale is not None and left.scale == right.scale:
            return self._compare_sql(left.sql, operator, right.sql, loose=loose)
        first, second = exact_number(self.numbers, left), exact_number(self.numbers, right)
        if self.postgres:
            return self._compare_sql(first, operator, second, loose=loose)
        found = exact(
            self.numbers.compare("==" if operator == "!=" else operator, first, second), loose=False
        )
        if operator in {"==", "!="}:
            same = or_(found, and_(left.sql.is_(None), right.sql.is_(None)))
            return same if operator == "==" else negate(same)
        return found

    # -- membership ---------------------------------------------------------------------------------------------

    def _membership(self, node: Compare, *, loose: bool) -> Test:
        if self.is_constant(node.right):
            return self._in_known(node, loose=loose)
        if isinstance(node.right, ListOf):
            tests = [
                self._compare(Compare("==", node.left, item, node.span), loose=False)
                for item in node.right.items
            ]
            errors = [test.sql.is_(None) for test in tests if test.may_fail]
            found = or_(false(), *(test.sql for test in tests))
            return (
                Test(case((or_(*errors), null()), else_=found), may_fail=True)
                if errors
                else Test(found)
            )
        left = self.term(node.left) if not self.is_constant(node.left) else self.bound(node.left)
        members = self._set(node.right)
        value = self._value_of(members.item)
        found = self._exists(members, self._compare_terms(value, "==", left, loose=False))
        failing = self._failures(members, [value])
        return (
            guarded(_unless(failing, found), [left])
            if failing is not None
            else guarded(found, [left])
        )

    def _in_known(self, node: Compare, *, loose: bool) -> Test:
        """Test against a list that is known: IN, which an index can serve."""
        try:
            values = list(self.evaluate(node.right))
        except EvaluationError:
            return Test(type_coerce(null(), true().type), may_fail=True)
        if self.kind(node.left).base is Base.BOOLEAN:
            test = self.test(node.left, loose=False)
            choices = [
                test.sql if value else negate(test.sql)
                for value in set(values)
                if value is not None
            ]
            return Test(or_(false(), *choices), test.may_fail)
        term = self.term(node.left)
        known = [value for value in dict.fromkeys(values) if value is not None]
        if term.kind.base in MONEY_LIKE or self._is_mixed(term, known):
            parts = [self._one_of(term, value) for value in known]
            found: ColumnElement[bool] = or_(false(), *parts)
        elif known:
            found = term.sql.in_([self.literal(value, term.kind).sql for value in known])
        else:
            found = false()
        if None in values:
            found = or_(found, term.sql.is_(None))
        return guarded(exact(found, loose=loose), [term])

    def _is_mixed(self, term: Term, values: Sequence[Any]) -> bool:
        """Tell whether days meet instants."""
        day = term.kind.base is Base.DATE
        return any(
            isinstance(value, date) and isinstance(value, datetime) is day for value in values
        )

    def _one_of(self, term: Term, value: Any) -> ColumnElement[bool]:
        return self._compare_value(term, "==", value)

    # -- values -------------------------------------------------------------------------------------------------

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
                return self._name(node, kind)
            case Member():
                return self._member(node, kind)
            case Negate():
                operand = self.term(node.operand)
                if operand.scale is not None:
                    return replace(operand, sql=-operand.sql, kind=kind)
                return replace(operand, sql=self.numbers.call("negate", operand.sql), kind=kind)
            case Arithmetic():
                return self._arithmetic(node, kind)
            case Conditional():
                return self._choice(node, kind)
            case Call():
                return self._call(node, kind)
            case _:
                raise CannotCompile(say("a database can only work out a single value"))

    def _name(self, node: Name, kind: Kind) -> Term:
        match self.checked.meaning_of(node):
            case Meaning.FIELD:
                return self._field(self.scope.row, node.name, kind)
            case Meaning.SELF:
                return Term(self.scope.row.id, kind)
            case Meaning.PARENT:
                return Term(self.scope.row.value("parent_id"), kind)
            case _:
                return self._value_of(self.scope.item)

    def _value_of(self, item: _Item) -> Term:
        if isinstance(item, Term):
            return item
        if item is None or isinstance(item, _Fixed):
            raise CannotCompile(say("there is no item here"))
        return Term(item.id, reference(item.entity))

    def _field(self, row: RecordColumns, name: str, kind: Kind) -> Term:
        """Return a field of a row; a computed one that is not stored is worked out in its place."""
        definition = row.definition.fields.get(name)
        if definition is not None and definition.compute is not None and not definition.stored:
            return self._computed(definition.compute, row)
        scale = row.scale(name) if kind.base in MONEY_LIKE else None
        return Term(row.value(name), kind, scale)

    def _computed(self, checked: Checked, row: RecordColumns) -> Term:
        _require(checked)
        return _Compiler(checked, self.columns, self.bindings, _Scope(row)).term(checked.node)

    def _member(self, node: Member, kind: Kind) -> Term:
        owner = node.owner
        if self.kind(owner).base is Base.OBJECT:
            return self._part(owner, node.name, kind)
        row = self._row_at_hand(owner)
        if row is not None:
            return self._field(row, node.name, kind)
        return self._follow(self.term(owner), node.name, kind)

    def _row_at_hand(self, node: Node) -> RecordColumns | None:
        """Return the row a name stands for, when it is one that the statement goes through anyway."""
        if not isinstance(node, Name):
            return None
        meaning = self.checked.meaning_of(node)
        if meaning is Meaning.SELF:
            return self.scope.row
        item = self.scope.item
        if meaning is Meaning.ITEM and item is not None and not isinstance(item, Term | _Fixed):
            return item
        return None

    def _follow(self, owner: Term, name: str, kind: Kind) -> Term:
        """Return a field of the record that ``owner`` refers to."""
        other = self.columns.record(owner.kind.entity)
        inner = self._field(other, name, kind)
        here = _table(other)
        found = _query(
            [here], [inner.sql], [other.belongs(), other.id == owner.sql]
        ).scalar_subquery()
        sql: Sql = func.coalesce(found, false()) if kind.base is Base.BOOLEAN else found
        errors = owner.errors
        if inner.errors:
            conditions = [other.belongs(), other.id == owner.sql, or_(*inner.errors)]
            errors = (*errors, exists(_query([here], [true()], conditions)))
        return Term(sql, kind, inner.scale, errors)

    def _part(self, owner: Node, name: str, kind: Kind) -> Term:
        """Return a part of a value with parts: ``address.city``."""
        if isinstance(owner, Name):
            return Term(self.scope.row.value(f"{owner.name}.{name}"), kind)
        if not isinstance(owner, Member):
            raise CannotCompile(say("a database can only work out a single value"))
        row = self._row_at_hand(owner.owner)
        if row is not None:
            return Term(row.value(f"{owner.name}.{name}"), kind)
        reference_term = self.term(owner.owner)
        other = self.columns.record(reference_term.kind.entity)
        conditions = [other.belongs(), other.id == reference_term.sql]
        found = _query([_table(other)], [other.value(f"{owner.name}.{name}")], conditions)
        return Term(found.scalar_subquery(), kind, None, reference_term.errors)

    def _arithmetic(self, node: Arithmetic, kind: Kind) -> Term:
        left, right = self.term(node.left), self.term(node.right)
        errors = left.errors + right.errors
        if kind.base is Base.TEXT:
            joined = func.coalesce(left.sql, "").concat(func.coalesce(right.sql, ""))
            return Term(type_coerce(joined, Text()), kind, errors=errors)
        if node.operator in "/%":
            divided_term = divided(self, node.operator, left, right, kind)
            return replace(divided_term, errors=errors + divided_term.errors)
        first, second = exact_number(self.numbers, left), exact_number(self.numbers, right)
        return Term(self.numbers.operate(node.operator, first, second), kind, errors=errors)

    def _choice(self, node: Conditional, kind: Kind) -> Term:
        condition = self.test(node.condition, loose=False)
        then, otherwise = self._alike([self.term(node.then), self.term(node.otherwise)], kind)
        errors: list[ColumnElement[bool]] = []
        if condition.may_fail:
            errors.append(condition.sql.is_(None))
        if then.errors or otherwise.errors:
            failing = case(
                (condition.sql, or_(false(), *then.errors)),
                else_=or_(false(), *otherwise.errors),
            )
            errors.append(failing)
        sql = case((condition.sql, then.sql), else_=otherwise.sql)
        return Term(sql, kind, then.scale, tuple(errors))

    def _alike(self, terms: Iterable[Term], kind: Kind) -> list[Term]:
        """Return terms in one form: numbers as exact numbers, unless all have the same scale."""
        found = list(terms)
        if kind.base not in MONEY_LIKE:
            return found
        scales = {term.scale for term in found}
        if len(scales) == 1:
            return found
        return [replace(term, sql=exact_number(self.numbers, term), scale=None) for term in found]

    # -- calls --------------------------------------------------------------------------------------------------

    def _call_test(self, node: Call, *, loose: bool) -> Test:
        meaning = self.checked.expansions.get(id(node))
        if meaning is not None:
            return self.test(meaning, loose=loose)
        if node.function in {"ANY", "ALL", "NONE"}:
            return self._quantified(node)
        if node.function == "ISBLANK" and self.kind(node.arguments[0]).base in _MANY:
            found = self._any_item(node.arguments[0])
            return Test(negate(found.sql), found.may_fail)
        term = self._call(node, BOOLEAN)
        return guarded(exact(term.sql, loose=loose), [term])

    def _call(self, node: Call, kind: Kind) -> Term:
        meaning = self.checked.expansions.get(id(node))
        if meaning is not None:
            return self.term(meaning)
        function = self.checked.functions[id(node)]
        match node.function if function.special else "":
            case "COALESCE":
                return self._coalesce(node, kind)
            case "COUNT" if len(node.arguments) == 2:
                return self._count_if(node, kind)
            case "FIRST":
                return self._first(node, kind)
            case "MIN" | "MAX" if self.kind(node.arguments[0]).base not in _MANY:
                return self._extreme(node, kind)
            case "COUNT" | "COUNTDISTINCT" | "SUM" | "AVG" | "MIN" | "MAX":
                return self._aggregate(node, kind)
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

    def _coalesce(self, node: Call, kind: Kind) -> Term:
        terms = self._alike([self.term(argument) for argument in node.arguments], kind)
        errors: list[ColumnElement[bool]] = []
        for place, term in enumerate(terms):
            earlier = [before.sql.is_(None) for before in terms[:place]]
            errors.extend(and_(*earlier, error) for error in term.errors)
        sql = func.coalesce(*(term.sql for term in terms)) if len(terms) > 1 else terms[0].sql
        return Term(sql, kind, terms[0].scale, tuple(errors))

    def _extreme(self, node: Call, kind: Kind) -> Term:
        """Return the least or greatest of several values, leaving null out."""
        terms = [self.term(argument) for argument in node.arguments]
        errors = tuple(error for term in terms for error in term.errors)
        name = "least" if node.function == "MIN" else "greatest"
        if kind.base in MONEY_LIKE:
            numbers = [exact_number(self.numbers, term) for term in terms]
            return Term(self.numbers.extreme(name, numbers), kind, errors=errors)
        values = [self._sortable(term) for term in terms]
        if self.postgres:
            return Term(getattr(func, name)(*values), kind, errors=errors)
        return Term(
            _least_of(values, func.min if name == "least" else func.max), kind, errors=errors
        )

    # -- sets ---------------------------------------------------------------------------------------------------

    def _set(self, node: Node) -> _Set:
        """Return what a macro goes through as a table with conditions."""
        match node:
            case Call(function="FILTER"):
                members = self._set(node.arguments[0])
                test = self.inside(members.item).test(node.arguments[1], loose=False)
                conditions = (*members.conditions, test.sql)
                tests = (*members.tests, test) if test.may_fail else members.tests
                return replace(members, conditions=conditions, tests=tests)
            case Name() if self.checked.meaning_of(node) is Meaning.FIELD:
                return self._set_of_field(self.scope.row, node.name, self.kind(node))
            case Member() if self.kind(node.owner).base in _MANY:
                members = self._set(node.owner)
                item_kind = self.kind(node).of or NUMBER
                return replace(
                    members, item=self._field_of_item(members.item, node.name, item_kind)
                )
            case Member():
                row = self._row_at_hand(node.owner)
                if row is not None:
                    return self._set_of_field(row, node.name, self.kind(node))
                return self._set_behind(self.term(node.owner), node.name, self.kind(node))
            case _:
                raise CannotCompile(
                    say("a database can only go through the rows or values of a field")
                )

    def _field_of_item(self, item: RecordColumns | Term, name: str, kind: Kind) -> Term:
        if isinstance(item, Term):
            return self._follow(item, name, kind)
        return self._field(item, name, kind)

    def _set_behind(self, owner: Term, name: str, kind: Kind) -> _Set:
        """Return the rows of a record that a reference leads to."""
        other = self.columns.record(owner.kind.entity)
        members = self._set_of_field(other, name, kind)
        return replace(
            members,
            tables=(_table(other), *members.tables),
            conditions=(other.belongs(), other.id == owner.sql, *members.conditions),
        )

    def _set_of_field(self, row: RecordColumns, name: str, kind: Kind) -> _Set:
        definition = row.definition.fields[name]
        if kind.base is Base.LIST:
            items = row.items(name)
            return _Set((items,), (), self._listed(items, kind.of or NUMBER))
        other = self.columns.record(kind.entity)
        if definition.is_subform:
            belongs = other.value("parent_id") == row.id
        elif definition.type.virtual:
            belongs = self._refers_back(other, definition.via, row)
        else:
            listed = row.items(name)
            belongs = other.id.in_(_query([listed], [listed.c.value], []))
        return _Set((_table(other),), (other.belongs(), belongs), other)

    def _refers_back(
        self, other: RecordColumns, via: str, row: RecordColumns
    ) -> ColumnElement[bool]:
        """Return the condition that the field ``via`` of ``other`` refers to ``row``."""
        field = other.definition.fields[via]
        if field.kind.base is Base.REFERENCE:
            return other.value(via) == row.id
        listed = other.items(via)
        return exists(_query([listed], [true()], [listed.c.value == row.id]))

    def _listed(self, items: FromClause, kind: Kind) -> Term:
        return Term(items.c.value, kind, 0 if kind.base in MONEY_LIKE else None)

    def _select(self, members: _Set, *what: Sql) -> Any:
        return _query(members.tables, what, members.conditions)

    def _exists(
        self, members: _Set, condition: ColumnElement[bool] | None = None
    ) -> ColumnElement[bool]:
        query = self._select(members, true())
        return exists(query if condition is None else query.where(condition))

    def _failures(self, members: _Set, terms: Iterable[Term] = ()) -> ColumnElement[bool] | None:
        """Return the condition that going through the set meets an error, or None when it cannot."""
        found = [error for term in terms for error in term.errors]
        conditions: list[ColumnElement[bool]] = (
            [self._exists(members, or_(*found))] if found else []
        )
        for test in members.tests:
            others = tuple(each for each in members.conditions if each is not test.sql)
            conditions.append(self._exists(replace(members, conditions=others), test.sql.is_(None)))
        return or_(*conditions) if conditions else None

    def _any_item(self, node: Node) -> Test:
        members = self._set(node)
        failing = self._failures(members)
        found = self._exists(members)
        return Test(found) if failing is None else Test(_unless(failing, found), may_fail=True)

    # -- macros -------------------------------------------------------------------------------------------------

    def _quantified(self, node: Call) -> Test:
        """ANY, ALL and NONE: an item that decides does so in spite of errors elsewhere."""
        source, body = node.arguments
        wanted = node.function != "ALL"
        if self.is_constant(source):
            try:
                tests = [inner.test(body, loose=False) for inner in self._unrolled(source)]
            except EvaluationError:
                return Test(type_coerce(null(), true().type), may_fail=True)
            sql = or_(false(), *((test.sql if wanted else negate(test.sql)) for test in tests))
            result = Test(sql, any(test.may_fail for test in tests))
        else:
            result = self._decided_by_item(source, body, wanted=wanted)
        return result if node.function == "ANY" else Test(negate(result.sql), result.may_fail)

    def _decided_by_item(self, source: Node, body: Node, *, wanted: bool) -> Test:
        members = self._set(source)
        test = self.inside(members.item).test(body, loose=False)
        decisive = test.sql if wanted else negate(test.sql)
        found = self._exists(members, decisive)
        failing = [self._exists(members, test.sql.is_(None))] if test.may_fail else []
        broken = self._failures(members)
        if not failing and broken is None:
            return Test(found)
        sql: ColumnElement[bool] = case(
            (found, true()), *((each, null()) for each in failing), else_=false()
        )
        return Test(sql if broken is None else _unless(broken, sql), may_fail=True)

    def _unrolled(self, source: Node) -> list[_Compiler]:
        """Return a compiler for each item of a list that is known."""
        is_row = self.kind(source).base is Base.RECORDS
        items = prepare_items(self.checked, source)(self.bindings)
        return [self.inside(_Fixed(item, is_row)) for item in items]

    def _count_if(self, node: Call, kind: Kind) -> Term:
        source, body = node.arguments
        if self.is_constant(source):
            tests = [inner.test(body, loose=False) for inner in self._unrolled(source)]
            errors = tuple(test.sql.is_(None) for test in tests if test.may_fail)
            total: Sql = literal(0, BigInteger())
            for test in tests:
                total = total + case((test.sql, 1), else_=0)
            return Term(total, kind, 0, errors)
        members = self._set(source)
        test = self.inside(members.item).test(body, loose=False)
        filtered = replace(
            members,
            conditions=(*members.conditions, test.sql),
            tests=(*members.tests, test) if test.may_fail else members.tests,
        )
        return self._scalar(filtered, func.count(), kind, 0)

    def _scalar(
        self, members: _Set, what: Sql, kind: Kind, scale: int | None, terms: Iterable[Term] = ()
    ) -> Term:
        failing = self._failures(members, terms)
        found = self._select(members, what).scalar_subquery()
        return Term(found, kind, scale, () if failing is None else (failing,))

    def _aggregate(self, node: Call, kind: Kind) -> Term:
        members = self._set(node.arguments[0])
        if len(node.arguments) == 2:
            value = self.inside(members.item).term(node.arguments[1])
        elif node.function == "COUNT" and not isinstance(members.item, Term):
            return self._scalar(members, func.count(), kind, 0)
        else:
            value = self._value_of(members.item)
        return self._aggregate_value(node.function, members, value, kind)

    def _aggregate_value(self, name: str, members: _Set, value: Term, kind: Kind) -> Term:
        """Aggregate a value over a set.

        The value is made in a sub-select of its own: an aggregate of outer columns alone would, by the rules of
        SQL, be one of the outer statement.
        """
        failing = self._failures(members, [value])
        inner = self._select(members, value.sql.label("value")).subquery()
        what, scale = self._aggregated(name, replace(value, sql=inner.c.value))
        found = _query([inner], [what], []).scalar_subquery()
        return Term(found, kind, scale, () if failing is None else (failing,))

    def _aggregated(self, name: str, value: Term) -> tuple[Sql, int | None]:
        """Return the aggregate of a value, with the scale of the result."""
        numeric = value.kind.base in MONEY_LIKE
        match name:
            case "COUNT":
                return func.count(value.sql), 0
            case "COUNTDISTINCT":
                if numeric and value.scale is None:
                    return self.numbers.count_distinct(value.sql), 0
                return func.count(value.sql.distinct()), 0
            case "SUM" if value.scale is not None:
                return func.coalesce(func.sum(value.sql), 0), value.scale
            case "SUM":
                total = self.numbers.aggregate("sum", value.sql)
                return func.coalesce(total, self.numbers.constant(Decimal(0))), None
            case "AVG":
                return self._average(value), None
            case _:
                operation = "min" if name == "MIN" else "max"
                if numeric and value.scale is None:
                    return self.numbers.aggregate(operation, value.sql), None
                return getattr(func, operation)(self._sortable(value)), value.scale

    def _average(self, value: Term) -> Sql:
        """Return the mean: the quotient of two exact numbers, null without values."""
        if value.scale is not None:
            total = self.numbers.scaled(func.sum(value.sql, type_=BigInteger()), value.scale)
        else:
            total = self.numbers.aggregate("sum", value.sql)
        return self.numbers.operate("/", total, self.numbers.scaled(func.count(value.sql), 0))

    def _first(self, node: Call, kind: Kind) -> Term:
        """Return the id of the first row of a set."""
        members = self._set(node.arguments[0])
        row = members.item
        if isinstance(row, Term):
            raise CannotCompile(say("a database keeps no order of the values of a list"))
        query = self._select(members, row.id).order_by(*self._order(row, node)).limit(1)
        failing = self._failures(members)
        return Term(query.scalar_subquery(), kind, None, () if failing is None else (failing,))

    def _order(self, row: RecordColumns, node: Call) -> list[Sql]:
        """Return the sorting of FIRST: null is the smallest, the id decides between equals."""
        order = (
            node.arguments[1].value
            if len(node.arguments) == 2 and isinstance(node.arguments[1], Literal)
            else None
        )
        if not isinstance(order, str):
            return [*self._position(row), row.id.asc()]
        column = row.value(order.removeprefix("-"))
        if order.startswith("-"):
            return [column.desc().nulls_last(), row.id.desc()]
        return [column.asc().nulls_first(), row.id.asc()]

    def _position(self, row: RecordColumns) -> list[Sql]:
        try:
            return [row.value("position").asc().nulls_first()] if row.definition.parent else []
        except UnknownName:
            return []


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _unless(failing: ColumnElement[bool], sql: ColumnElement[bool]) -> ColumnElement[bool]:
    return case((failing, null()), else_=sql)


def _least_of(values: Sequence[Sql], choose: Any) -> Sql:
    """Return SQLite's min or max of several, which is null when any is, so that null is left out."""
    found = values[0]
    for value in values[1:]:
        found = func.coalesce(choose(found, value), found, value)
    return found


def _query(
    tables: Sequence[FromClause], what: Sequence[Sql], conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """Return a sub-select over ``tables``; every other table in it is one of the statements around."""
    source, *more = tables
    for table in more:
        source = source.join(table, true())
    return select(*what).select_from(source).where(*conditions).correlate_except(*tables)


def _table(row: RecordColumns) -> FromClause:
    table: FromClause = row.table  # type: ignore[attr-defined] # the alias the columns belong to
    return table
