"""Functions that SQLite lacks, given to every connection: exact decimals, calendar days, letters of all scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, DecimalException
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from formwright.expressions import calendar, numbers
from formwright.store.columntypes import instant_text

_zone = lru_cache(maxsize=64)(ZoneInfo)


def register_sqlite_functions(connection: Any) -> None:
    """Give a connection of Python's or pysqlite3's SQLite the functions that compiled expressions call.

    Exact numbers travel as text, days and instants as the fixed-width text of the ``d`` columns.
    """
    for name, (count, function) in _FUNCTIONS.items():
        connection.create_function(name, count, function, deterministic=True)
    for name, aggregate in _AGGREGATES.items():
        connection.create_aggregate(name, 1, aggregate)


# -- numbers --------------------------------------------------------------------------------------------------


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _numeric(work_out: Callable[..., Decimal]) -> Callable[..., str | None]:
    """Return ``work_out`` on texts: null for null, and for what has no result."""

    def run(*texts: Any) -> str | None:
        if None in texts:
            return None
        try:
            return _plain(work_out(*(Decimal(text) for text in texts)))
        except DecimalException:
            return None

    return run


def _compare(left: Any, right: Any) -> int | None:
    if left is None or right is None:
        return None
    first, second = Decimal(left), Decimal(right)
    return (first > second) - (first < second)


def _from_scaled(number: int | None, scale: int) -> str | None:
    return None if number is None else _plain(Decimal(number).scaleb(-scale))


def _to_scaled(text: Any, scale: int) -> int | None:
    return (
        None if text is None else int(numbers.rounded(Decimal(text), Decimal(scale)).scaleb(scale))
    )


def _extreme(choose: Callable[[list[Decimal]], Decimal]) -> Callable[..., str | None]:
    def run(*texts: Any) -> str | None:
        given = [Decimal(text) for text in texts if text is not None]
        return _plain(choose(given)) if given else None

    return run


def _canonical(text: Any) -> str | None:
    """Return the same text for equal numbers."""
    if text is None:
        return None
    number = Decimal(text)
    return _plain(number.normalize()) if number else "0"


def _read(text: Any) -> str | None:
    number = None if text is None else numbers.read(str(text))
    return None if number is None else _plain(number)


class _Sum:
    """SUM over exact numbers; null when there are none."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, text: Any) -> None:
        if text is not None:
            self.total = numbers.add(self.total or Decimal(0), Decimal(text))

    def finalize(self) -> str | None:
        return None if self.total is None else _plain(self.total)


class _Least:
    """MIN over exact numbers."""

    choose: Callable[..., Decimal] = min

    def __init__(self) -> None:
        self.found: Decimal | None = None

    def step(self, text: Any) -> None:
        if text is not None:
            number = Decimal(text)
            self.found = number if self.found is None else type(self).choose(self.found, number)

    def finalize(self) -> str | None:
        return None if self.found is None else _plain(self.found)


class _Greatest(_Least):
    """MAX over exact numbers."""

    choose: Callable[..., Decimal] = max


# -- days and instants ----------------------------------------------------------------------------------------


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _write(value: date) -> str:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return instant_text(value)


def _value(text: str, is_day: int) -> date | datetime:
    moment = _moment(text)
    return moment.date() if is_day else moment


def _day(text: str | None, zone: str) -> str | None:
    return None if text is None else _write(calendar.day_of(_moment(text), _zone(zone)))


def _start(text: str | None, zone: str) -> str | None:
    return (
        None if text is None else _write(calendar.start_of_day(_moment(text).date(), _zone(zone)))
    )


def _dateadd(text: str | None, count: Any, unit: str, zone: str, is_day: int) -> str | None:
    if text is None or count is None:
        return None
    try:
        return _write(calendar.add(_value(text, is_day), int(Decimal(count)), unit, _zone(zone)))
    except (OverflowError, ValueError):
        return None


def _datediff(start: str | None, end: str | None, unit: str, zone: str, days: int) -> int | None:
    """Return the difference; bit 1 of ``days`` marks the first as a plain day, bit 2 the second."""
    if start is None or end is None:
        return None
    return calendar.difference(_value(start, days & 1), _value(end, days & 2), unit, _zone(zone))


def _trunc(text: str | None, unit: str) -> str | None:
    return None if text is None else _write(calendar.first_day(_moment(text).date(), unit))


def _end_of(text: str | None, unit: str) -> str | None:
    return None if text is None else _write(calendar.last_day(_moment(text).date(), unit))


def _workdays(start: str | None, end: str | None) -> int | None:
    if start is None or end is None:
        return None
    return calendar.workdays(_moment(start).date(), _moment(end).date())


def _weekday(text: str | None) -> int | None:
    return None if text is None else _moment(text).isoweekday()


# -- texts ----------------------------------------------------------------------------------------------------


def _left(text: str | None, count: Any) -> str | None:
    return None if text is None or count is None else text[: max(int(Decimal(count)), 0)]


def _right(text: str | None, count: Any) -> str | None:
    if text is None or count is None:
        return None
    length = max(int(Decimal(count)), 0)
    return text[-length:] if length else ""


def _ends_with(text: str | None, ending: str | None) -> int | None:
    return None if text is None or ending is None else text.endswith(ending)


def _starts_with(text: str | None, beginning: str | None) -> int | None:
    return None if text is None or beginning is None else text.startswith(beginning)


def _replace(text: str | None, old: str | None, new: str | None) -> str | None:
    """Replace like PostgreSQL; SQLite's own has an opinion of its own about null."""
    if text is None or old is None or new is None:
        return None
    return text.replace(old, new) if old else text


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _upper(text: str | None) -> str | None:
    return None if text is None else text.upper()


_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "fw_add": (2, _numeric(numbers.add)),
    "fw_subtract": (2, _numeric(numbers.subtract)),
    "fw_multiply": (2, _numeric(numbers.multiply)),
    "fw_divide": (2, _numeric(numbers.divide)),
    "fw_remainder": (2, _numeric(numbers.remainder)),
    "fw_negate": (1, _numeric(numbers.negate)),
    "fw_absolute": (1, _numeric(numbers.absolute)),
    "fw_round": (2, _numeric(numbers.rounded)),
    "fw_floor": (1, _numeric(lambda number: number.to_integral_value(ROUND_FLOOR))),
    "fw_ceil": (1, _numeric(lambda number: number.to_integral_value(ROUND_CEILING))),
    "fw_least": (-1, _extreme(min)),
    "fw_greatest": (-1, _extreme(max)),
    "fw_compare": (2, _compare),
    "fw_from_scaled": (2, _from_scaled),
    "fw_to_scaled": (2, _to_scaled),
    "fw_canonical": (1, _canonical),
    "fw_read": (1, _read),
    "fw_day": (2, _day),
    "fw_start": (2, _start),
    "fw_dateadd": (5, _dateadd),
    "fw_datediff": (5, _datediff),
    "fw_trunc": (2, _trunc),
    "fw_end_of": (2, _end_of),
    "fw_workdays": (2, _workdays),
    "fw_weekday": (1, _weekday),
    "fw_left": (2, _left),
    "fw_right": (2, _right),
    "fw_starts_with": (2, _starts_with),
    "fw_ends_with": (2, _ends_with),
    "fw_replace": (3, _replace),
    "fw_lower": (1, _lower),
    "fw_upper": (1, _upper),
}
_AGGREGATES: dict[str, type] = {"fw_sum": _Sum, "fw_min": _Least, "fw_max": _Greatest}
