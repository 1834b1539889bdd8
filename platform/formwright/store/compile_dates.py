"""Days and instants in SQL; on both dialects a day stands as its first moment, as in the ``d`` columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    Interval,
    Numeric,
    Text,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    literal_column,
    type_coerce,
)

from formwright.store.columntypes import Instant
from formwright.store.compile_terms import Sql

_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


class Moments(Protocol):
    """What the compiler asks of a dialect. ``is_day`` tells a day from an instant; counts are whole numbers."""

    def day(self, instant: Sql, zone: str) -> Sql:
        """Return the day of an instant in ``zone``."""
        ...

    def start(self, day: Sql, zone: str) -> Sql:
        """Return the first instant of a day in ``zone``."""
        ...

    def add(self, moment: Sql, count: Sql, unit: str, zone: str, *, is_day: bool) -> Sql:
        """Return a moment moved; null outside the years 1 to 9999."""
        ...

    def days_between(self, start: Sql, end: Sql, unit: str) -> Sql:
        """Return the whole units (day and longer) between two days."""
        ...

    def time_between(self, start: Sql, end: Sql, unit: str) -> Sql:
        """Return the whole hours, minutes or seconds between two instants."""
        ...

    def trunc(self, day: Sql, unit: str) -> Sql:
        """Return the first day of the unit."""
        ...

    def end_of(self, day: Sql, unit: str) -> Sql:
        """Return the last day of the unit."""
        ...

    def part(self, day: Sql, name: str) -> Sql:
        """Return year, month, day or weekday."""
        ...

    def workdays(self, start: Sql, end: Sql) -> Sql:
        """Return the days from Monday to Friday after ``start``, up to ``end``."""
        ...


class _PostgresMoments:
    """Timestamps without a zone; the time zone functions of PostgreSQL."""

    def _local(self, instant: Sql, zone: str) -> Sql:
        return func.timezone(zone, func.timezone("UTC", instant), type_=DateTime())

    def _instant(self, local: Sql, zone: str) -> Sql:
        return func.timezone("UTC", func.timezone(zone, local), type_=Instant())

    def day(self, instant: Sql, zone: str) -> Sql:
        return func.date_trunc("day", self._local(instant, zone), type_=Instant())

    def start(self, day: Sql, zone: str) -> Sql:
        return self._instant(day, zone)

    def add(self, moment: Sql, count: Sql, unit: str, zone: str, *, is_day: bool) -> Sql:
        many, moved = self._moved(moment, count, unit, zone, is_day=is_day)
        small = and_(count >= -many, count <= many)
        within = and_(moved >= literal(_FIRST, Instant()), moved <= literal(_LAST, Instant()))
        return case((small, case((within, moved))))

    def _moved(
        self, moment: Sql, count: Sql, unit: str, zone: str, *, is_day: bool
    ) -> tuple[int, Sql]:
        """Return how far is far enough, and the moved moment."""
        if unit in _MONTHS:
            step, many = _interval(months=count * _MONTHS[unit]), 120_000 // _MONTHS[unit]
        elif unit in {"week", "day"}:
            step, many = _interval(days=count * (7 if unit == "week" else 1)), 600_000
        else:
            seconds = {"hour": 3600, "minute": 60, "second": 1}[unit]
            step = _interval(seconds=count * seconds)
            return 400_000_000_000 // seconds, type_coerce(moment + step, Instant())
        if is_day:
            return many, type_coerce(moment + step, Instant())
        return many, self._instant(self._local(moment, zone) + step, zone)

    def days_between(self, start: Sql, end: Sql, unit: str) -> Sql:
        if unit in {"day", "week"}:
            days = cast(cast(end, Date()) - cast(start, Date()), Integer())
            return days if unit == "day" else days.op("/")(literal_column("7"))
        age = func.age(end, start, type_=Interval())
        months = extract("year", age) * 12 + extract("month", age)
        return cast(func.trunc(months / _MONTHS[unit]), Integer())

    def time_between(self, start: Sql, end: Sql, unit: str) -> Sql:
        seconds = {"hour": 3600, "minute": 60, "second": 1}[unit]
        distance = extract("epoch", type_coerce(end - start, Interval()))
        return cast(func.trunc(distance / seconds), BigInteger())

    def trunc(self, day: Sql, unit: str) -> Sql:
        return func.date_trunc(unit, day, type_=Instant())

    def end_of(self, day: Sql, unit: str) -> Sql:
        step = literal_column(
            "INTERVAL '3 months'" if unit == "quarter" else f"INTERVAL '1 {unit}'", Interval()
        )
        return type_coerce(
            func.date_trunc(unit, day) + step - literal_column("INTERVAL '1 day'"), Instant()
        )

    def part(self, day: Sql, name: str) -> Sql:
        return cast(extract({"weekday": "isodow"}.get(name, name), day), Integer())

    def workdays(self, start: Sql, end: Sql) -> Sql:
        return self._workdays_until(end) - self._workdays_until(start)

    def _workdays_until(self, day: Sql) -> Sql:
        days = cast(cast(day, Date()) - literal_column("DATE '1970-01-05'"), Integer())
        weeks = cast(func.floor(cast(days, Numeric()) / 7), Integer())
        return weeks * 5 + func.least(days - weeks * 7 + 1, 5)


def _interval(
    months: Sql | None = None, days: Sql | None = None, seconds: Sql | None = None
) -> Sql:
    zero: Sql = literal_column("0")
    return func.make_interval(
        zero,
        zero if months is None else cast(months, Integer()),
        zero,
        zero if days is None else cast(days, Integer()),
        zero,
        zero,
        zero if seconds is None else seconds,
        type_=Interval(),
    )


class _SqliteMoments:
    """Texts of fixed width, and functions of ours."""

    def day(self, instant: Sql, zone: str) -> Sql:
        return func.fw_day(instant, zone, type_=Instant())

    def start(self, day: Sql, zone: str) -> Sql:
        return func.fw_start(day, zone, type_=Instant())

    def add(self, moment: Sql, count: Sql, unit: str, zone: str, *, is_day: bool) -> Sql:
        return func.fw_dateadd(moment, count, unit, zone, int(is_day), type_=Instant())

    def days_between(self, start: Sql, end: Sql, unit: str) -> Sql:
        return func.fw_datediff(start, end, unit, "UTC", 3, type_=Integer())

    def time_between(self, start: Sql, end: Sql, unit: str) -> Sql:
        return func.fw_datediff(start, end, unit, "UTC", 0, type_=Integer())

    def trunc(self, day: Sql, unit: str) -> Sql:
        return func.fw_trunc(day, unit, type_=Instant())

    def end_of(self, day: Sql, unit: str) -> Sql:
        return func.fw_end_of(day, unit, type_=Instant())

    def part(self, day: Sql, name: str) -> Sql:
        if name == "weekday":
            return func.fw_weekday(day, type_=Integer())
        place, length = {"year": (1, 4), "month": (6, 2), "day": (9, 2)}[name]
        return cast(func.substr(type_coerce(day, Text()), place, length), Integer())

    def workdays(self, start: Sql, end: Sql) -> Sql:
        return func.fw_workdays(start, end, type_=Integer())


def moments_of(dialect: str) -> Moments:
    """Return the calendar of a dialect."""
    return _PostgresMoments() if dialect == "postgresql" else _SqliteMoments()
