"""The functions every expression can call."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import filterfalse
from typing import Any

from formwright.expressions import calendar, limits, numbers
from formwright.expressions.functions import Context, Function, Functions, Parameter
from formwright.expressions.kinds import (
    BOOLEAN,
    DATE,
    DATETIME,
    NUMBER,
    TEXT,
    Base,
    Kind,
    list_of,
)
from formwright.expressions.patterns import matches
from formwright.texts import say

#: What TRIM takes away at both ends; the same list is given to the databases.
BLANKS = " \t\n\r\u00a0\u3000"
_TEXT = (Base.TEXT,)
_NUMERIC = (Base.NUMBER, Base.MONEY)
_MOMENT = (Base.DATE, Base.DATETIME)
_SCALAR = (
    Base.TEXT,
    Base.NUMBER,
    Base.MONEY,
    Base.BOOLEAN,
    Base.DATE,
    Base.TIME,
    Base.DATETIME,
    Base.REFERENCE,
)
_MANY = (Base.LIST, Base.RECORDS)
_ANY = tuple(Base)
_WHOLE = Decimal(1)


def _first(kinds: Sequence[Kind]) -> Kind:
    """Return the kind of the first argument: amounts stay amounts."""
    return kinds[0]


def _text(name: str = "text", **more: Any) -> Parameter:
    return Parameter(name, _TEXT, **more)


def _number(name: str = "number", **more: Any) -> Parameter:
    return Parameter(name, (Base.NUMBER,), **more)


def _unit(choices: Sequence[str]) -> Parameter:
    return Parameter("unit", _TEXT, constant=True, choices=tuple(choices))


# -- text ---------------------------------------------------------------------------------------------------


def _left(text: str, count: Decimal) -> str:
    return text[: max(int(count), 0)]


def _right(text: str, count: Decimal) -> str:
    length = max(int(count), 0)
    return text[-length:] if length else ""


def _replace(text: str, old: str, new: str) -> str:
    if not old:
        return text
    limits.check_length(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _split(text: str, separator: str) -> tuple[str, ...]:
    parts = text.split(separator) if separator else [text]
    limits.check_items(len(parts))
    return tuple(part.strip(BLANKS) for part in parts if part.strip(BLANKS))


def _join(items: tuple[str | None, ...], separator: str | None = None) -> str:
    parts = [item for item in items if item]
    limits.check_length(sum(map(len, parts)) + len(parts) * len(separator or ""))
    return (separator or "").join(parts)


def _normalise(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(filterfalse(unicodedata.combining, plain))
    return " ".join(unicodedata.normalize("NFC", kept).split())


# -- dates --------------------------------------------------------------------------------------------------


def _date(
    context: Context, first: Any, month: Decimal | None = None, day: Decimal | None = None
) -> date | None:
    if isinstance(first, str):
        return calendar.parse_date(first)
    if isinstance(first, Decimal):
        if month is None or day is None:
            return None
        try:
            return date(int(first), int(month), int(day))
        except (ValueError, OverflowError):
            return None
    return calendar.day_of(first, context.zone)


def _datetime(context: Context, first: Any, clock: Any = None) -> datetime | None:
    if isinstance(first, str):
        return calendar.parse_datetime(first, context.zone)
    if isinstance(first, datetime):
        return first
    if clock is not None:
        at = calendar.parse_time(clock) if isinstance(clock, str) else clock
        return None if at is None else calendar.instant(first, at, context.zone)
    return calendar.start_of_day(first, context.zone)


def _dateadd(context: Context, moment: Any, count: Decimal, unit: str) -> date | datetime | None:
    try:
        return calendar.add(moment, int(count), unit, context.zone)
    except (OverflowError, ValueError):
        return None


def _datediff(context: Context, start: Any, end: Any, unit: str) -> Decimal:
    return Decimal(calendar.difference(start, end, unit, context.zone))


def _trunc(context: Context, moment: Any, unit: str) -> date:
    return calendar.first_day(calendar.day_of(moment, context.zone), unit)


def _end_of(context: Context, moment: Any, unit: str) -> date:
    return calendar.last_day(calendar.day_of(moment, context.zone), unit)


def _workdays(context: Context, start: Any, end: Any) -> Decimal:
    return Decimal(
        calendar.workdays(calendar.day_of(start, context.zone), calendar.day_of(end, context.zone))
    )


def _workdays_add(context: Context, moment: Any, count: Decimal) -> date | datetime | None:
    day = calendar.day_of(moment, context.zone)
    try:
        moved = calendar.add_workdays(day, int(count))
    except OverflowError:
        return None
    if not isinstance(moment, datetime):
        return moved
    return calendar.instant(moved, moment.astimezone(context.zone).time(), context.zone)


def _has_role(context: Context, role: str) -> bool:
    return any(held == role or held.endswith("." + role) for held in context.roles)


# -- the registry -------------------------------------------------------------------------------------------

_LOGIC = (
    Function(
        "IF",
        "logic",
        say(
            "Gives the second argument when the condition holds, else the third (null when there is none)."
        ),
        (
            Parameter("condition", (Base.BOOLEAN,)),
            Parameter("then", _ANY),
            Parameter("else", _ANY, optional=True),
        ),
        _first,
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
            Parameter("value", _SCALAR),
            Parameter("case, result", _ANY, repeated=True),
            Parameter("else", _ANY, optional=True),
        ),
        _first,
        examples=(("SWITCH('b', 'a', 1, 'b', 2, 0)", "2"),),
        special=True,
    ),
    Function(
        "COALESCE",
        "logic",
        say("Gives the first argument that has a value."),
        (Parameter("value", _SCALAR, repeated=True),),
        _first,
        examples=(("COALESCE(null, 'x', 'y')", "x"),),
        special=True,
    ),
    Function(
        "ISBLANK",
        "logic",
        say(
            "Tells whether there is no value: null, a text without characters, a list without items."
        ),
        (Parameter("value", _ANY),),
        BOOLEAN,
        lambda value: value is None or value in ("", ()),
        (("ISBLANK('')", "true"), ("ISBLANK(0)", "false")),
        handles_null=True,
        compiles=lambda kinds: kinds[0].base is not Base.OBJECT,
    ),
)

_TEXTS = (
    Function(
        "LEN",
        "text",
        say("Counts the characters of a text."),
        (_text(),),
        NUMBER,
        lambda text: Decimal(len(text)),
        (("LEN('张三')", "2"),),
        compiles=True,
    ),
    Function(
        "LOWER",
        "text",
        say("Writes a text in small letters."),
        (_text(),),
        TEXT,
        str.lower,
        (("LOWER('Ab')", "ab"),),
        compiles=True,
    ),
    Function(
        "UPPER",
        "text",
        say("Writes a text in capital letters."),
        (_text(),),
        TEXT,
        str.upper,
        (("UPPER('Ab')", "AB"),),
        compiles=True,
    ),
    Function(
        "TRIM",
        "text",
        say("Takes blanks and line ends away at both ends of a text."),
        (_text(),),
        TEXT,
        lambda text: text.strip(BLANKS),
        (("TRIM(' a b ')", "a b"),),
        compiles=True,
    ),
    Function(
        "LEFT",
        "text",
        say("Gives the first characters of a text."),
        (_text(), _number("count")),
        TEXT,
        _left,
        (("LEFT('Formwright', 4)", "Form"),),
        compiles=True,
    ),
    Function(
        "RIGHT",
        "text",
        say("Gives the last characters of a text."),
        (_text(), _number("count")),
        TEXT,
        _right,
        (("RIGHT('13800138000', 4)", "8000"),),
        compiles=True,
    ),
    Function(
        "CONTAINS",
        "text",
        say("Tells whether a text holds another (capitals count), or a list a value."),
        (Parameter("text", (Base.TEXT, *_MANY)), Parameter("part", _SCALAR)),
        BOOLEAN,
        lambda text, part: part in text,
        (("CONTAINS('invoice 7', 'voice')", "true"),),
        special=True,
        compiles=True,
    ),
    Function(
        "STARTSWITH",
        "text",
        say("Tells whether a text begins with another."),
        (_text(), _text("beginning")),
        BOOLEAN,
        str.startswith,
        (("STARTSWITH('SO-0001', 'SO-')", "true"),),
        compiles=True,
    ),
    Function(
        "ENDSWITH",
        "text",
        say("Tells whether a text ends with another."),
        (_text(), _text("ending")),
        BOOLEAN,
        str.endswith,
        (("ENDSWITH('a@b.cn', '.cn')", "true"),),
        compiles=True,
    ),
    Function(
        "MATCHES",
        "text",
        say(
            "Tells whether a regular expression (RE2: no look-around, no back-references) occurs in a text."
        ),
        (_text(), _text("pattern", constant=True)),
        BOOLEAN,
        lambda text, pattern: matches(pattern, text),
        (("MATCHES('AB-12', '^[A-Z]+-[0-9]+$')", "true"),),
    ),
    Function(
        "REPLACE",
        "text",
        say("Replaces every occurrence of a part of a text."),
        (_text(), _text("old"), _text("new")),
        TEXT,
        _replace,
        (("REPLACE('a-b-c', '-', '/')", "a/b/c"),),
        compiles=True,
    ),
    Function(
        "SPLIT",
        "text",
        say(
            "Cuts a text at a separator into a list; blanks around the parts and empty parts are left out."
        ),
        (_text(), _text("separator")),
        list_of(TEXT),
        _split,
        (("JOIN(SPLIT('a; b;', ';'), '+')", "a+b"),),
    ),
    Function(
        "JOIN",
        "text",
        say(
            "Joins the texts of a list, with a separator between; those without a value are left out."
        ),
        (Parameter("list", (Base.LIST,)), _text("separator", optional=True)),
        TEXT,
        _join,
        (("JOIN(['a', null, 'b'], ', ')", "a, b"),),
        handles_null=True,
    ),
    Function(
        "NORMALISE",
        "text",
        say(
            "Gives a text without capitals, accents, full-width forms and double blanks, for comparing."
        ),
        (_text(),),
        TEXT,
        _normalise,
        (("NORMALISE('Ａ  Café')", "a cafe"),),
    ),
)

_NUMBERS = (
    Function(
        "ROUND",
        "numbers",
        say(
            "Rounds to so many digits behind the point (0 when left out); a five goes away from zero."
        ),
        (Parameter("number", _NUMERIC), _number("digits", optional=True, constant=True)),
        _first,
        numbers.rounded,
        (("ROUND(2.345, 2)", "2.35"), ("ROUND(-2.5)", "-3")),
        compiles=True,
    ),
    Function(
        "FLOOR",
        "numbers",
        say("Gives the next whole number below."),
        (Parameter("number", _NUMERIC),),
        _first,
        lambda number: number.to_integral_value(ROUND_FLOOR),
        (("FLOOR(-1.5)", "-2"),),
        compiles=True,
    ),
    Function(
        "CEIL",
        "numbers",
        say("Gives the next whole number above."),
        (Parameter("number", _NUMERIC),),
        _first,
        lambda number: number.to_integral_value(ROUND_CEILING),
        (("CEIL(1.2)", "2"),),
        compiles=True,
    ),
    Function(
        "ABS",
        "numbers",
        say("Gives a number without its sign."),
        (Parameter("number", _NUMERIC),),
        _first,
        numbers.absolute,
        (("ABS(-3)", "3"),),
        compiles=True,
    ),
    Function(
        "MOD",
        "numbers",
        say("Gives the rest of a division, with the sign of the first number."),
        (Parameter("number", _NUMERIC), _number("divisor")),
        _first,
        numbers.remainder,
        (("MOD(7, 3)", "1"),),
        compiles=True,
    ),
    Function(
        "DECIMAL",
        "numbers",
        say("Reads a number from a text; null when the text is none."),
        (_text(),),
        NUMBER,
        numbers.read,
        (("DECIMAL('12.50')", "12.50"),),
        compiles=True,
    ),
)

_DATES = (
    Function(
        "DATE",
        "dates",
        say(
            "Gives a day: of an ISO text, of an instant (in the time zone of the reader), of year, month and day."
        ),
        (
            Parameter("value", (Base.TEXT, Base.DATE, Base.DATETIME, Base.NUMBER)),
            _number("month", optional=True),
            _number("day", optional=True),
        ),
        DATE,
        _date,
        (("DATE('2026-02-28') == DATE(2026, 2, 28)", "true"),),
        context=True,
        compiles=lambda kinds: kinds[0].base in _MOMENT,
    ),
    Function(
        "DATETIME",
        "dates",
        say(
            "Gives an instant: of an ISO text, or of a day, at its beginning or at a time such as '09:00'."
        ),
        (
            Parameter("value", (Base.TEXT, Base.DATE, Base.DATETIME)),
            Parameter("time", (Base.TEXT, Base.TIME), optional=True),
        ),
        DATETIME,
        _datetime,
        (("DATETIME('2026-02-28T10:00') == DATETIME(DATE('2026-02-28'), '10:00')", "true"),),
        context=True,
        compiles=lambda kinds: len(kinds) == 1 and kinds[0].base in _MOMENT,
    ),
    Function(
        "DATEADD",
        "dates",
        say("Moves a day or an instant by so many units; months clip to the end of the month."),
        (Parameter("moment", _MOMENT), _number("count"), _unit(calendar.UNITS)),
        _first,
        _dateadd,
        (("DATEADD(DATE('2026-01-31'), 1, 'month') == DATE('2026-02-28')", "true"),),
        context=True,
        compiles=True,
    ),
    Function(
        "DATEDIFF",
        "dates",
        say(
            "Counts the whole units from the first to the second; negative when the second is earlier."
        ),
        (Parameter("from", _MOMENT), Parameter("to", _MOMENT), _unit(calendar.UNITS)),
        NUMBER,
        _datediff,
        (("DATEDIFF(DATE('2026-01-01'), DATE('2026-03-01'), 'day')", "59"),),
        context=True,
        compiles=True,
    ),
    Function(
        "TRUNC",
        "dates",
        say("Gives the first day of the year, quarter, month or week (from Monday)."),
        (Parameter("moment", _MOMENT), _unit(calendar.DAY_UNITS)),
        DATE,
        _trunc,
        (("TRUNC(DATE('2026-05-17'), 'quarter') == DATE('2026-04-01')", "true"),),
        context=True,
        compiles=True,
    ),
    Function(
        "END_OF",
        "dates",
        say("Gives the last day of the year, quarter, month or week."),
        (Parameter("moment", _MOMENT), _unit(calendar.DAY_UNITS)),
        DATE,
        _end_of,
        (("END_OF(DATE('2026-02-03'), 'month') == DATE('2026-02-28')", "true"),),
        context=True,
        compiles=True,
    ),
    Function(
        "YEAR",
        "dates",
        say("Gives the year of a day."),
        (Parameter("moment", _MOMENT),),
        NUMBER,
        lambda context, moment: Decimal(calendar.day_of(moment, context.zone).year),
        (("YEAR(DATE('2026-02-03'))", "2026"),),
        context=True,
        compiles=True,
    ),
    Function(
        "MONTH",
        "dates",
        say("Gives the month of a day, 1 to 12."),
        (Parameter("moment", _MOMENT),),
        NUMBER,
        lambda context, moment: Decimal(calendar.day_of(moment, context.zone).month),
        (("MONTH(DATE('2026-02-03'))", "2"),),
        context=True,
        compiles=True,
    ),
    Function(
        "DAY",
        "dates",
        say("Gives the day of the month, 1 to 31."),
        (Parameter("moment", _MOMENT),),
        NUMBER,
        lambda context, moment: Decimal(calendar.day_of(moment, context.zone).day),
        (("DAY(DATE('2026-02-03'))", "3"),),
        context=True,
        compiles=True,
    ),
    Function(
        "WEEKDAY",
        "dates",
        say("Gives the day of the week: 1 is Monday, 7 is Sunday."),
        (Parameter("moment", _MOMENT),),
        NUMBER,
        lambda context, moment: Decimal(calendar.day_of(moment, context.zone).isoweekday()),
        (("WEEKDAY(DATE('2026-03-02'))", "1"),),
        context=True,
        compiles=True,
    ),
    Function(
        "WORKDAYS",
        "dates",
        say(
            "Counts the days from Monday to Friday after the first day, up to and including the second."
        ),
        (Parameter("from", _MOMENT), Parameter("to", _MOMENT)),
        NUMBER,
        _workdays,
        (("WORKDAYS(DATE('2026-03-06'), DATE('2026-03-09'))", "1"),),
        context=True,
        compiles=True,
    ),
    Function(
        "WORKDAYS_ADD",
        "dates",
        say("Moves a day or an instant by so many days from Monday to Friday."),
        (Parameter("moment", _MOMENT), _number("count")),
        _first,
        _workdays_add,
        (("WORKDAYS_ADD(DATE('2026-03-06'), 1) == DATE('2026-03-09')", "true"),),
        context=True,
    ),
)

_SOURCE = Parameter("list", _MANY)
_CONDITION = Parameter("condition", (Base.BOOLEAN,))
_OPTIONAL_CONDITION = Parameter("condition", (Base.BOOLEAN,), optional=True)
_BODY = Parameter("value of item", _SCALAR, optional=True)

_MACROS = (
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
        _first,
        examples=(("SUM([1, 2, null])", "3"),),
        special=True,
    ),
    Function(
        "AVG",
        "lists",
        say("Gives the mean of the values; null for an empty list."),
        (_SOURCE, _BODY),
        _first,
        examples=(("AVG([1, 2])", "1.5"),),
        special=True,
    ),
    Function(
        "MIN",
        "lists",
        say("Gives the smallest of a list, or of several values; null is left out."),
        (Parameter("list or value", _ANY, repeated=True),),
        _first,
        examples=(("MIN([3, 1])", "1"), ("MIN(3, 1, 2)", "1")),
        special=True,
    ),
    Function(
        "MAX",
        "lists",
        say("Gives the largest of a list, or of several values; null is left out."),
        (Parameter("list or value", _ANY, repeated=True),),
        _first,
        examples=(("MAX([3, 1])", "3"), ("MAX(3, 1, 2)", "3")),
        special=True,
    ),
    Function(
        "FILTER",
        "lists",
        say("Gives the items for which the condition holds."),
        (_SOURCE, _CONDITION),
        _first,
        examples=(("COUNT(FILTER([1, 5], item > 4))", "1"),),
        special=True,
    ),
    Function(
        "FIRST",
        "lists",
        say(
            "Gives the first item in the order of a field, such as 'position', or '-created_at' for the last."
        ),
        (_SOURCE, _text("order", optional=True, constant=True)),
        _first,
        examples=(("FIRST([3, 1])", "3"),),
        special=True,
    ),
)

_FIELD = Parameter("field", _ANY)
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
        (_FIELD, Parameter("value", _ANY)),
        BOOLEAN,
        special=True,
    ),
    Function(
        "CHANGED_TO",
        "record",
        say("Tells whether a field has this value now and had another before this change."),
        (_FIELD, Parameter("value", _ANY)),
        BOOLEAN,
        special=True,
    ),
    Function(
        "HAS_ROLE",
        "record",
        say("Tells whether the user has a role; the name of its package may be left out."),
        (_text("role"),),
        BOOLEAN,
        _has_role,
        context=True,
        special=True,
    ),
)


def builtin() -> Functions:
    """Return a fresh registry with every function of the platform, to which plugins may add."""
    return Functions(_LOGIC + _TEXTS + _NUMBERS + _DATES + _MACROS + _RECORD)


#: The registry used where none is given.
BUILTIN = builtin()
