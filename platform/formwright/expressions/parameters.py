"""The parameters that functions have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from formwright.expressions.functions import Parameter
from formwright.expressions.kinds import (
    Base,
    Kind,
)

TEXTS = (Base.TEXT,)
NUMERIC = (Base.NUMBER, Base.MONEY)
MOMENTS = (Base.DATE, Base.DATETIME)
SCALARS = (
    Base.TEXT,
    Base.NUMBER,
    Base.MONEY,
    Base.BOOLEAN,
    Base.DATE,
    Base.TIME,
    Base.DATETIME,
    Base.REFERENCE,
)
MANY = (Base.LIST, Base.RECORDS)
ANYTHING = tuple(Base)


def same_as_first(kinds: Sequence[Kind]) -> Kind:
    """Return the kind of the first argument: amounts stay amounts."""
    return kinds[0]


def text(name: str = "text", **more: Any) -> Parameter:
    """Return a parameter that takes a text."""
    return Parameter(name, TEXTS, **more)


def number(name: str = "number", **more: Any) -> Parameter:
    """Return a parameter that takes a number."""
    return Parameter(name, (Base.NUMBER,), **more)


def unit(choices: Sequence[str]) -> Parameter:
    """Return the parameter for a unit of time."""
    return Parameter("unit", TEXTS, constant=True, choices=tuple(choices))
