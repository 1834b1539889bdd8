from dataclasses import replace
from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from formwright.expressions import kinds
from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.registry import builtin
from formwright.plugins.testing import PlainField
from formwright.texts import Reader

TYPES = builtin()
FIELD = PlainField()
READER = Reader()


def read(name, typed, field=FIELD):
    return TYPES[name].parse(field, typed, READER)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,234.50", "1234.50"), ("１２３４", "1234"), ("１，２３４．５０", "1234.50"), ("10万", "100000"),
        ("1.5亿", "150000000"), ("3千", "3000"), ("1亿2000万", "120000000"), ("2百万", "2000000"), ("5w", "50000"),
        ("1.2K", "1200"), ("1 234,50", "1234.50"), ("1.234,50", "1234.50"), ("1.234.567", "1234567"),
        ("1'234.50", "1234.50"), ("-5", "-5"), ("−5", "-5"), ("－５", "-5"), ("(5)", "-5"), ("（５）", "-5"),
        ("+5", "5"), (".5", "0.5"), ("5.", "5"), ("1.5E+05", "150000"), ("1.500", "1.50"), ("-0", "0"),
    ],
)  # fmt: skip
def test_a_number_is_read_in_every_clear_spelling(typed, number):
    assert read("decimal", typed) == Decimal(number)


@pytest.mark.parametrize(
    "typed",
    ["1,5", "1,50", "12,34", "1,2345", "3万5", "5万3亿", "1..5", "--5", "1e999", "NaN", "Infinity", "0x10", "1_000",
     "٣", "1" * 61, "万", "5 apples", "1 2", "12%"],
)  # fmt: skip
def test_a_number_that_could_mean_two_things_or_none_is_refused(typed):
    with pytest.raises(ValueProblem, match="is not a number"):
        read("decimal", typed)


@pytest.mark.parametrize("name", ["decimal", "money", "percent"])
def test_digits_beyond_the_scale_are_never_rounded_away(name):
    with pytest.raises(ValueProblem, match="at most 2 decimals"):
        read(name, "1.005")
    with pytest.raises(ValueProblem, match="at most 2 decimals"):
        TYPES[name].accept(FIELD, Decimal("1.005"))


@pytest.mark.parametrize("name", ["decimal", "money", "formula"])
def test_only_computed_results_are_rounded_and_halves_go_up(name):
    computed = replace(FIELD, computed=True, returns=kinds.NUMBER)
    assert TYPES[name].accept(computed, Decimal("1.005")) == Decimal("1.01")
    assert TYPES[name].accept(computed, Decimal(10) / 3) == Decimal("3.33")


def test_a_binary_float_means_the_decimal_it_is_printed_as():
    assert TYPES["money"].accept(FIELD, 0.1) == Decimal("0.1")
    with pytest.raises(ValueProblem):
        TYPES["money"].accept(FIELD, float("nan"))
    with pytest.raises(ValueProblem):
        TYPES["money"].accept(FIELD, value := True)
    assert value is True


@pytest.mark.parametrize(
    ("name", "typed"),
    [("integer", "1" + "0" * 18), ("decimal", "1" + "0" * 16), ("decimal", "1e40")],
)
def test_a_number_too_large_to_store_is_refused(name, typed):
    with pytest.raises(ValueProblem, match="digits"):
        read(name, typed)


def test_amounts_are_stored_as_whole_numbers_of_the_smallest_unit():
    assert TYPES["money"].to_stored(FIELD, Decimal("1234.5")) == 123450
    assert TYPES["money"].to_stored(PlainField(scale=0), Decimal(1234)) == 1234


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("¥1,234.50", "CNY", "1234.50"), ("￥１００", "CNY", "100"), ("100元", "CNY", "100"), ("10万元", "CNY", "100000"),
        ("RMB 5", "CNY", "5"), ("CN¥5", "CNY", "5"), ("-¥5", "CNY", "-5"), ("¥-5", "CNY", "-5"), ("(¥5)", "CNY", "-5"),
        ("¥100 CNY", "CNY", "100"), ("$5", "USD", "5"), ("US$5.25", "USD", "5.25"), ("¥500", "JPY", "500"),
        ("5 €", "EUR", "5"),
    ],
)  # fmt: skip
def test_a_currency_beside_the_amount_is_understood(typed, currency, amount):
    assert read("money", typed, PlainField(currency=currency)) == Decimal(amount)


@pytest.mark.parametrize("typed", ["$5", "5 EUR", "US$5", "¥5 USD"])
def test_an_amount_of_another_currency_is_refused(typed):
    with pytest.raises(ValueProblem, match="Enter an amount in CNY"):
        read("money", typed)


def test_where_the_record_holds_the_currency_any_sign_is_taken():
    field = PlainField(currency="", currency_from="currency")
    assert read("money", "€5", field) == Decimal(5)
    assert TYPES["money"].kind(field) == kinds.money("field:currency")
    assert TYPES["money"].format(field, Decimal("1234.5"), READER) == "1,234.50"
    assert TYPES["money"].format_in(field, Decimal("1234.5"), READER, "EUR") == "€1,234.50"


@pytest.mark.parametrize("language", ["en", "zh-CN", "de", "hi", "ar-EG"])
@given(cents=st.integers(-(10**15), 10**15))
def test_numbers_look_as_babel_shows_them(language, cents):
    number, reader = Decimal(cents) / 100, Reader(language)
    locale = language.replace("-", "_")
    assert TYPES["decimal"].format(FIELD, number, reader) == format_decimal(number, locale=locale)
    assert TYPES["percent"].format(FIELD, number, reader) == format_percent(
        number / 100, locale=locale, decimal_quantization=False
    )
    for currency in ("CNY", "USD", "EUR"):
        shown = TYPES["money"].format(PlainField(currency=currency), number, reader)
        assert shown == format_currency(number, currency, locale=locale)


def test_limits_are_judged_exactly_and_shown_plainly():
    field = PlainField(minimum=Decimal("0.10"), maximum=Decimal(100), multiple_of=Decimal("0.05"))
    check = TYPES["decimal"].check
    assert check(field, Decimal("0.15")) is None
    assert str(check(field, Decimal("0.05"))) == "Enter 0.1 or more."
    assert str(check(field, Decimal("100.05"))) == "Enter 100 or less."
    assert str(check(field, Decimal("0.12"))) == "Enter a multiple of 0.05."
    open_ended = PlainField(exclusive_minimum=Decimal(0), exclusive_maximum=Decimal(1))
    assert str(check(open_ended, Decimal(0))) == "Enter more than 0."
    assert str(check(open_ended, Decimal(1))) == "Enter less than 1."
    assert check(open_ended, Decimal("0.5")) is None


def test_the_schema_has_the_limits_in_stored_units():
    field = PlainField(
        minimum=Decimal("0.10"), exclusive_maximum=Decimal("99.999"), multiple_of=Decimal("0.05")
    )
    assert TYPES["money"].json_schema(field) == {
        "type": "integer", "x-scale": 2, "minimum": 10, "exclusiveMaximum": 10000, "multipleOf": 5,
    }  # fmt: skip


def test_percent_is_of_a_hundred():
    assert read("percent", "12.5 ％") == Decimal("12.5")
    assert TYPES["percent"].format(FIELD, Decimal("12.5"), READER) == "12.5%"


def test_a_rating_has_as_many_stars_as_its_maximum():
    field = PlainField(maximum=Decimal(3))
    assert TYPES["rating"].format(field, 2, READER) == "★★☆"
    assert TYPES["rating"].check(field, 4) is not None
