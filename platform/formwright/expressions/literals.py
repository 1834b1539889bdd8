"""Constants: their kinds, and texts that mean a day, a time, a record or one of several choices."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from formwright.expressions import calendar
from formwright.expressions.kinds import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    Base,
    Kind,
    Value,
    list_of,
    reference,
)
from formwright.expressions.relations import describe
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.tree import Call, Literal
from formwright.ids import parse_id
from formwright.suggest import closest
from formwright.texts import say


def kind_of_value(value: Value) -> Kind:
    """Return the kind of a constant; a whole Python number is the id of a record."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOLEAN
        case Decimal():
            return NUMBER
        case str():
            return TEXT
        case int():
            return reference("")
        case datetime():
            return DATETIME
        case date():
            return DATE
        case time():
            return TIME
        case timedelta():
            return DURATION
        case tuple():
            return list_of(kind_of_value(value[0]) if value else NULL)
        case _:
            return Kind(Base.OBJECT)


def adapt(node: Literal, target: Kind) -> Literal | Call:
    """Return the constant that the text ``node`` means where ``target`` is asked for; others stay as they are."""
    value = node.value
    if not isinstance(value, str):
        return node
    match target.base:
        case Base.TEXT:
            _check_choice(node, value, target)
            return node
        case Base.DATE | Base.DATETIME:
            return _moment(node, value, target)
        case Base.TIME:
            clock = calendar.parse_time(value)
            return node if clock is None else Literal(clock, node.span)
        case Base.REFERENCE:
            number = parse_id(value)
            return node if number is None else Literal(number, node.span)
        case _:
            return node


def _moment(node: Literal, value: str, target: Kind) -> Call:
    if calendar.parse_date(value) is not None:
        return Call("DATE", (node,), node.span)
    if target.base is Base.DATETIME and calendar.is_datetime(value):
        return Call("DATETIME", (node,), node.span)
    message = say(
        "'%(value)s' is not %(kind)s; write it as 2026-02-28", value=value, kind=describe(target)
    )
    raise ExpressionError(message, node.span)


def _check_choice(node: Literal, value: str, target: Kind) -> None:
    if target.choices and value not in target.choices:
        message = say("'%(value)s' is not one of the choices", value=value)
        raise ExpressionError(message, node.span, closest(value, target.choices))
