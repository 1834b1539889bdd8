"""Filter objects and expressions are two spellings of one condition."""

from __future__ import annotations

from decimal import Decimal

import pytest

from formwright.expressions.filters import OPERATORS, from_node, to_expression
from formwright.expressions.printing import to_text
from formwright.expressions.syntax import ExpressionError, parse

PAIRS = [
    ({"stage": {"eq": "won"}}, "stage == 'won'"),
    ({"stage": {"ne": "won"}}, "stage != 'won'"),
    ({"qty": {"lt": 5}}, "qty < 5"),
    ({"qty": {"lte": Decimal("5.5")}}, "qty <= 5.5"),
    ({"qty": {"gt": -5}}, "qty > -5"),
    ({"qty": {"gte": 5}}, "qty >= 5"),
    ({"note": {"eq": None}}, "note == null"),
    ({"owner": {"eq": "me"}}, "owner == me"),
    ({"title": {"eq": {"text": "me"}}}, "title == 'me'"),
    ({"due": {"gte": "today"}}, "due >= today"),
    ({"customer": {"eq": "this.customer"}}, "customer == this.customer"),
    ({"customer.owner": {"in": "me.teams"}}, "customer.owner in me.teams"),
    ({"stage": {"in": ["new", "won"]}}, "stage in ['new', 'won']"),
    ({"stage": {"not_in": ["new", "won"]}}, "!(stage in ['new', 'won'])"),
    ({"qty": {"between": [1, 5]}}, "qty >= 1 && qty <= 5"),
    ({"title": {"contains": "pump"}}, "CONTAINS(title, 'pump')"),
    ({"title": {"starts_with": "P"}}, "STARTSWITH(title, 'P')"),
    ({"title": {"ends_with": "s"}}, "ENDSWITH(title, 's')"),
    ({"title": {"matches": "^P"}}, "MATCHES(title, '^P')"),
    ({"note": {"empty": True}}, "ISBLANK(note)"),
    ({"note": {"not_empty": True}}, "!ISBLANK(note)"),
    ({"due": {"within": {"next": "P30D"}}}, "due >= today && due <= DATEADD(today, 30, 'day')"),
    ({"due": {"within": {"last": "P1M"}}}, "due >= DATEADD(today, -1, 'month') && due <= today"),
    (
        {"starts": {"within": {"next": "PT2H"}}},
        "starts >= now && starts <= DATEADD(now, 2, 'hour')",
    ),
    (
        {"due": {"within": {"this": "month"}}},
        "due >= TRUNC(today, 'month') && due <= END_OF(today, 'month')",
    ),
    ({"title": {"changed": True}}, "CHANGED(title)"),
    ({"tags": {"any": ["a", "b"]}}, "'a' in tags || 'b' in tags"),
    ({"tags": {"all": ["a", "b"]}}, "'a' in tags && 'b' in tags"),
    ({"tags": {"none": ["a", "b"]}}, "!('a' in tags || 'b' in tags)"),
    ({"ok": {"eq": True}}, "ok"),
    ({"ok": {"eq": False}}, "!ok"),
    ({"all": [{"qty": {"gt": 1}}, {"ok": {"eq": True}}]}, "qty > 1 && ok"),
    (
        {"any": [{"qty": {"gt": 1}}, {"all": [{"qty": {"lt": 0}}, {"ok": {"eq": True}}]}]},
        "qty > 1 || qty < 0 && ok",
    ),
    ({"none": [{"qty": {"gt": 1}}, {"qty": {"lt": 0}}]}, "!(qty > 1 || qty < 0)"),
]


@pytest.mark.parametrize(("filter_object", "text"), PAIRS)
def test_each_operator_means_its_expression_and_comes_back(filter_object, text, checked):
    node = to_expression(filter_object)
    if text not in {"ok", "!ok"} and "&& ok" not in text:
        assert to_text(node) == text
    assert from_node(parse(text)) == filter_object
    assert checked(node, old=True)


@pytest.mark.parametrize("filter_object", [pair[0] for pair in PAIRS])
def test_there_and_back_again_is_the_same_filter(filter_object):
    assert from_node(to_expression(filter_object)) == filter_object


def test_every_operator_is_among_the_pairs():
    used = {
        name
        for pair, _ in PAIRS
        for value in pair.values()
        if isinstance(value, dict)
        for name in value
    }
    assert set(OPERATORS) <= used


def test_several_fields_and_operators_all_hold():
    node = to_expression({"stage": "won", "qty": {"gt": 1, "lt": 9}})
    assert to_text(node) == "stage == 'won' && (qty > 1 && qty < 9)"


def test_durations_of_several_units_are_added_up():
    node = to_expression({"due": {"within": {"next": "P1M10D"}}})
    assert to_text(node.parts[1].right) == "DATEADD(DATEADD(today, 1, 'month'), 10, 'day')"
    assert from_node(node) == {"due": {"within": {"next": "P1M10D"}}}


@pytest.mark.parametrize(
    "text",
    [
        "amount > other * 2",
        "1 > qty",
        "LEN(title) > 3",
        "IF(ok, ok, ok)",
        "ANY(lines, item.done)",
        "a == b",
    ],
)
def test_what_no_builder_can_show_has_no_filter(text):
    assert from_node(parse(text)) is None


@pytest.mark.parametrize(
    ("wrong", "words", "suggestion"),
    [
        ({}, "mapping", None),
        ([], "mapping", None),
        ({"qty": {"gtt": 1}}, "no operator 'gtt'", "gt"),
        ({"qty": {}}, "no operator", None),
        ({"all": "x"}, "list of filters", None),
        ({"all": []}, "list of filters", None),
        ({"a b": 1}, "no path", None),
        ({"qty": {"between": [1]}}, "two values", None),
        ({"qty": {"in": 5}}, "a list is needed", None),
        ({"tags": {"any": []}}, "at least one", None),
        ({"note": {"empty": "yes"}}, "true or false", None),
        ({"due": {"within": {"this": "weak"}}}, "no period", "week"),
        ({"due": {"within": {"next": "30"}}}, "no duration", None),
        ({"due": {"within": {"soon": "P1D"}}}, "next, last, this", None),
        ({"qty": {"eq": object()}}, "no value", None),
    ],
)
def test_mistakes_are_named(wrong, words, suggestion):
    with pytest.raises(ExpressionError, match=words) as caught:
        to_expression(wrong)
    assert caught.value.suggestion == suggestion


def test_deep_and_large_filters_are_refused():
    deep = {"ok": True}
    for _ in range(60):
        deep = {"all": [deep]}
    with pytest.raises(ExpressionError, match="deep"):
        to_expression(deep)
    with pytest.raises(ExpressionError, match="parts"):
        to_expression({"stage": {"in": ["x"] * 300}})
