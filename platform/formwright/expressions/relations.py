"""How kinds relate: which compare, which unite, and how each is called in a sentence."""

from __future__ import annotations

from dataclasses import replace

from formwright.expressions.kinds import DATE, DATETIME, MONEY_LIKE, NULL, TEXT, Base, Kind
from formwright.texts import Text, say

ORDERED = frozenset(
    {Base.TEXT, Base.NUMBER, Base.MONEY, Base.DATE, Base.TIME, Base.DATETIME, Base.DURATION}
)
_DAYS = frozenset({Base.DATE, Base.DATETIME})

_DESCRIPTIONS = {
    Base.NULL: say("null"),
    Base.TEXT: say("a text"),
    Base.NUMBER: say("a number"),
    Base.MONEY: say("an amount of money"),
    Base.BOOLEAN: say("yes or no"),
    Base.DATE: say("a date"),
    Base.TIME: say("a time of day"),
    Base.DATETIME: say("a date with time"),
    Base.DURATION: say("a duration"),
    Base.REFERENCE: say("a record"),
    Base.LIST: say("a list"),
    Base.OBJECT: say("a value with parts"),
    Base.RECORDS: say("several records"),
}


def describe(kind: Kind) -> Text:
    """Return what a value of ``kind`` is, for a sentence."""
    if kind.entity and kind.base is Base.REFERENCE:
        return say("a record of '%(entity)s'", entity=kind.entity)
    if kind.entity and kind.base is Base.RECORDS:
        return say("records of '%(entity)s'", entity=kind.entity)
    if kind.currency and kind.base is Base.MONEY and not kind.currency.startswith("field:"):
        return say("an amount in %(currency)s", currency=kind.currency)
    return _DESCRIPTIONS[kind.base]


def same_currency(left: Kind, right: Kind) -> bool:
    """Return whether two amounts can be added; one whose currency is not known yet goes with any."""
    return not left.currency or not right.currency or left.currency == right.currency


def same_entity(left: Kind, right: Kind) -> bool:
    """Return whether two references can be the same record."""
    return not left.entity or not right.entity or left.entity == right.entity


def comparable(left: Kind, right: Kind) -> bool:
    """Return whether ``==`` between the two can ever be true."""
    if Base.NULL in (left.base, right.base):
        return True
    if left.base is not right.base:
        bases = {left.base, right.base}
        return bases <= MONEY_LIKE or bases <= _DAYS
    match left.base:
        case Base.MONEY:
            return same_currency(left, right)
        case Base.REFERENCE:
            return same_entity(left, right)
        case Base.LIST:
            return comparable(left.of or NULL, right.of or NULL)
        case Base.RECORDS | Base.OBJECT:
            return False
        case _:
            return True


def unite(left: Kind, right: Kind) -> Kind | None:
    """Return the kind of a value that is either of the two, or None when there is none."""
    if left.base is Base.NULL:
        return right
    if right.base is Base.NULL:
        return left
    if left.base is not right.base:
        if {left.base, right.base} <= MONEY_LIKE:
            return left if left.base is Base.MONEY else right
        return None
    match left.base:
        case Base.TEXT:
            return left if left.choices == right.choices else TEXT
        case Base.MONEY:
            return (left if left.currency else right) if same_currency(left, right) else None
        case Base.REFERENCE | Base.RECORDS:
            return (left if left.entity else right) if same_entity(left, right) else None
        case Base.LIST:
            item = unite(left.of or NULL, right.of or NULL)
            return None if item is None else replace(left, of=item)
        case _:
            return left


def fits(actual: Kind, expected: Kind) -> bool:
    """Return whether a value of ``actual`` can stand where ``expected`` is asked for."""
    if actual.base is Base.NULL:
        return expected.base is not Base.BOOLEAN
    if expected.base is Base.RECORDS and actual.base is Base.LIST:
        item = actual.of or NULL
        return item.base is Base.NULL or (
            item.base is Base.REFERENCE and same_entity(item, expected)
        )
    if actual.base is Base.NUMBER and expected.base is Base.MONEY:
        return True
    if expected.base is Base.LIST and actual.base is Base.LIST:
        return expected.of is None or actual.of is None or fits(actual.of, expected.of)
    return actual.base is expected.base and unite(actual, expected) is not None


def is_day_against_instant(left: Kind, right: Kind) -> bool:
    """Return whether a date meets a date with time: then the day of the latter counts."""
    return {left.base, right.base} == {DATE.base, DATETIME.base}
