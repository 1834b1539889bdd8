"""The functions every expression can call."""

from __future__ import annotations

from formwright.expressions.date_functions import DATE_FUNCTIONS
from formwright.expressions.functions import Context, Function, Functions, Parameter
from formwright.expressions.kinds import (
    BOOLEAN,
    Base,
)
from formwright.expressions.list_functions import LIST_FUNCTIONS
from formwright.expressions.number_functions import NUMBER_FUNCTIONS
from formwright.expressions.parameters import (
    ANYTHING,
    SCALARS,
    same_as_first,
    text,
)
from formwright.expressions.text_functions import TEXT_FUNCTIONS
from formwright.texts import say


def _has_role(context: Context, role: str) -> bool:
    return any(held == role or held.endswith("." + role) for held in context.roles)


_LOGIC = (
    Function(
        "IF",
        "logic",
        say(
            "Gives the second argument when the condition holds, else the third (null when there is none)."
        ),
        (
            Parameter("condition", (Base.BOOLEAN,)),
            Parameter("then", ANYTHING),
            Parameter("else", ANYTHING, optional=True),
        ),
        same_as_first,
        examples=(("IF(2 > 1, 'more', 'less')", "more"),),
        special=True,
    ),
    Function(
        "SWITCH",
        "logic",
        say(
            "Compares the first argument with each value and gives what stands beside the first equal one."
        ),
        (
            Parameter("value", SCALARS),
            Parameter("case, result", ANYTHING, repeated=True),
            Parameter("else", ANYTHING, optional=True),
        ),
        same_as_first,
        examples=(("SWITCH('b', 'a', 1, 'b', 2, 0)", "2"),),
        special=True,
    ),
    Function(
        "COALESCE",
        "logic",
        say("Gives the first argument that has a value."),
        (Parameter("value", SCALARS, repeated=True),),
        same_as_first,
        examples=(("COALESCE(null, 'x', 'y')", "x"),),
        special=True,
    ),
    Function(
        "ISBLANK",
        "logic",
        say(
            "Tells whether there is no value: null, a text without characters, a list without items."
        ),
        (Parameter("value", ANYTHING),),
        BOOLEAN,
        lambda value: value is None or value in ("", ()),
        (("ISBLANK('')", "true"), ("ISBLANK(0)", "false")),
        handles_null=True,
        compiles=lambda kinds: kinds[0].base is not Base.OBJECT,
    ),
)

_FIELD = Parameter("field", ANYTHING)
_RECORD = (
    Function(
        "CHANGED",
        "record",
        say("Tells whether a field has another value than before this change."),
        (_FIELD,),
        BOOLEAN,
        special=True,
    ),
    Function(
        "CHANGED_FROM",
        "record",
        say("Tells whether a field had this value before this change and has it no more."),
        (_FIELD, Parameter("value", ANYTHING)),
        BOOLEAN,
        special=True,
    ),
    Function(
        "CHANGED_TO",
        "record",
        say("Tells whether a field has this value now and had another before this change."),
        (_FIELD, Parameter("value", ANYTHING)),
        BOOLEAN,
        special=True,
    ),
    Function(
        "HAS_ROLE",
        "record",
        say("Tells whether the user has a role; the name of its package may be left out."),
        (text("role"),),
        BOOLEAN,
        _has_role,
        context=True,
        special=True,
    ),
)


def builtin() -> Functions:
    """Return a fresh registry with every function of the platform, to which plugins may add."""
    return Functions(
        _LOGIC + TEXT_FUNCTIONS + NUMBER_FUNCTIONS + DATE_FUNCTIONS + LIST_FUNCTIONS + _RECORD
    )


#: The registry used where none is given.
BUILTIN = builtin()
