"""Arithmetic with days, months and instants, the same for the interpreter and for SQLite."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: Units of whole days or more, and those below.
DAY_UNITS = ("year", "quarter", "month", "week", "day")
TIME_UNITS = ("hour", "minute", "second")
UNITS = DAY_UNITS + TIME_UNITS
_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_DAYS = {"week": 7, "day": 1}
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_MONDAY = date(1970, 1, 5).toordinal()


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which the clocks of ``zone`` show this day and time.

    Where they show it twice or never, because of daylight saving, standard time counts, as in PostgreSQL.
    """
    first = datetime.combine(day, clock, tzinfo=zone)
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    chosen = first if before is None or after is None or before <= after else second
    return chosen.astimezone(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of ``day`` in ``zone``."""
    return instant(day, time(), zone)


def day_of(moment: date | datetime, zone: ZoneInfo) -> date:
    """Return the day that it is in ``zone`` at ``moment``; a date stays itself."""
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def add(moment: date | datetime, count: int, unit: str, zone: ZoneInfo) -> date | datetime:
    """Return ``moment`` moved by ``count`` units; months clip to the end of the month.

    Days and more keep the time that clocks in ``zone`` show; hours and less are elapsed time. Raises OverflowError
    or ValueError outside the years 1 to 9999.
    """
    if not isinstance(moment, datetime):
        return _add_days(moment, count, unit)
    if unit in _SECONDS:
        return moment + timedelta(seconds=count * _SECONDS[unit])
    local = moment.astimezone(zone)
    return instant(_add_days(local.date(), count, unit), local.time(), zone)


def _add_days(day: date, count: int, unit: str) -> date:
    if unit in _MONTHS:
        return add_months(day, count * _MONTHS[unit])
    return day + timedelta(days=count * _DAYS[unit])


def add_months(day: date, count: int) -> date:
    """Return the same day ``count`` months later, or the last day of a month that has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(years, month + 1, min(day.day, _days_in_month(years, month + 1)))


def _days_in_month(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1) if (year, month) < (9999, 12) else None
    return 31 if following is None else (following - timedelta(days=1)).day


def difference(start: date | datetime, end: date | datetime, unit: str, zone: ZoneInfo) -> int:
    """Return how many whole units lie between; negative when ``end`` is earlier.

    Days and more are counted on the calendar of ``zone``, hours and less as elapsed time.
    """
    if unit in _SECONDS:
        seconds = (_moment(end, zone) - _moment(start, zone)) // timedelta(microseconds=1)
        return _whole(seconds, _SECONDS[unit] * 1_000_000)
    first, last = day_of(start, zone), day_of(end, zone)
    if unit in _DAYS:
        return _whole((last - first).days, _DAYS[unit])
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and last.day < first.day:
        months -= 1
    elif months < 0 and last.day > first.day:
        months += 1
    return _whole(months, _MONTHS[unit])


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    return value if isinstance(value, datetime) else start_of_day(value, zone)


def _whole(count: int, size: int) -> int:
    """Divide and cut towards zero."""
    return count // size if count >= 0 else -(-count // size)


def first_day(day: date, unit: str) -> date:
    """Return the first day of the year, quarter, month or week (from Monday) that ``day`` lies in."""
    match unit:
        case "year":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            return day.replace(day=1)
        case "week":
            return day - timedelta(days=day.weekday())
        case _:
            return day


def last_day(day: date, unit: str) -> date:
    """Return the last day of the year, quarter, month or week that ``day`` lies in."""
    start = first_day(day, unit)
    if unit in _MONTHS:
        month = start.month + _MONTHS[unit] - 1
        return date(start.year, month, _days_in_month(start.year, month))
    return start + timedelta(days=_DAYS[unit] - 1)


def workdays(start: date, end: date) -> int:
    """Return how many days from Monday to Friday come after ``start``, up to and including ``end``."""
    return _workdays_until(end) - _workdays_until(start)


def _workdays_until(day: date) -> int:
    weeks, rest = divmod(day.toordinal() - _MONDAY, 7)
    return weeks * 5 + min(rest + 1, 5)


def add_workdays(day: date, count: int) -> date:
    """Return the ``count``-th day from Monday to Friday after ``day`` (before it, when negative)."""
    if count == 0:
        return day
    if count > 0:
        base = min(day.weekday(), 4)
        start = day - timedelta(days=day.weekday() - base)
        weeks, rest = divmod(base + count, 5)
    else:
        base = day.weekday() if day.weekday() <= 4 else 5
        start = day - timedelta(days=day.weekday() - base)
        weeks, rest = divmod(base + count, 5)
    return start + timedelta(days=weeks * 7 + rest - base)


def parse_date(text: str) -> date | None:
    """Return the day that an ISO text means, or None.

    >>> parse_date("2026-02-28"), parse_date("2026-02-30")
    (datetime.date(2026, 2, 28), None)
    """
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def parse_datetime(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the instant that an ISO text means; without an offset it is what clocks in ``zone`` show."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return instant(moment.date(), moment.time(), zone)


def parse_time(text: str) -> time | None:
    """Return the time of day that ``HH:MM`` (with seconds or without) means, or None."""
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        return None
    return clock if clock.tzinfo is None else None


def is_datetime(text: str) -> bool:
    """Return whether ``text`` means an instant."""
    return parse_datetime(text, ZoneInfo("UTC")) is not None
