"""The kinds of value an expression can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias


class Base(StrEnum):
    """The closed set of value families."""

    NULL = "null"
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    DURATION = "duration"
    REFERENCE = "reference"
    LIST = "list"
    OBJECT = "object"
    RECORDS = "records"


#: Kinds whose values are exact decimals.
MONEY_LIKE = frozenset({Base.NUMBER, Base.MONEY})

_NO_MEMBERS: Mapping[str, Kind] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Kind:
    """A value family with what belongs to it.

    ``entity``: the qualified name a REFERENCE points to or RECORDS consist of; "" when it may be any.
    ``of``: the kind of a LIST's items. ``currency``: where a MONEY's currency comes from, as a string that is
    equal exactly for amounts of one currency ("CNY", "field:currency"). ``members``: the parts of an OBJECT.
    ``choices``: the values a TEXT can have, when it is a choice; () for free text.
    """

    base: Base
    entity: str = ""
    of: Kind | None = None
    currency: str = ""
    members: Mapping[str, Kind] = field(default_factory=lambda: _NO_MEMBERS, hash=False)
    choices: tuple[str, ...] = ()


NULL = Kind(Base.NULL)
TEXT = Kind(Base.TEXT)
NUMBER = Kind(Base.NUMBER)
BOOLEAN = Kind(Base.BOOLEAN)
DATE = Kind(Base.DATE)
TIME = Kind(Base.TIME)
DATETIME = Kind(Base.DATETIME)
DURATION = Kind(Base.DURATION)


def reference(entity: str) -> Kind:
    """Return the kind of a reference to a record of ``entity`` (qualified name)."""
    return Kind(Base.REFERENCE, entity=entity)


def records(entity: str) -> Kind:
    """Return the kind of a set of records: the rows of a subform, a backlink, many references."""
    return Kind(Base.RECORDS, entity=entity)


def list_of(item: Kind) -> Kind:
    """Return the kind of a list of plain values."""
    return Kind(Base.LIST, of=item)


def money(currency: str) -> Kind:
    """Return the kind of an amount in the currency that ``currency`` names."""
    return Kind(Base.MONEY, currency=currency)


#: What evaluation works on. Numbers and amounts of money are Decimal, datetimes are aware and in UTC, a
#: reference is the record's id, records and lists are tuples. None is null; booleans are never null.
Value: TypeAlias = (
    bool
    | int
    | Decimal
    | str
    | date
    | datetime
    | time
    | timedelta
    | tuple["Value", ...]
    | Mapping[str, "Value"]
    | None
)
