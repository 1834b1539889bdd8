"""Functions on numbers."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR

from formwright.expressions import numbers
from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import (
    NUMBER,
)
from formwright.expressions.parameters import (
    NUMERIC,
    number,
    same_as_first,
    text,
)
from formwright.texts import say

NUMBER_FUNCTIONS = (
    Function(
        "ROUND",
        "numbers",
        say(
            "Rounds to so many digits behind the point (0 when left out); a five goes away from zero."
        ),
        (Parameter("number", NUMERIC), number("digits", optional=True, constant=True)),
        same_as_first,
        numbers.rounded,
        (("ROUND(2.345, 2)", "2.35"), ("ROUND(-2.5)", "-3")),
        compiles=True,
    ),
    Function(
        "FLOOR",
        "numbers",
        say("Gives the next whole number below."),
        (Parameter("number", NUMERIC),),
        same_as_first,
        lambda number: number.to_integral_value(ROUND_FLOOR),
        (("FLOOR(-1.5)", "-2"),),
        compiles=True,
    ),
    Function(
        "CEIL",
        "numbers",
        say("Gives the next whole number above."),
        (Parameter("number", NUMERIC),),
        same_as_first,
        lambda number: number.to_integral_value(ROUND_CEILING),
        (("CEIL(1.2)", "2"),),
        compiles=True,
    ),
    Function(
        "ABS",
        "numbers",
        say("Gives a number without its sign."),
        (Parameter("number", NUMERIC),),
        same_as_first,
        numbers.absolute,
        (("ABS(-3)", "3"),),
        compiles=True,
    ),
    Function(
        "MOD",
        "numbers",
        say("Gives the rest of a division, with the sign of the first number."),
        (Parameter("number", NUMERIC), number("divisor")),
        same_as_first,
        numbers.remainder,
        (("MOD(7, 3)", "1"),),
        compiles=True,
    ),
    Function(
        "DECIMAL",
        "numbers",
        say("Reads a number from a text; null when the text is none."),
        (text(),),
        NUMBER,
        numbers.read,
        (("DECIMAL('12.50')", "12.50"),),
        compiles=True,
    ),
)
