from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from babel.dates import format_date, format_time
from hypothesis import given
from hypothesis import strategies as st

from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.registry import builtin
from formwright.plugins.testing import PlainField
from formwright.texts import Reader

TYPES = builtin()
FIELD = PlainField()
SHANGHAI = Reader("zh-CN", "Asia/Shanghai")
MARCH_5 = date(2024, 3, 5)


def read(typed, reader=SHANGHAI, name="date"):
    return TYPES[name].parse(FIELD, typed, reader)


@pytest.mark.parametrize(
    "typed",
    ["2024-03-05", "2024-3-5", "2024/3/5", "2024/03/05", "2024.3.5", "2024年3月5日", "2024年03月05号", "2024 年 3 月 5 日",
     "２０２４年３月５日", "２０２４／３／５", "20240305", "5-Mar-2024", "5 Mar 2024", "05-MAR-2024", "5th March 2024",
     "Mar 5, 2024", "March 5th, 2024", "2024-Mar-05", "2024-03-05T10:00", "2024-03-05 00:00:00", "2024-03-05T10:00:00Z",
     "2024年3月5日 上午10:00", "Mar 5, 2024, 10:00 AM", "45356", "45356.75", "2024年3月5日 星期二", "2024年3月5日（周二）",
     "Tue, 5 Mar 2024", "Tuesday, March 5, 2024", " 2024-03-05 "],
)  # fmt: skip
def test_a_day_is_read_in_every_spelling(typed):
    assert read(typed) == MARCH_5


@pytest.mark.parametrize(
    "typed", ["2024-02-30", "2023-02-29", "2024年13月1日", "31-Apr-2024", "20240230", "30/30/2024"]
)
def test_a_day_that_no_calendar_has_is_refused_as_such(typed):
    with pytest.raises(ValueProblem, match="No calendar has the day"):
        read(typed)


@pytest.mark.parametrize(
    "typed",
    ["tomorrow", "24/3/5", "5-Mar-24", "5 Foo 2024", "2024", "2024-03", "123456", "0024-03-05", "2024-03-05x",
     "2024-03-05 25h", "12:30", "-45356", "2024-03-05T99:99:99!", "٢٠٢٤-٠٣-٠٥", "1" * 300],
)  # fmt: skip
def test_what_is_no_day_is_refused(typed):
    with pytest.raises(ValueProblem, match="is not a date"):
        read(typed)


def test_an_ambiguous_day_is_refused_until_the_order_is_known():
    with pytest.raises(ValueProblem, match="can mean two days"):
        read("03/04/2024")
    assert TYPES["date"].is_ambiguous("03/04/2024")
    assert TYPES["date"].with_date_order("dmy").parse(FIELD, "03/04/2024", SHANGHAI) == date(
        2024, 4, 3
    )
    assert TYPES["date"].with_date_order("mdy").parse(FIELD, "03/04/2024", SHANGHAI) == date(
        2024, 3, 4
    )
    assert read("13/04/2024") == date(2024, 4, 13)
    assert read("04/13/2024") == date(2024, 4, 13)
    assert read("4.4.2024") == date(2024, 4, 4)


def test_the_order_of_one_import_does_not_reach_the_registered_type():
    TYPES["date"].with_date_order("dmy")
    with pytest.raises(ValueProblem):
        read("03/04/2024")


def test_types_without_dates_have_no_order():
    assert TYPES["text"].with_date_order("dmy") is TYPES["text"]
    assert not TYPES["text"].is_ambiguous("03/04/2024")


def test_an_ambiguous_day_with_a_time_is_read_by_the_same_order():
    moments = TYPES["datetime"]
    assert moments.is_ambiguous("03/04/2024 10:00")
    read_by = moments.with_date_order("dmy")
    assert read_by.parse(FIELD, "03/04/2024 10:00", Reader()) == datetime(
        2024, 4, 3, 10, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "typed",
    ["2024-03-05 10:30", "2024-03-05T10:30", "2024/3/5 10:30", "2024年3月5日 10:30", "2024年3月5日10点30分",
     "2024-03-05 上午10:30", "5-Mar-2024 10:30 AM", "2024-03-05T02:30:00Z", "2024-03-05T02:30Z",
     "2024-03-05T04:30+02:00", "2024/3/5 2:30 UTC", "45356.4375", "２０２４－０３－０５　１０：３０"],
)  # fmt: skip
def test_an_instant_is_read_in_the_readers_zone_unless_it_names_one(typed):
    assert read(typed, name="datetime") == datetime(2024, 3, 5, 2, 30, tzinfo=UTC)


def test_an_instant_is_shown_in_the_readers_zone():
    moment = datetime(2026, 11, 21, 20, 5, 30, tzinfo=UTC)
    show = TYPES["datetime"].format
    assert show(FIELD, moment, SHANGHAI) == "2026-11-22 04:05"
    assert show(FIELD, moment, Reader("en", "America/New_York")) == "Nov 21, 2026, 3:05\u202fPM"
    assert TYPES["datetime"].format_input(FIELD, moment, SHANGHAI) == "2026-11-22T04:05:30"
    assert TYPES["datetime"].canonical(FIELD, moment) == "2026-11-21T20:05:30Z"


def test_an_exported_instant_means_the_same_to_every_reader():
    moment = datetime(2026, 11, 21, 20, 5, tzinfo=UTC)
    assert read(TYPES["datetime"].canonical(FIELD, moment), SHANGHAI, "datetime") == moment


def test_stored_instants_sort_as_text():
    eight = timezone(timedelta(hours=8))
    early = TYPES["datetime"].accept(FIELD, datetime(2024, 3, 5, 7, 59, tzinfo=eight))
    late = TYPES["datetime"].accept(FIELD, datetime(2024, 3, 5, 0, 0, 0, 1, tzinfo=UTC))
    stored = [TYPES["datetime"].to_stored(FIELD, moment) for moment in (early, late)]
    assert stored == ["2024-03-04T23:59:00.000000Z", "2024-03-05T00:00:00.000001Z"]
    assert stored == sorted(stored)


def test_an_instant_without_a_zone_is_never_guessed():
    with pytest.raises(ValueProblem):
        TYPES["datetime"].accept(FIELD, datetime(2024, 3, 5, 10))  # noqa: DTZ001 -- that is the point
    with pytest.raises(ValueProblem):
        TYPES["date"].accept(FIELD, datetime(2024, 3, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "clock"),
    [("9:05", time(9, 5)), ("下午3点", time(15)), ("晚上11:30", time(23, 30)), ("中午12点", time(12)),
     ("中午11点", time(11)), ("凌晨12点", time(0)), ("12 am", time(0)), ("12 pm", time(12)), ("0930", time(9, 30)),
     ("9时30分15秒", time(9, 30, 15)), ("23:59:59.9", time(23, 59, 59))],
)  # fmt: skip
def test_a_time_is_read_in_every_spelling(typed, clock):
    assert read(typed, name="time") == clock


@given(day=st.dates(min_value=date(1000, 1, 1)), clock=st.times())
def test_days_and_times_look_as_babel_shows_them_but_for_chinese_days(day, clock):
    clock = clock.replace(second=0, microsecond=0)
    english, chinese = Reader("en"), Reader("zh-CN")
    assert TYPES["date"].format(FIELD, day, english) == format_date(day, "medium", locale="en")
    assert TYPES["date"].format(FIELD, day, chinese) == day.isoformat()
    assert TYPES["time"].format(FIELD, clock, english) == format_time(clock, "short", locale="en")
    assert TYPES["time"].format(FIELD, clock, chinese) == format_time(
        clock, "short", locale="zh_CN"
    )
    assert TYPES["date"].format(FIELD, day, Reader("de")) == format_date(day, "medium", locale="de")


@pytest.mark.parametrize(
    "typed", ["9999-12-31 23:59", "9999-12-31T23:59-12:00", "9999-12-31 00:00:00"]
)
def test_an_instant_that_some_zone_has_no_local_time_for_is_refused(typed):
    with pytest.raises(ValueProblem, match="Enter a date from 0001-01-02 to 9999-12-30"):
        read(typed, Reader(), "datetime")


@pytest.mark.parametrize("limit", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)])  # noqa: DTZ001
def test_a_computed_instant_at_the_limits_is_refused_for_a_field_and_still_shown(limit):
    instant = limit.replace(tzinfo=UTC)
    kind = TYPES["datetime"]
    with pytest.raises(ValueProblem, match="Enter a date from"):
        kind.accept(FIELD, instant)
    with pytest.raises(ValueProblem, match="Enter a date from"):
        kind.accept(
            FIELD, limit.replace(tzinfo=timezone(timedelta(hours=14 if limit.year == 1 else -12)))
        )
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        assert kind.format(FIELD, instant, Reader("zh-CN", zone)).startswith(f"{limit.year:04d}-")
        assert kind.format_input(FIELD, instant, Reader("zh-CN", zone)).startswith(
            f"{limit.year:04d}-"
        )


def test_the_last_instant_that_is_accepted_is_shown_in_every_zone():
    kind = TYPES["datetime"]
    last = read("9999-12-30 23:59", Reader(), "datetime")
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        reader = Reader("zh-CN", zone)
        assert kind.parse(FIELD, kind.format_input(FIELD, last, reader), reader) == last


@pytest.mark.parametrize("name", ["Mars/Phobos", "", "Asia", "../Asia/Shanghai", "a\0b", "\ud83d"])
def test_a_zone_that_nobody_knows_is_read_as_utc(name):
    assert Reader("en", name).zone.key == "UTC"
    assert read("2024-03-05 10:00", Reader("en", name), "datetime") == datetime(
        2024, 3, 5, 10, tzinfo=UTC
    )
