"""Exact decimal arithmetic: 28 digits, a five rounds away from zero, a quotient has 12 places."""

from __future__ import annotations

import re
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

#: Digits of every result.
PRECISION = 28
#: Places behind the point of a quotient: few enough that multiplying back stays exact, on both databases alike.
QUOTIENT_PLACES = 12
CONTEXT = Context(
    prec=PRECISION,
    rounding=ROUND_HALF_UP,
    Emin=-9999,
    Emax=9999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
#: Wide enough for a quotient before it is rounded.
_WIDE = Context(prec=80, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow])
_STEPS = {places: Decimal(1).scaleb(-places) for places in range(-PRECISION, PRECISION + 1)}
_QUOTIENT_STEP = _STEPS[QUOTIENT_PLACES]
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,8})?")

NumberError = DecimalException
ZERO_DIVISION = DivisionByZero
add = CONTEXT.add
subtract = CONTEXT.subtract
multiply = CONTEXT.multiply
negate = CONTEXT.minus
absolute = CONTEXT.abs


def divide(left: Decimal, right: Decimal) -> Decimal:
    """Return the quotient, rounded to twelve places; raise DivisionByZero."""
    if not right:
        raise DivisionByZero
    quotient = _WIDE.divide(left, right).quantize(_QUOTIENT_STEP, ROUND_HALF_UP, _WIDE)
    shortest = CONTEXT.normalize(quotient)
    is_whole = shortest == shortest.to_integral_value()
    return CONTEXT.quantize(shortest, _STEPS[0]) if is_whole else shortest


def remainder(left: Decimal, right: Decimal) -> Decimal:
    """Return the rest of a division, with the sign of ``left``; raise DivisionByZero."""
    if not right:
        raise DivisionByZero
    return CONTEXT.plus(_WIDE.remainder(left, right))


def rounded(number: Decimal, digits: Decimal | None = None) -> Decimal:
    """Return ``number`` with so many places; a negative count rounds to tens, hundreds and so on."""
    places = 0 if digits is None else int(digits)
    if places >= 0:
        return number.quantize(_STEPS[min(places, PRECISION)], ROUND_HALF_UP, _WIDE)
    coarse = number.quantize(_STEPS[max(places, -PRECISION)], ROUND_HALF_UP, _WIDE)
    return CONTEXT.plus(coarse.quantize(_STEPS[0], context=_WIDE))


def read(text: str) -> Decimal | None:
    """Return the number written in ``text`` (digits and at most one point), or None.

    >>> read(" 12.5 "), read("12,5")
    (Decimal('12.5'), None)
    """
    stripped = text.strip(" ")
    return Decimal(stripped) if _NUMBER.fullmatch(stripped) else None
