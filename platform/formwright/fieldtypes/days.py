"""Days and times of day as people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.spelling import squeeze
from formwright.texts import say

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
            "aug august", "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_YEAR_FIRST = re.compile(r"([0-9]{4}) ?[-/.年] ?([0-9]{1,2}) ?[-/.月] ?([0-9]{1,2}) ?[日号]?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2}) ?([-/.]) ?([0-9]{1,2}) ?\2 ?([0-9]{4})")
_DAY_MONTH = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]*([a-z]{3,9})\.?,?[-/. ]*([0-9]{4})"
)  # codespell:ignore nd
_MONTH_DAY = re.compile(
    r"([a-z]{3,9})\.?[- ]*([0-9]{1,2})(?:st|nd|rd|th)?(?: ?,)?[- ]+([0-9]{4})"
)  # codespell:ignore nd
_YEAR_MONTH_NAME = re.compile(r"([0-9]{4})[-/. ]([a-z]{3,9})[-/. ]([0-9]{1,2})")
_SERIAL = re.compile(r"([0-9]{5})(\.[0-9]+)?")
_WEEKDAY = re.compile(
    r" ?\(?(?:星期|周)[一二三四五六日天]\)?"
    r"|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?,?",
)
_TIME_TAIL = re.compile(
    r"(?:(?<=[0-9日号])(?:t|,? )|(?<=[日号]))(?P<time>(?:上午|下午|凌晨|早上|中午|晚上)? ?[0-9]{1,2}(?::[0-9]{2}|点|时| ?[ap]m).*)$"
)
_TIME = re.compile(
    r"(?P<part>上午|下午|凌晨|早上|中午|晚上)? ?(?P<hour>[0-9]{1,2})"
    r"(?:(?::|点|时)(?:(?P<minute>[0-9]{1,2})(?:分|(?::|分)(?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,9}))?秒?)?)?"
    r"| ?(?=[ap]m))"
    r" ?(?P<half>[ap]m)? ?(?P<zone>z|utc|[+-][0-9]{2}:?[0-9]{2})?"
)
_COMPACT_TIME = re.compile(r"([0-2][0-9])([0-5][0-9])")
_AFTERNOON = frozenset({"下午", "晚上", "中午", "pm"})
#: Day 0 of spreadsheets; right from 1 March 1900 on, and no serial of five digits lies before it.
_SERIAL_ZERO = date(1899, 12, 30)
_FIRST_YEAR = 1000
_LONGEST = 60
#: Orders of day and month that an importer can be told.
ORDERS = ("dmy", "mdy")


def read_day(typed: str, order: str = "") -> date | None:
    """Return the day that ``typed`` means, or None for blank; a time behind it is read over.

    Raise ValueProblem for text that is no day, for a day that no calendar has, and for 03/04/2024 while
    ``order`` (``dmy`` or ``mdy``) is not known.

    >>> read_day("2024年3月5日"), read_day("5-Mar-2024"), read_day("45356")
    (datetime.date(2024, 3, 5), datetime.date(2024, 3, 5), datetime.date(2024, 3, 5))
    """
    text = _plain(typed)
    if not text:
        return None
    if tail := _TIME_TAIL.search(text):
        if not _TIME.fullmatch(tail["time"]):
            raise _no_day(typed)
        text = text[: tail.start()].rstrip(" ,")
    if match := _SERIAL.fullmatch(text):
        return _SERIAL_ZERO + timedelta(days=int(match[1]))
    return _read_day(text, typed, order)


def read_instant(typed: str, order: str = "") -> datetime | None:
    """Return the day and time that ``typed`` means, without a zone where none is given; None for blank.

    A day alone means its first minute.
    """
    text = _plain(typed)
    if not text:
        return None
    if match := _SERIAL.fullmatch(text):
        seconds = round(Decimal(match[2] or 0) * 86_400)
        return datetime.combine(_SERIAL_ZERO + timedelta(days=int(match[1])), time()) + timedelta(
            seconds=seconds
        )
    tail = _TIME_TAIL.search(text)
    if tail is None:
        return datetime.combine(_read_day(text, typed, order), time())
    day = _read_day(text[: tail.start()].rstrip(" ,"), typed, order)
    return datetime.combine(day, _read_time(tail["time"], typed))


def read_time(typed: str) -> time | None:
    """Return the time of day that ``typed`` means, in whole seconds, or None for blank.

    >>> read_time("下午3点"), read_time("0930"), read_time("3:05 pm")
    (datetime.time(15, 0), datetime.time(9, 30), datetime.time(15, 5))
    """
    text = _plain(typed)
    if not text:
        return None
    if match := _COMPACT_TIME.fullmatch(text):
        text = f"{match[1]}:{match[2]}"
    return _read_time(text, typed).replace(microsecond=0, tzinfo=None)


def is_ambiguous(typed: str) -> bool:
    """Return True when day and month could be either way round.

    >>> is_ambiguous("03/04/2024"), is_ambiguous("13/04/2024"), is_ambiguous("04/04/2024")
    (True, False, False)
    """
    match = _YEAR_LAST.match(_plain(typed))
    if match is None:
        return False
    first, second = int(match[1]), int(match[3])
    return first != second and 1 <= first <= 12 and 1 <= second <= 12


def _plain(typed: str) -> str:
    if len(typed) > 4 * _LONGEST:
        raise _no_day(typed)
    text = squeeze(typed).lower()
    if len(text) > _LONGEST:
        raise _no_day(typed)
    return _WEEKDAY.sub("", text).strip(" ,") if len(text) > 10 else text


def _read_day(text: str, typed: str, order: str) -> date:
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _day(match[1], match[2], match[3], typed)
    if match := _YEAR_LAST.fullmatch(text):
        return _read_year_last(int(match[1]), int(match[3]), match[4], typed, order)
    if match := _DAY_MONTH.fullmatch(text):
        return _day(match[3], _month(match[2], typed), match[1], typed)
    if match := _MONTH_DAY.fullmatch(text):
        return _day(match[3], _month(match[1], typed), match[2], typed)
    if match := _YEAR_MONTH_NAME.fullmatch(text):
        return _day(match[1], _month(match[2], typed), match[3], typed)
    raise _no_day(typed)


def _read_year_last(first: int, second: int, year: str, typed: str, order: str) -> date:
    if first > 12 or first == second:
        return _day(year, second, first, typed)
    if second > 12:
        return _day(year, first, second, typed)
    if order == "dmy":
        return _day(year, second, first, typed)
    if order == "mdy":
        return _day(year, first, second, typed)
    raise ValueProblem(
        say("“%(typed)s” can mean two days. Write the year first, like %(example)s.", typed=typed.strip(),
            example=f"{year}-{second:02d}-{first:02d}")
    )  # fmt: skip


def _month(name: str, typed: str) -> int:
    if name not in _MONTHS:
        raise _no_day(typed)
    return _MONTHS[name]


def _day(year: str | int, month: str | int, day: str | int, typed: str) -> date:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        raise ValueProblem(
            say("No calendar has the day “%(typed)s”.", typed=typed.strip())
        ) from None
    if found.year < _FIRST_YEAR:
        raise _no_day(typed)
    return found


def _read_time(text: str, typed: str) -> time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise _no_time(typed)
    hour = int(match["hour"])
    half = match["part"] or match["half"]
    if half in _AFTERNOON and hour < 12 and not (half == "中午" and hour == 11):
        hour += 12
    elif half in ("am", "凌晨", "上午") and hour == 12:
        hour = 0
    fraction = int((match["fraction"] or "0").ljust(6, "0")[:6])
    try:
        return time(
            hour,
            int(match["minute"] or 0),
            int(match["second"] or 0),
            fraction,
            tzinfo=_zone(match["zone"]),
        )
    except ValueError:
        raise _no_time(typed) from None


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in ("z", "utc"):
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _no_day(typed: str) -> ValueProblem:
    return ValueProblem(
        say("“%(typed)s” is not a date. Write it like 2024-03-05.", typed=_shown(typed))
    )


def _no_time(typed: str) -> ValueProblem:
    return ValueProblem(say("“%(typed)s” is not a time. Write it like 14:30.", typed=_shown(typed)))


def _shown(typed: str) -> str:
    text = squeeze(typed[:200])
    return text if len(text) <= 30 else text[:30] + "…"
