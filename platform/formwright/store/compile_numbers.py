"""Exact arithmetic in SQL: ``numeric`` on PostgreSQL, decimal texts and functions of ours on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Integer,
    Numeric,
    Text,
    case,
    cast,
    distinct,
    false,
    func,
    literal,
    literal_column,
    true,
)

from formwright.expressions.numbers import QUOTIENT_PLACES
from formwright.store.compile_terms import Sql, Term

_LARGEST = 2**63 - 1
_SMALL = 2**31 - 1


class Numbers(Protocol):
    """What the compiler asks of a dialect; arguments and results are exact numbers unless said otherwise."""

    def constant(self, value: Decimal) -> Sql:
        """Return a bound number."""
        ...

    def scaled(self, sql: Sql, scale: int) -> Sql:
        """Return an integer of 10**-scale units as an exact number."""
        ...

    def unscaled(self, sql: Sql, scale: int) -> Sql:
        """Return an exact number as an integer of 10**-scale units, rounded."""
        ...

    def operate(self, operator: str, left: Sql, right: Sql) -> Sql:
        """Return the result of ``+ - * / %``; null for a division by zero."""
        ...

    def compare(self, operator: str, left: Sql, right: Sql) -> Sql:
        """Return a comparison, null when a side is null."""
        ...

    def call(self, name: str, number: Sql, *more: Sql) -> Sql:
        """Return negate, absolute, floor, ceil or round of a number."""
        ...

    def extreme(self, name: str, numbers: list[Sql]) -> Sql:
        """Return ``least`` or ``greatest`` of some, leaving null out."""
        ...

    def aggregate(self, name: str, number: Sql) -> Sql:
        """Return the aggregate ``sum``, ``min`` or ``max``."""
        ...

    def count_distinct(self, number: Sql) -> Sql:
        """Return the aggregate that counts different numbers."""
        ...

    def read(self, text: Sql) -> Sql:
        """Return the number that a text means, or null."""
        ...

    def whole(self, number: Sql, limit: int) -> Sql:
        """Return the number cut towards zero and held within +-limit, as something SQL functions take as a count."""
        ...


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def compare(operator: str, left: Any, right: Any) -> Any:
    """Return the SQL comparison, null when a side is null."""
    return _COMPARISONS[operator](left, right)


class _PostgresNumbers:
    """``numeric`` is exact by itself; only quotients need care."""

    #: Gives a dividend so many places that the quotient is worked out beyond the rounding.
    _WIDE = literal_column("0." + "0" * 40, Numeric())

    def constant(self, value: Decimal) -> Sql:
        return literal(value, Numeric())

    def scaled(self, sql: Sql, scale: int) -> Sql:
        number = cast(sql, Numeric())
        return (
            number * literal_column(format(Decimal(1).scaleb(-scale), "f"), Numeric())
            if scale
            else number
        )

    def unscaled(self, sql: Sql, scale: int) -> Sql:
        return cast(func.round(sql * literal_column(str(10**scale)), 0), BigInteger())

    def operate(self, operator: str, left: Sql, right: Sql) -> Sql:
        match operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "%":
                return func.mod(left, func.nullif(right, 0), type_=Numeric())
            case _:
                quotient = (left + self._WIDE) / func.nullif(right, 0, type_=Numeric())
                return func.round(quotient, QUOTIENT_PLACES, type_=Numeric())

    def compare(self, operator: str, left: Sql, right: Sql) -> Sql:
        return compare(operator, left, right)  # type: ignore[no-any-return] # a SQL comparison

    def call(self, name: str, number: Sql, *more: Sql) -> Sql:
        if name == "negate":
            return -number
        function = {"absolute": "abs", "floor": "floor", "ceil": "ceil", "round": "round"}[name]
        return getattr(func, function)(number, *more, type_=Numeric())  # type: ignore[no-any-return] # func makes it

    def extreme(self, name: str, numbers: list[Sql]) -> Sql:
        return getattr(func, name)(*numbers, type_=Numeric())  # type: ignore[no-any-return] # func makes it

    def aggregate(self, name: str, number: Sql) -> Sql:
        return getattr(func, name)(number, type_=Numeric())  # type: ignore[no-any-return] # func makes it

    def count_distinct(self, number: Sql) -> Sql:
        return func.count(distinct(number))

    def read(self, text: Sql) -> Sql:
        stripped = func.btrim(text, " ")
        pattern = literal_column(r"'^[+-]?[0-9]{1,20}(\.[0-9]{1,8})?$'", Text())
        return case((stripped.op("~")(pattern), cast(stripped, Numeric())))

    def whole(self, number: Sql, limit: int) -> Sql:
        held = func.trunc(func.greatest(func.least(number, limit), -limit))
        # least and greatest leave null out, so it is put back
        return case(
            (number.is_not(None), cast(held, Integer() if limit <= _SMALL else BigInteger()))
        )


class _SqliteNumbers:
    """Exact numbers are texts, and functions of ours work on them."""

    def constant(self, value: Decimal) -> Sql:
        return literal(format(value, "f"), Text())

    def scaled(self, sql: Sql, scale: int) -> Sql:
        return func.fw_from_scaled(sql, scale, type_=Text())

    def unscaled(self, sql: Sql, scale: int) -> Sql:
        return func.fw_to_scaled(sql, scale, type_=BigInteger())

    def operate(self, operator: str, left: Sql, right: Sql) -> Sql:
        name = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder"}[
            operator
        ]
        return getattr(func, f"fw_{name}")(left, right, type_=Text())  # type: ignore[no-any-return] # func makes it

    def compare(self, operator: str, left: Sql, right: Sql) -> Sql:
        return compare(operator, func.fw_compare(left, right, type_=Integer()), literal_column("0"))  # type: ignore[no-any-return] # a SQL comparison

    def call(self, name: str, number: Sql, *more: Sql) -> Sql:
        return getattr(func, f"fw_{name}")(number, *more, type_=Text())  # type: ignore[no-any-return] # func makes it

    def extreme(self, name: str, numbers: list[Sql]) -> Sql:
        return getattr(func, f"fw_{name}")(*numbers, type_=Text())  # type: ignore[no-any-return] # func makes it

    def aggregate(self, name: str, number: Sql) -> Sql:
        return getattr(func, f"fw_{name}")(number, type_=Text())  # type: ignore[no-any-return] # func makes it

    def count_distinct(self, number: Sql) -> Sql:
        return func.count(distinct(func.fw_canonical(number)))

    def read(self, text: Sql) -> Sql:
        return func.fw_read(text, type_=Text())

    def whole(self, number: Sql, limit: int) -> Sql:  # noqa: ARG002 -- Python has no largest
        return number


def numbers_of(dialect: str) -> Numbers:
    """Return the arithmetic of a dialect."""
    return _PostgresNumbers() if dialect == "postgresql" else _SqliteNumbers()


def exact_number(numbers: Numbers, term: Term) -> Sql:
    """Return a number as the dialect's exact number."""
    return term.sql if term.scale is None else numbers.scaled(term.sql, term.scale)


def compare_with_constant(operator: str, column: Sql, scale: int, value: Decimal) -> Sql:
    """Compare an integer of 10**-scale units with a constant, so that an index on it serves.

    A constant with more places than the column, or beyond its range, still compares right.
    """
    wanted = value.scaleb(scale)
    below = int(wanted.to_integral_value(ROUND_FLOOR))
    above = int(wanted.to_integral_value(ROUND_CEILING))
    if operator in {"==", "!="}:
        if below != above or abs(below) > _LARGEST:
            return false() if operator == "==" else true()
        same = column == literal(below, BigInteger())
        return same if operator == "==" else column.is_distinct_from(literal(below, BigInteger()))
    bound = {"<": above, ">=": above, "<=": below, ">": below}[operator]
    if abs(bound) > _LARGEST:
        return column.is_not(None) if (operator in {"<", "<="}) == (bound > 0) else false()
    return compare(operator, column, literal(bound, BigInteger()))  # type: ignore[no-any-return] # a SQL comparison
