"""Functions on days and instants."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from formwright.expressions import calendar
from formwright.expressions.functions import Context, Function, Parameter
from formwright.expressions.kinds import (
    DATE,
    DATETIME,
    NUMBER,
    Base,
)
from formwright.expressions.parameters import (
    MOMENTS,
    number,
    same_as_first,
    unit,
)
from formwright.texts import say


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


DATE_FUNCTIONS = (
    Function(
        "DATE",
        "dates",
        say(
            "Gives a day: of an ISO text, of an instant (in the time zone of the reader), of year, month and day."
        ),
        (
            Parameter("value", (Base.TEXT, Base.DATE, Base.DATETIME, Base.NUMBER)),
            number("month", optional=True),
            number("day", optional=True),
        ),
        DATE,
        _date,
        (("DATE('2026-02-28') == DATE(2026, 2, 28)", "true"),),
        context=True,
        compiles=lambda kinds: kinds[0].base in MOMENTS,
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
        compiles=lambda kinds: len(kinds) == 1 and kinds[0].base in MOMENTS,
    ),
    Function(
        "DATEADD",
        "dates",
        say("Moves a day or an instant by so many units; months clip to the end of the month."),
        (Parameter("moment", MOMENTS), number("count"), unit(calendar.UNITS)),
        same_as_first,
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
        (Parameter("from", MOMENTS), Parameter("to", MOMENTS), unit(calendar.UNITS)),
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
        (Parameter("moment", MOMENTS), unit(calendar.DAY_UNITS)),
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
        (Parameter("moment", MOMENTS), unit(calendar.DAY_UNITS)),
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
        (Parameter("moment", MOMENTS),),
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
        (Parameter("moment", MOMENTS),),
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
        (Parameter("moment", MOMENTS),),
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
        (Parameter("moment", MOMENTS),),
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
        (Parameter("from", MOMENTS), Parameter("to", MOMENTS)),
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
        (Parameter("moment", MOMENTS), number("count")),
        same_as_first,
        _workdays_add,
        (("WORKDAYS_ADD(DATE('2026-03-06'), 1) == DATE('2026-03-09')", "true"),),
        context=True,
    ),
)
