from decimal import Decimal
from pathlib import Path

import pytest

from formwright.plugins import manager
from formwright.plugins.testing import PlainField, broken_promises
from formwright.texts import Reader

PLUGINS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def plugins() -> manager.Plugins:
    return manager.load([PLUGINS], entry_points=False)


def call(plugins, name, *arguments):
    function = plugins.functions.find(name)
    assert function is not None
    return function.evaluate(*arguments)


def test_it_adds_what_its_readme_says(plugins):
    report = next(each for each in plugins.report if each.name == "cn_business")
    assert report.works
    assert report.field_types == ("uscc",)
    assert report.functions == ("CNY_UPPERCASE",)
    assert report.validators == ("VALID_CN_ID",)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("10", "壹拾元整"),
        ("1234.50", "壹仟贰佰叁拾肆元伍角"),
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("100200", "壹拾万零贰佰元整"),
        ("10000001", "壹仟万零壹元整"),
        ("100000000", "壹亿元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000000001", "壹万亿零壹元整"),
        (
            "1234567890123456.78",
            "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌亿玖仟零壹拾贰万叁仟肆佰伍拾陆元柒角捌分",
        ),
        ("-3.20", "负叁元贰角"),
        ("2.005", "贰元零壹分"),
    ],
)
def test_amounts_read_as_on_an_invoice(plugins, amount, words):
    assert call(plugins, "CNY_UPPERCASE", Decimal(amount)) == words


def test_an_amount_beyond_sixteen_digits_has_no_words(plugins):
    assert call(plugins, "CNY_UPPERCASE", Decimal(10) ** 16) is None


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("440308199901101512", True),
        ("110105194912310021", False),
        ("110105194902310020", False),
        ("110105491231002", False),
        ("", False),
    ],
)
def test_an_identity_number_needs_a_real_birthday_and_a_fitting_check(plugins, text, valid):
    assert call(plugins, "VALID_CN_ID", text) is valid


@pytest.mark.parametrize("position", range(18))
def test_one_wrong_character_in_a_credit_code_is_noticed(plugins, position):
    code = "91350100M000100Y43"
    wrong = code[:position] + ("7" if code[position] != "7" else "8") + code[position + 1 :]
    assert plugins.registry["uscc"].check(PlainField(), wrong) is not None


def test_the_sentence_about_a_wrong_code_is_there_in_chinese(plugins):
    problem = plugins.registry["uscc"].check(PlainField(), "123")
    assert problem.in_language("zh-CN") == "统一社会信用代码为 18 位，当前为 3 位。"
    assert problem.in_language("en").endswith("this one has 3.")


def test_a_code_is_shown_as_it_is_stored(plugins):
    uscc = plugins.registry["uscc"]
    assert (
        uscc.format(
            PlainField(), uscc.parse(PlainField(), "91350100-m000100y43", Reader()), Reader()
        )
        == "91350100M000100Y43"
    )


def test_the_credit_code_keeps_what_every_field_type_promises(plugins):
    assert broken_promises(plugins.registry["uscc"]) == []
