"""The filters of text templates: ``{{ amount | money }}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from babel import dates, numbers

from formwright.expressions import calendar
from formwright.expressions.environment import Environment
from formwright.expressions.kinds import Base, Kind
from formwright.texts import Reader, Text, say


@dataclass(frozen=True, slots=True)
class TextFilter:
    """A filter: ``apply(value, argument, kind, environment, reader)`` gives the text.

    With ``of_text`` it works on what is printed already, blank included; else on the value, never on null.
    """

    doc: Text
    apply: Callable[[Any, Any, Kind, Environment, Reader], str]
    accepts: frozenset[Base] = frozenset(Base)
    of_text: bool = False
    argument: Base | None = None
    required: bool = False


_DAYS = frozenset({Base.DATE, Base.DATETIME})
_CLOCKS = frozenset({Base.TIME, Base.DATETIME})
_NUMBERS = frozenset({Base.NUMBER, Base.MONEY})


def _date(
    value: date, _argument: Any, _kind: Kind, environment: Environment, reader: Reader
) -> str:
    return dates.format_date(
        calendar.day_of(value, _zone(environment, reader)), locale=reader.locale
    )


def _zone(_environment: Environment, reader: Reader) -> Any:
    return reader.zone


def _time(
    value: time | datetime, _argument: Any, _kind: Kind, _environment: Environment, reader: Reader
) -> str:
    if isinstance(value, datetime):
        return dates.format_time(value, "short", tzinfo=reader.zone, locale=reader.locale)
    return dates.format_time(value, "short", locale=reader.locale)


def _datetime(
    value: date, _argument: Any, _kind: Kind, _environment: Environment, reader: Reader
) -> str:
    if isinstance(value, datetime):
        return dates.format_datetime(value, "medium", tzinfo=reader.zone, locale=reader.locale)
    return dates.format_date(value, locale=reader.locale)


def _relative(
    value: date, _argument: Any, _kind: Kind, environment: Environment, reader: Reader
) -> str:
    if isinstance(value, datetime):
        distance = value - environment.now
        return dates.format_timedelta(distance, add_direction=True, locale=reader.locale)
    days = (value - calendar.day_of(environment.now, reader.zone)).days
    return dates.format_timedelta(
        timedelta(days=days), granularity="day", add_direction=True, locale=reader.locale
    )


def _money(
    value: Decimal, _argument: Any, kind: Kind, _environment: Environment, reader: Reader
) -> str:
    if len(kind.currency) == 3:
        return numbers.format_currency(value, kind.currency, locale=reader.locale)
    return numbers.format_decimal(value, "#,##0.00", locale=reader.locale)


def _number(
    value: Decimal, _argument: Any, _kind: Kind, _environment: Environment, reader: Reader
) -> str:
    return numbers.format_decimal(value, "#,##0.############", locale=reader.locale)


def _percent(
    value: Decimal, _argument: Any, _kind: Kind, _environment: Environment, reader: Reader
) -> str:
    return numbers.format_percent(value / 100, "#,##0.##%", locale=reader.locale)


def _label(
    text: str, _argument: Any, _kind: Kind, _environment: Environment, _reader: Reader
) -> str:
    return text


def _mask(
    text: str, _argument: Any, _kind: Kind, _environment: Environment, _reader: Reader
) -> str:
    """Keep the last four characters of a long text, nothing of a short one."""
    kept = text[-4:] if len(text) > 7 else ""
    return "•" * (len(text) - len(kept)) + kept


def _default(
    text: str, argument: Any, _kind: Kind, _environment: Environment, _reader: Reader
) -> str:
    return text or str(argument)


def _truncate(
    text: str, argument: Any, _kind: Kind, _environment: Environment, _reader: Reader
) -> str:
    length = max(int(argument), 1)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _urlencode(
    text: str, _argument: Any, _kind: Kind, _environment: Environment, _reader: Reader
) -> str:
    return quote(text, safe="")


FILTERS: Mapping[str, TextFilter] = MappingProxyType(
    {
        "date": TextFilter(say("A day in the language of the reader."), _date, _DAYS),
        "time": TextFilter(say("A time of day where the reader is."), _time, _CLOCKS),
        "datetime": TextFilter(say("A day and time where the reader is."), _datetime, _DAYS),
        "relative": TextFilter(say("How long ago or ahead: 'in 3 days'."), _relative, _DAYS),
        "money": TextFilter(say("An amount with its currency."), _money, _NUMBERS),
        "number": TextFilter(
            say("A number with the separators of the reader's language."), _number, _NUMBERS
        ),
        "percent": TextFilter(say("A number as per cent: 20 is 20 %."), _percent, _NUMBERS),
        "label": TextFilter(
            say("The title of a choice, the name of a record."), _label, of_text=True
        ),
        "mask": TextFilter(
            say("Only the last four characters; the rest as dots."), _mask, of_text=True
        ),
        "default": TextFilter(
            say("Another text where there is no value."),
            _default,
            of_text=True,
            argument=Base.TEXT,
            required=True,
        ),
        "truncate": TextFilter(
            say("At most so many characters."),
            _truncate,
            of_text=True,
            argument=Base.NUMBER,
            required=True,
        ),
        "urlencode": TextFilter(say("Escaped for use in an address."), _urlencode, of_text=True),
    }
)
