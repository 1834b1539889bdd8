"""What expressions give: nulls, errors, exact numbers, days where the reader is, and a budget."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from formwright.expressions.evaluate import (
    BudgetExceeded,
    Environment,
    EvaluationError,
    ValueRow,
    prepare,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("fee + 1", None),
        ("-fee", None),
        ("fee > 1", False),
        ("fee < 1", False),
        ("!(fee > 1)", True),
        ("fee == null", True),
        ("fee != null", False),
        ("fee != 1", True),
        ("title + note + '!'", "Pumps!"),
        ("note + note", ""),
        ("fee in [1, null]", True),
        ("fee in [1]", False),
        ("ROUND(fee)", None),
        ("CONTAINS(note, 'a')", False),
        ("SUM(lines.count)", Decimal(7)),
        ("AVG(lines.count)", Decimal("3.5")),
        ("MIN(lines.price)", Decimal("1.50")),
        ("COUNT(lines.count)", Decimal(2)),
        ("COUNT(lines)", Decimal(3)),
        ("customer.parent.name", None),
        ("customer.parent.active", False),
        ("IF(ok, null, true)", False),
        ("MIN(fee, 3, null)", Decimal(3)),
        ("tags == null", False),
    ],
)
def test_null_follows_the_rules(result, text, value):
    assert result(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2 == 0.3", True),
        ("100 * 1.1 == 110", True),
        ("price * qty", Decimal("59.97")),
        ("1 / 3", Decimal("0.333333333333")),
        ("2 / 3", Decimal("0.666666666667")),
        ("10 / 4", Decimal("2.5")),
        ("100 / 1", Decimal(100)),
        ("-7 % 3", Decimal(-1)),
        ("ROUND(2.5) == 3 && ROUND(-2.5) == -3 && ROUND(1234, -2) == 1200", True),
        ("qty - 4", Decimal(-1)),
    ],
)
def test_numbers_are_exact(result, text, value):
    assert result(text) == value
    assert str(result(text)) == str(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("customer.owner.name", "Anna"),
        ("customer.owner.leader.name", "Berta"),
        ("address.city", "广州"),
        ("owner == me", True),
        ("me.name", "Anna"),
        ("settings.days", Decimal(30)),
        ("HAS_ROLE('rep') && HAS_ROLE('crm.rep') && !HAS_ROLE('ep')", True),
        ("lines.product.name", ("Brook", None, "Brook")),
        ("ANY(lines, item.count > qty)", True),
        ("ALL(lines, item.done)", False),
        ("NONE(lines, item.name == 'z')", True),
        ("COUNT(lines, item.product.active)", Decimal(2)),
        ("SUM(lines, item.price * item.count)", Decimal("3.00")),
        ("COUNTDISTINCT(lines.product)", Decimal(1)),
        ("FIRST(lines, '-count').name", "c"),
        ("FIRST(lines, 'count').name", "b"),
        ("FIRST(FILTER(lines, item.done), '-name').name", "c"),
        ("'0000000000002' in watchers", True),
        ("ANY(tags, item == 'b')", True),
        ("'b' in tags && CONTAINS(tags, 'a')", True),
        ("ANY(me.teams, item.name == 'Berta')", True),
        ("this.item", "thing"),
        ("stage == 'won' ? 'yes' : 'no'", "yes"),
        ("SWITCH(stage, 'new', 1, 'won', 2, 9)", Decimal(2)),
        ("SWITCH(stage, 'new', 1)", None),
        ("opens < '09:30'", True),
        ("LEN(JOIN(SPLIT(' a ; b ', ';'), '+'))", Decimal(3)),
    ],
)
def test_paths_macros_and_functions(result, text, value):
    assert result(text) == value


def test_division_by_zero_is_an_error_with_a_name_and_a_place(result):
    with pytest.raises(EvaluationError) as caught:
        result("1 + qty / (qty - 3)")
    assert caught.value.name == "division_by_zero"
    assert caught.value.span == (4, 18)
    assert result("fee / 0") is None


def test_an_error_is_swallowed_only_when_the_other_side_decides(result):
    assert result("ok || qty / 0 > 1") is True
    assert result("qty / 0 > 1 || ok") is True
    assert result("qty / 0 > 1 && !ok") is False
    assert result("ANY(lines, 1 / (item.count - 2) > 0)") is True
    for text in (
        "qty / 0 > 1 && ok",
        "qty / 0 > 1 || !ok",
        "!(qty / 0 > 1)",
        "ALL(lines, 1 / (item.count - 2) != 0)",
    ):
        with pytest.raises(EvaluationError):
            result(text)


def test_only_the_chosen_branch_is_worked_out(result):
    assert result("IF(qty == 3, 1, 1 / 0)") == 1
    assert result("COALESCE(qty, 1 / 0)") == 3


@pytest.mark.parametrize(
    ("text", "zone", "value"),
    [
        ("today", "UTC", date(2026, 3, 2)),
        ("today", "Asia/Shanghai", date(2026, 3, 3)),
        ("today == due", "Asia/Shanghai", True),
        ("starts == due", "UTC", False),
        ("starts == due", "Asia/Shanghai", True),
        ("DATE(starts)", "Asia/Shanghai", date(2026, 3, 3)),
        ("DATETIME(due)", "Asia/Shanghai", datetime(2026, 3, 2, 16, 0, tzinfo=UTC)),
        ("DATETIME(due, opens)", "Asia/Shanghai", datetime(2026, 3, 3, 1, 0, tzinfo=UTC)),
        ("DATEDIFF(starts, now, 'hour')", "UTC", Decimal(1)),
        ("DATEDIFF(today, starts, 'day')", "Asia/Shanghai", Decimal(0)),
        ("DATEADD(DATE('2026-01-31'), 1, 'month')", "UTC", date(2026, 2, 28)),
        ("DATEADD(DATE('2026-03-31'), -1, 'month')", "UTC", date(2026, 2, 28)),
        ("DATEADD(DATE('9999-12-31'), 1, 'day')", "UTC", None),
        (
            "DATEADD(DATETIME('2026-03-07T12:00:00'), 1, 'day')",
            "America/New_York",
            datetime(2026, 3, 8, 16, 0, tzinfo=UTC),
        ),
    ],
)
def test_days_are_those_where_the_reader_is(result, text, zone, value):
    assert result(text, zone=zone) == value


def test_changes_compare_with_the_record_before(result):
    old = {"title": "Old", "stage": "new"}
    assert result("CHANGED(title) && !CHANGED(qty)", old=old) is True
    assert result("CHANGED_TO(stage, 'won') && CHANGED_FROM(stage, 'new')", old=old) is True
    assert result("CHANGED_TO(stage, 'lost') || CHANGED_FROM(stage, 'lost')", old=old) is False
    assert result("qty - old.qty", old={"qty": 1}) == 2


def test_without_a_record_before_everything_is_new(checked, deal):
    check = checked("CHANGED(title) && !CHANGED(note)", old=True)
    environment = Environment(deal, datetime(2026, 1, 1, tzinfo=UTC), roots={"old": None})
    assert prepare(check)(environment) is True


def test_a_missing_user_is_an_error_and_never_equal_to_a_missing_owner(checked):
    ownerless = Environment(ValueRow("crm.deal", 1, {}), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(EvaluationError):
        prepare(checked("owner == me"))(ownerless)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("owner == me", False),
        ("me == owner", False),
        ("owner != me", True),
        ("owner in [me]", False),
        ("me in lines.product.owner", False),
        ("me == null", True),
    ],
)
def test_somebody_who_is_not_logged_in_is_nobodys_owner(checked, records, text, value):
    row = ValueRow("crm.deal", 7, {})
    nobody = ValueRow("core.user", None)
    environment = Environment(
        row, datetime(2026, 1, 1, tzinfo=UTC), roots={"me": nobody}, source=records
    )
    assert prepare(checked(text))(environment) is value


def test_steps_are_counted(result):
    assert result("SUM(lines, item.count + 1)", budget=30) == 9
    with pytest.raises(BudgetExceeded):
        result("SUM(lines, item.count + 1)", budget=12)


def test_a_list_of_more_than_a_thousand_rows_is_refused(checked, records, deal):
    records.sets[7, "lines"] = [ValueRow("crm.line", number) for number in range(1001)]
    with pytest.raises(BudgetExceeded):
        prepare(checked("COUNT(lines)"))(
            Environment(deal, datetime(2026, 1, 1, tzinfo=UTC), source=records)
        )


def test_texts_stay_below_ten_thousand_characters(result):
    long = f"REPLACE('{'x' * 90}', 'x', '{'y' * 100}')"
    assert result(f"LEN({long})") == 9000
    for text in (f"{long} + {long}", f"REPLACE({long}, 'y', 'zz')", f"JOIN([{long}, {long}])"):
        with pytest.raises(EvaluationError, match="10000 characters"):
            result(text)


def test_a_prepared_expression_is_made_once_and_quick(checked, deal):
    check = checked("ROUND(qty * price, 2)")
    run = prepare(check)
    assert prepare(check) is run
    environment = Environment(deal, datetime(2026, 1, 1, tzinfo=UTC))
    begun = time.perf_counter()
    for _ in range(2000):
        run(environment)
    assert (
        time.perf_counter() - begun
    ) / 2000 < 50e-6  # it takes a tenth of that; machines may be busy
