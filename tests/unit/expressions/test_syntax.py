"""Text becomes a tree, or an error with a place and a way out."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from formwright.expressions.syntax import ExpressionError, parse, walk
from formwright.expressions.tree import (
    Arithmetic,
    Call,
    Compare,
    Conditional,
    ListOf,
    Literal,
    Logic,
    Member,
    Name,
    Not,
)


def refusal(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


def test_the_places_of_nodes_are_those_in_the_text():
    tree = parse("amount > 10 && stage in ['won']")
    assert tree == Logic(
        "&&",
        (
            Compare(">", Name("amount", (0, 6)), Literal(Decimal(10), (9, 11)), (0, 11)),
            Compare(
                "in",
                Name("stage", (15, 20)),
                ListOf((Literal("won", (25, 30)),), (24, 31)),
                (15, 31),
            ),
        ),
        (0, 31),
    )


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("a and b", "a && b"),
        ("a or b", "a || b"),
        ("not a", "!a"),
        ("a = b", "a == b"),
        ("a <> b", "a != b"),
        ("not a = b", "!(a == b)"),
        ("a ? b : c", "IF(a, b, c)"),
        ("IF(a, b)", "IF(a, b, null)"),
        ("[1, 2,]", "[1, 2]"),
        ('"it\'s"', "'it\\'s'"),
        ("r'\\d'", "'\\\\d'"),
        ("'\\u5f20'", "'张'"),
    ],
)
def test_what_people_type_by_habit_means_the_same(typed, same):
    def shape(text):
        return [
            (type(node).__name__, getattr(node, "operator", getattr(node, "value", "")))
            for node in walk(parse(text))
        ]

    assert shape(typed) == shape(same)


def test_operators_bind_as_in_cel():
    assert isinstance(parse("!a == b"), Compare)
    assert isinstance(parse("not a == b"), Not)
    assert parse("1 + 2 * 3").operator == "+"
    assert parse("a - b - c").left.operator == "-"
    assert parse("a || b && c").operator == "||"
    assert isinstance(parse("a.b + 1"), Arithmetic)
    assert isinstance(parse("a ? b : c ? d : e").otherwise, Conditional)


def test_names_that_begin_like_words_of_the_language_are_names():
    assert parse("index + nothing + order").right == Name("order", (18, 23))
    assert isinstance(parse("in_stock"), Name)
    assert isinstance(parse("trueish"), Name)


def test_functions_and_paths_are_calls_and_members():
    assert isinstance(parse("LEN(a.b)"), Call)
    assert parse("a.b.c") == Member(Member(Name("a", (0, 1)), "b", (0, 3)), "c", (0, 5))


@pytest.mark.parametrize(
    ("text", "span", "words", "suggestion"),
    [
        ("", (0, 0), "empty", None),
        ("   ", (0, 3), "empty", None),
        ("a &", (2, 3), "means nothing", "&&"),
        ("a | b", (2, 3), "means nothing", "||"),
        ("“a”", (0, 1), "means nothing", '"'),
        ("a == （1）", (5, 6), "means nothing", "("),
        ("a ≥ 1", (2, 3), "means nothing", ">="),
        ("x == 'abc", (5, 9), "no closing quote", "'"),
        ("LEN(a", (5, 5), "missing at the end", ")"),
        ("[1, 2", (5, 5), "missing at the end", "]"),
        ("a +", (3, 3), "ends too early", None),
        ("a + * b", (4, 5), "a value was expected", None),
        ("a b", (2, 3), "an operator was expected", None),
        ("a..b", (2, 3), "name of a field", None),
        ("a.b(c)", (3, 4), "only functions can be called", None),
        ("a[1]", (1, 2), "by number", None),
        ("{'a': 1}", (0, 1), "braces", None),
        ("1.2.3", (0, 1), "no number", None),
        ("1e5", (0, 1), "no number", None),
        ("0x10", (0, 1), "no number", None),
        ("'\\q'", (1, 3), "backslash twice", "\\\\q"),
        ("'\\u0000'", (0, 8), "cannot be stored", None),
        ("'\\ud800'", (0, 8), "cannot be stored", None),
        ("a; b", (1, 2), "means nothing", None),
        ("1" * 29, (0, 29), "28 digits", None),
    ],
)
def test_errors_name_the_place_and_the_way_out(text, span, words, suggestion):
    error = refusal(text)
    assert error.span == span
    assert words in str(error)
    assert error.suggestion == suggestion


def test_errors_are_said_in_chinese_too():
    assert refusal("a +").text.in_language("zh-CN") == "表达式不完整：缺少一个值"


def test_limits_are_kept():
    assert "2000 characters" in str(refusal("a" * 2001))
    assert "200 parts" in str(refusal("[" + ",".join("1" * 200) + "]"))
    assert "40 deep" in str(refusal("!" * 60 + "a"))
    assert parse("&&".join("a" * 150))
    assert parse("(" * 900 + "a" + ")" * 900) == Name("a", (900, 901))


def test_parsing_takes_about_a_millisecond_at_most():
    text = "amount > 10 && stage in ['won', 'lost'] || ANY(lines, item.count * item.price >= ROUND(total, 2))"
    parse(text)
    begun = time.perf_counter()
    for _ in range(20):
        parse(text)
    assert (
        time.perf_counter() - begun
    ) / 20 < 0.01  # ten times what it takes here, for busy machines
