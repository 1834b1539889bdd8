"""Field types for days and times: date, time, datetime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from babel import Locale
from babel.dates import format_date, format_time

from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes import days
from formwright.fieldtypes.base import Example, FieldLike, FieldType, Slot, ValueProblem
from formwright.texts import Reader, say

#: Instants outside of these have no local time in some zone.
_EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_ORDERED = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "within", "empty", "not_empty")


def day_shower(language: str) -> Callable[[date], str]:
    """Return the function that shows a day: YYYY-MM-DD in Chinese, Babel's medium format elsewhere."""
    return _day_shower(language)


def time_shower(language: str) -> Callable[[time], str]:
    """Return the function that shows a time of day: HH:MM in Chinese, Babel's short format elsewhere.

    Seconds are shown only where there are some.
    """
    return _time_shower(language)


class DateType(FieldType):
    """A day, without a time or zone."""

    name = "date"
    widget = "date"
    operators: ClassVar[tuple[str, ...]] = _ORDERED
    slot = Slot.MOMENT
    examples: ClassVar[tuple[Example, ...]] = (
        Example("2024-03-05", date(2024, 3, 5)),
        Example("2024/3/5", date(2024, 3, 5)),
        Example("2024.3.5", date(2024, 3, 5)),
        Example("2024年3月5日", date(2024, 3, 5)),
        Example("2024年03月05号", date(2024, 3, 5)),
        Example("２０２４－０３－０５", date(2024, 3, 5)),
        Example("20240305", date(2024, 3, 5)),
        Example("5-Mar-2024", date(2024, 3, 5)),
        Example("5 Mar 2024", date(2024, 3, 5)),
        Example("Mar 5, 2024", date(2024, 3, 5)),
        Example("2024-03-05T10:00", date(2024, 3, 5)),
        Example("45356", date(2024, 3, 5)),
        Example("31/12/2024", date(2024, 12, 31)),
        Example("", None),
        Example("2024-02-30", wrong=True),
        Example("03/04/2024", wrong=True),
        Example("soon", wrong=True),
    )

    def __init__(self, order: str = "") -> None:
        self._order = order

    def with_date_order(self, order: str) -> FieldType:
        """Return a date type that reads 03/04/2024 by ``order``."""
        return type(self)(order)

    def is_ambiguous(self, typed: str) -> bool:
        """Return True for 03/04/2024."""
        return days.is_ambiguous(typed)

    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of value for expressions."""
        return kinds.DATE

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the day; blank is None."""
        if len(typed) == 10 and typed[4] == "-" == typed[7] and typed[0] != "0":
            try:
                return date.fromisoformat(typed)
            except ValueError:
                pass  # the long way says what is wrong
        return days.read_day(typed, self._order)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the day as the reader's language has it."""
        return _day_shower(reader.language)(value)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return YYYY-MM-DD."""
        return str(value.isoformat())

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return a day, given as such or as text."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        raise ValueProblem(say("Enter a date."))

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return YYYY-MM-DD."""
        return value.isoformat()

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the day."""
        return date.fromisoformat(stored)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a day."""
        return {"type": "string", "format": "date"}


class TimeType(FieldType):
    """A time of day in whole seconds, without a zone."""

    name = "time"
    widget = "time"
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "lt",
        "lte",
        "gt",
        "gte",
        "between",
        "empty",
        "not_empty",
    )
    slot = Slot.TEXT
    examples: ClassVar[tuple[Example, ...]] = (
        Example("09:30", time(9, 30)),
        Example("9：05", time(9, 5)),
        Example("0930", time(9, 30)),
        Example("3:05 pm", time(15, 5)),
        Example("下午3点", time(15, 0)),
        Example("15点30分", time(15, 30)),
        Example("23:59:58", time(23, 59, 58)),
        Example("", None),
        Example("25:00", wrong=True),
        Example("noon-ish", wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of value for expressions."""
        return kinds.TIME

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the time; blank is None."""
        return days.read_time(typed)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the time as the reader's language has it."""
        return _time_shower(reader.language)(value)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return HH:MM, with seconds where there are some."""
        return str(value.isoformat("seconds" if value.second else "minutes"))

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return a time in whole seconds, given as such or as text."""
        if isinstance(value, time):
            return value.replace(microsecond=0, tzinfo=None)
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        raise ValueProblem(say("Enter a time."))

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return HH:MM:SS."""
        return value.isoformat("seconds")

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the time."""
        return time.fromisoformat(stored)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a time of day without a zone."""
        return {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]$"}


class DateTimeType(FieldType):
    """An instant: typed and shown in the reader's zone, kept in UTC."""

    name = "datetime"
    widget = "datetime"
    operators: ClassVar[tuple[str, ...]] = _ORDERED
    slot = Slot.MOMENT
    examples: ClassVar[tuple[Example, ...]] = (
        Example("2024-03-05T10:00", datetime(2024, 3, 5, 10, 0, tzinfo=UTC)),
        Example("2024-03-05 10:00:30", datetime(2024, 3, 5, 10, 0, 30, tzinfo=UTC)),
        Example("2024/3/5 9:05", datetime(2024, 3, 5, 9, 5, tzinfo=UTC)),
        Example("2024年3月5日 下午3点30分", datetime(2024, 3, 5, 15, 30, tzinfo=UTC)),
        Example("5-Mar-2024 3:05 PM", datetime(2024, 3, 5, 15, 5, tzinfo=UTC)),
        Example("2024-03-05T10:00:00+08:00", datetime(2024, 3, 5, 2, 0, tzinfo=UTC)),
        Example("45356.5", datetime(2024, 3, 5, 12, 0, tzinfo=UTC)),
        Example("2024-03-05", datetime(2024, 3, 5, tzinfo=UTC)),
        Example("", None),
        Example("2024-02-30 10:00", wrong=True),
        Example("03/04/2024 10:00", wrong=True),
        Example("9999-12-31 23:59", wrong=True),
        Example("later", wrong=True),
    )

    def __init__(self, order: str = "") -> None:
        self._order = order

    def with_date_order(self, order: str) -> FieldType:
        """Return a type that reads 03/04/2024 by ``order``."""
        return type(self)(order)

    def is_ambiguous(self, typed: str) -> bool:
        """Return True for 03/04/2024 10:00."""
        return days.is_ambiguous(typed)

    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of value for expressions."""
        return kinds.DATETIME

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the instant in UTC; a text without a zone is in the reader's."""
        found = _read_iso(typed) or days.read_instant(typed, self._order)
        if found is None:
            return None
        return _in_utc(found if found.tzinfo else found.replace(tzinfo=reader.zone))

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return day and time in the reader's zone, to the minute."""
        local = _local(value, reader)
        return _moment_shower(reader.language)(local)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return YYYY-MM-DDTHH:MM in the reader's zone, finer where the value is.

        Where clocks are put back, two instants have one such text; it is read as the earlier one.
        """
        local = _local(value, reader).replace(tzinfo=None)
        return str(local.isoformat(timespec=_precision(local)))

    def canonical(self, field: FieldLike, value: Any) -> str:
        """Return the instant in UTC with a ``Z``, so that no reader's zone changes it."""
        return str(value.replace(tzinfo=None).isoformat(timespec=_precision(value))) + "Z"

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return an instant in UTC, given as such or as text; a time without a zone is refused."""
        if isinstance(value, datetime) and value.tzinfo is not None:
            return _in_utc(value)
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        raise ValueProblem(say("Enter a date and time."))

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return 27 characters, ``2024-03-05T10:00:00.000000Z``: they sort as the instants do."""
        return value.isoformat(timespec="microseconds")[:26] + "Z"

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the instant; a day, from when the field was a date, is its first moment."""
        found = datetime.fromisoformat(stored)
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of an instant."""
        return {"type": "string", "format": "date-time"}


def _in_utc(value: datetime) -> datetime:
    """Return an instant in UTC; one that some zone has no local time for is refused."""
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        instant = value.replace(tzinfo=UTC)  # beyond the limits by the offset of its zone
    if not _EARLIEST <= instant <= _LATEST:
        raise ValueProblem(
            say(
                "Enter a date from %(first)s to %(last)s.",
                first=_EARLIEST.date().isoformat(),
                last=_LATEST.date().isoformat(),
            )
        )
    return instant


def _local(value: datetime, reader: Reader) -> datetime:
    """Return an instant in the reader's zone; in UTC where his calendar ends, which a formula may get to."""
    try:
        return value.astimezone(reader.zone)
    except OverflowError:
        return value


def _read_iso(typed: str) -> datetime | None:
    """Return the instant of a plain ISO text, fast, or None for every other one."""
    if (
        len(typed) < 16
        or typed[4] != "-"
        or typed[7] != "-"
        or typed[0] == "0"
        or typed[10] not in "T "
    ):
        return None
    try:
        return datetime.fromisoformat(typed)
    except ValueError:
        return None


def _precision(value: datetime) -> str:
    return "microseconds" if value.microsecond else "seconds" if value.second else "minutes"


def _is_chinese(language: str) -> bool:
    return language.partition("-")[0] == "zh"


@lru_cache(maxsize=16)
def _day_shower(language: str) -> Callable[[date], str]:
    if _is_chinese(language):
        return date.isoformat
    locale = Locale.parse(language, sep="-")
    if locale.date_formats["medium"].pattern == "MMM d, y":
        months = ["", *(locale.months["format"]["abbreviated"][month] for month in range(1, 13))]
        return lambda day: f"{months[day.month]} {day.day}, {day.year}"
    return lambda day: format_date(day, "medium", locale=locale)


@lru_cache(maxsize=16)
def _time_shower(language: str) -> Callable[[time], str]:
    if _is_chinese(language):
        return lambda clock: clock.isoformat("seconds" if clock.second else "minutes")
    locale = Locale.parse(language, sep="-")
    if locale.time_formats["short"].pattern == "h:mm\u202fa" and language.partition("-")[0] == "en":
        return _twelve_hours
    return lambda clock: format_time(clock, "medium" if clock.second else "short", locale=locale)


def _twelve_hours(clock: time) -> str:
    seconds = f":{clock.second:02d}" if clock.second else ""
    return f"{(clock.hour - 1) % 12 + 1}:{clock.minute:02d}{seconds}\u202f{'PM' if clock.hour >= 12 else 'AM'}"


@lru_cache(maxsize=16)
def _moment_shower(language: str) -> Callable[[datetime], str]:
    show_day, show_time = _day_shower(language), _time_shower(language)
    between = " " if _is_chinese(language) else ", "
    return lambda moment: (
        f"{show_day(moment.date())}{between}{show_time(moment.time().replace(second=0, microsecond=0))}"
    )
