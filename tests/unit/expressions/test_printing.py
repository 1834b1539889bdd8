"""Trees print as canonical CEL, and come back the same."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

import celpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formwright.expressions.printing import to_text
from formwright.expressions.syntax import ExpressionError, parse
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
    Negate,
    Not,
)

HERE = (0, 0)
CEL = celpy.Environment()


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("not (a=1 or b<>2) and c in [1,2]", "!(a == 1 || b != 2) && c in [1, 2]"),
        ("(a + b) * c", "(a + b) * c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("a ? b : c", "IF(a, b, c)"),
        ("a && (b && c)", "a && (b && c)"),
        ("!(-a == b)", "!(-a == b)"),
        ("!!a", "!!a"),
        ("-(-a)", "-(-a)"),
        ("(a == b) == c", "a == b == c"),
        ('"it\'s\\n"', "'it\\'s\\n'"),
        (".50", "0.50"),
    ],
)
def test_the_canonical_spelling(typed, printed):
    assert to_text(parse(typed)) == printed


WORDS = st.sampled_from(["a", "amount", "in_stock", "x_1", "this", "item"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
NUMBERS = st.decimals(0, 10**12, allow_nan=False, allow_infinity=False, places=3).map(abs)
LEAVES = st.one_of(
    WORDS.map(lambda name: Name(name, HERE)),
    st.one_of(TEXTS, NUMBERS, st.booleans(), st.none()).map(lambda value: Literal(value, HERE)),
)


def larger(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.tuples(parts, WORDS).filter(lambda pair: not isinstance(pair[0], Literal)).map(lambda p: Member(*p, HERE)),
        parts.map(lambda part: Not(part, HERE)),
        parts.map(lambda part: Negate(part, HERE)),
        st.tuples(st.sampled_from(["&&", "||"]), st.lists(parts, min_size=2, max_size=4)).map(_logic),
        st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in"]), parts, parts).map(lambda p: Compare(*p, HERE)),
        st.tuples(st.sampled_from("+-*/%"), parts, parts).map(lambda p: Arithmetic(*p, HERE)),
        st.tuples(parts, parts, parts).map(lambda p: Conditional(*p, HERE)),
        st.lists(parts, max_size=4).map(lambda items: ListOf(tuple(items), HERE)),
        st.tuples(st.sampled_from(["LEN", "SUM", "f_1"]), st.lists(parts, max_size=3)).map(
            lambda pair: Call(pair[0], tuple(pair[1]), HERE)
        ),
    )  # fmt: skip


def _logic(given: tuple[str, list[Any]]) -> Logic:
    """Return what a parser makes of a run: a first part with the same operator is taken in."""
    operator, (first, *rest) = given
    if isinstance(first, Logic) and first.operator == operator:
        return Logic(operator, (*first.parts, *rest), HERE)
    return Logic(operator, (first, *rest), HERE)


TREES = st.recursive(LEAVES, larger, max_leaves=25)


def without_places(node: Any) -> Any:
    if isinstance(node, tuple):
        return tuple(without_places(part) for part in node)
    if not is_dataclass(node):
        return (type(node), node)
    return (
        type(node),
        *(without_places(getattr(node, each.name)) for each in fields(node) if each.name != "span"),
    )


def parsed_or_none(text: str) -> Any:
    try:
        return parse(text)
    except ExpressionError:  # too long, too large, too deep: not what is asked here
        return None


@given(TREES)
def test_what_is_printed_is_read_as_the_same_tree(tree):
    again = parsed_or_none(to_text(tree))
    assert again is None or without_places(again) == without_places(tree)


@given(TREES)
def test_what_is_printed_parses_with_an_independent_cel_parser(tree):
    text = to_text(tree)
    if parsed_or_none(text) is not None:
        CEL.compile(text)


def test_the_oracle_refuses_what_is_not_cel():
    with pytest.raises(celpy.CELParseError):
        CEL.compile("a and b")


def test_numbers_keep_their_places():
    assert parse("1.50").value == Decimal("1.50")
    assert to_text(parse("1.50")) == "1.50"
