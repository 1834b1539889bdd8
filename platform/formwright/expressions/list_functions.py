"""Macros: functions over lists and records, worked out item by item."""

from __future__ import annotations

from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import (
    BOOLEAN,
    NUMBER,
    Base,
)
from formwright.expressions.parameters import (
    ANYTHING,
    MANY,
    SCALARS,
    same_as_first,
    text,
)
from formwright.texts import say

_SOURCE = Parameter("list", MANY)
_CONDITION = Parameter("condition", (Base.BOOLEAN,))
_OPTIONAL_CONDITION = Parameter("condition", (Base.BOOLEAN,), optional=True)
_BODY = Parameter("value of item", SCALARS, optional=True)

LIST_FUNCTIONS = (
    Function(
        "ANY",
        "lists",
        say("Tells whether the condition holds for at least one item."),
        (_SOURCE, _CONDITION),
        BOOLEAN,
        examples=(("ANY([1, 5], item > 4)", "true"),),
        special=True,
    ),
    Function(
        "ALL",
        "lists",
        say("Tells whether the condition holds for every item; it does for an empty list."),
        (_SOURCE, _CONDITION),
        BOOLEAN,
        examples=(("ALL([1, 5], item > 4)", "false"),),
        special=True,
    ),
    Function(
        "NONE",
        "lists",
        say("Tells whether the condition holds for no item."),
        (_SOURCE, _CONDITION),
        BOOLEAN,
        examples=(("NONE([1, 5], item > 6)", "true"),),
        special=True,
    ),
    Function(
        "COUNT",
        "lists",
        say(
            "Counts the items, or those for which a condition holds; values that are null do not count."
        ),
        (_SOURCE, _OPTIONAL_CONDITION),
        NUMBER,
        examples=(("COUNT([1, null, 5])", "2"), ("COUNT([1, 5], item > 4)", "1")),
        special=True,
    ),
    Function(
        "COUNTDISTINCT",
        "lists",
        say("Counts the different values."),
        (_SOURCE, _BODY),
        NUMBER,
        examples=(("COUNTDISTINCT(['a', 'b', 'a'])", "2"),),
        special=True,
    ),
    Function(
        "SUM",
        "lists",
        say(
            "Adds up: SUM(lines.amount), or SUM(lines, item.price * item.quantity); 0 for an empty list."
        ),
        (_SOURCE, _BODY),
        same_as_first,
        examples=(("SUM([1, 2, null])", "3"),),
        special=True,
    ),
    Function(
        "AVG",
        "lists",
        say("Gives the mean of the values; null for an empty list."),
        (_SOURCE, _BODY),
        same_as_first,
        examples=(("AVG([1, 2])", "1.5"),),
        special=True,
    ),
    Function(
        "MIN",
        "lists",
        say("Gives the smallest of a list, or of several values; null is left out."),
        (Parameter("list or value", ANYTHING, repeated=True),),
        same_as_first,
        examples=(("MIN([3, 1])", "1"), ("MIN(3, 1, 2)", "1")),
        special=True,
    ),
    Function(
        "MAX",
        "lists",
        say("Gives the largest of a list, or of several values; null is left out."),
        (Parameter("list or value", ANYTHING, repeated=True),),
        same_as_first,
        examples=(("MAX([3, 1])", "3"), ("MAX(3, 1, 2)", "3")),
        special=True,
    ),
    Function(
        "FILTER",
        "lists",
        say("Gives the items for which the condition holds."),
        (_SOURCE, _CONDITION),
        same_as_first,
        examples=(("COUNT(FILTER([1, 5], item > 4))", "1"),),
        special=True,
    ),
    Function(
        "FIRST",
        "lists",
        say(
            "Gives the first item in the order of a field, such as 'position', or '-created_at' for the last."
        ),
        (_SOURCE, text("order", optional=True, constant=True)),
        same_as_first,
        examples=(("FIRST([3, 1])", "3"),),
        special=True,
    ),
)
