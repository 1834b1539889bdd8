"""Every function does what its documentation shows, and says it in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formwright.expressions import calendar
from formwright.expressions.builtin import BUILTIN, builtin
from formwright.expressions.functions import Function
from formwright.expressions.kinds import TEXT
from formwright.texts import say

EXAMPLES = [(function.name, *example) for function in BUILTIN for example in function.examples]


def spelled(value):
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


@pytest.mark.parametrize(("name", "text", "expected"), EXAMPLES)
def test_the_examples_of_the_reference_hold(result, name, text, expected):
    assert name in text
    assert spelled(result(text)) == expected


@pytest.mark.parametrize("function", tuple(BUILTIN), ids=lambda function: function.name)
def test_every_function_is_documented_in_both_languages(function):
    assert function.doc.in_language("zh-CN") != function.doc.message
    assert function.examples or function.group == "record"


def test_a_second_function_of_a_name_is_refused():
    functions = builtin()
    with pytest.raises(ValueError, match="LEN"):
        functions.add(Function("LEN", "text", say("x"), (), TEXT))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("LENN", "LEN"),
        ("sum", "SUM"),
        ("HASROLE", "HAS_ROLE"),
        ("AND", "&&"),
        ("AVERAGE", "AVG"),
        ("QQQ", None),
    ],
)
def test_a_wrong_name_leads_to_the_right_one(wrong, right):
    assert BUILTIN.closest(wrong) == right


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("LEFT(title, 2) + RIGHT(title, 1)", "Pus"),
        ("LEFT(title, -1) + RIGHT(title, 0)", ""),
        ("LEFT('x', 10)", "x"),
        ("RIGHT('x', 10)", "x"),
        ("REPLACE('aXbX', 'X', '')", "ab"),
        ("REPLACE('ab', '', '-')", "ab"),
        ("TRIM('\u3000 a b\u00a0')", "a b"),
        ("UPPER('Straße') + LOWER('ÄÖ')", "STRASSEäö"),
        ("CONTAINS('', '') && STARTSWITH('ab', '') && ENDSWITH('ab', '')", True),
        ("CONTAINS('Abc', 'abc')", False),
        ("MATCHES('x1', '[0-9]')", True),
        ("JOIN(['a', null, '', 'b'], '-')", "a-b"),
        ("JOIN(tags, ', ')", "a, b"),
        ("COUNT(SPLIT('a,,b, ', ','))", Decimal(2)),
        ("NORMALISE('  ÀÉ Ｘ ')", "ae x"),
        ("DECIMAL('1,5')", None),
        ("DECIMAL(' -2.50 ')", Decimal("-2.50")),
        ("DECIMAL('1e5')", None),
        ("FLOOR(-0.5) + CEIL(0.5)", Decimal(0)),
        ("DATE('2026-02-30')", None),
        ("DATE(2026, 2, 28)", date(2026, 2, 28)),
        ("DATE(2026, 13, 1)", None),
        ("DATETIME('2026-01-01T00:00:00+08:00')", datetime(2025, 12, 31, 16, 0, tzinfo=UTC)),
        ("WEEKDAY(DATE('2026-03-01'))", Decimal(7)),
        ("END_OF(DATE('2024-02-10'), 'month')", date(2024, 2, 29)),
        ("END_OF(DATE('2026-11-10'), 'quarter')", date(2026, 12, 31)),
        ("TRUNC(DATE('2026-03-01'), 'week')", date(2026, 2, 23)),
        ("ISBLANK(note) && ISBLANK('') && !ISBLANK(0) && !ISBLANK(false)", True),
    ],
)
def test_functions_at_the_edges(result, text, value):
    assert result(text) == value


DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))
UTC_ZONE = ZoneInfo("UTC")


@given(DAYS, st.integers(-600, 600))
def test_moving_by_months_keeps_the_day_or_clips_to_the_end(day, count):
    moved = calendar.add_months(day, count)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == count
    assert moved.day == day.day or (
        moved.day < day.day and moved == calendar.last_day(moved, "month")
    )


@given(DAYS, st.integers(-2000, 2000))
def test_moving_by_workdays_lands_on_a_workday_that_is_so_far_away(day, count):
    moved = calendar.add_workdays(day, count)
    if count:
        assert moved.isoweekday() <= 5
    if count > 0 or (count < 0 and day.isoweekday() <= 5):
        assert calendar.workdays(day, moved) == count


@given(DAYS, DAYS, st.sampled_from(calendar.DAY_UNITS))
def test_a_difference_turns_its_sign_with_its_ends(first, second, unit):
    there = calendar.difference(first, second, unit, UTC_ZONE)
    assert there == -calendar.difference(second, first, unit, UTC_ZONE)
    assert (there >= 0) or second < first


@given(DAYS, st.sampled_from(calendar.DAY_UNITS))
def test_a_day_lies_within_its_period(day, unit):
    first, last = calendar.first_day(day, unit), calendar.last_day(day, unit)
    assert first <= day <= last
    assert calendar.first_day(last, unit) == first


def test_skipped_and_repeated_hours_count_as_standard_time():
    zone = ZoneInfo("America/New_York")
    skipped = calendar.instant(date(2026, 3, 8), datetime(2026, 3, 8, 2, 30).time(), zone)  # noqa: DTZ001
    repeated = calendar.instant(date(2026, 11, 1), datetime(2026, 11, 1, 1, 30).time(), zone)  # noqa: DTZ001
    assert skipped == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert repeated == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
