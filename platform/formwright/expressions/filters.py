"""Filter objects, which a visual builder writes, and the same as a tree: in both directions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from formwright.expressions.filter_reading import from_node
from formwright.expressions.filter_words import COMPARISONS, GROUPS, MEANT, TEXT_CALLS, UNITS
from formwright.expressions.syntax import ExpressionError, measure
from formwright.expressions.tree import (
    Call,
    Compare,
    ListOf,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
)
from formwright.suggest import closest
from formwright.texts import say

__all__ = ["OPERATORS", "FilterObject", "from_node", "to_expression"]

FilterObject: TypeAlias = Mapping[str, Any]
_HERE = (0, 0)
#: Every operator, in the order in which a builder may offer them.
OPERATORS = (
    *COMPARISONS,
    "in",
    "not_in",
    "between",
    *TEXT_CALLS,
    "empty",
    "not_empty",
    "within",
    "changed",
    "any",
    "all",
    "none",
)
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_PERIODS = ("day", "week", "month", "quarter", "year")


def to_expression(filter_object: FilterObject) -> Node:
    """Return the tree that a filter object means; raise ExpressionError naming the operator or value that is wrong.

    >>> from formwright.expressions.printing import to_text
    >>> to_text(to_expression({"stage": {"eq": "open"}, "amount": {"gte": 1000}}))
    "stage == 'open' && amount >= 1000"
    """
    node = _group(filter_object, 0)
    measure(node)
    return node


def _wrong(message: Any, suggestion: str | None = None) -> ExpressionError:
    return ExpressionError(message, _HERE, suggestion)


def _group(given: Any, depth: int) -> Node:
    if not isinstance(given, Mapping) or not given:
        raise _wrong(say("a filter is a mapping of fields, or of all, any, none"))
    if depth > 20:
        raise _wrong(say("the filter is nested too deep"))
    return _join("&&", [_entry(str(key), value, depth) for key, value in given.items()])


def _entry(key: str, value: Any, depth: int) -> Node:
    if key in GROUPS:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise _wrong(say("behind '%(key)s' stands a list of filters", key=key))
        joined = _join(GROUPS[key], [_group(each, depth + 1) for each in value])
        return Not(joined, _HERE) if key == "none" else joined
    if not _PATH.fullmatch(key):
        raise _wrong(say("'%(name)s' is no path to a field", name=key))
    operations = value if isinstance(value, Mapping) and not _is_text(value) else {"eq": value}
    if not operations:
        raise _wrong(say("'%(name)s' has no operator", name=key))
    return _join(
        "&&", [_operation(key, str(name), operand) for name, operand in operations.items()]
    )


def _join(operator: str, parts: Sequence[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Logic(operator, tuple(parts), _HERE)


def _path(text: str) -> Node:
    first, *rest = text.split(".")
    node: Node = Name(first, _HERE)
    for name in rest:
        node = Member(node, name, _HERE)
    return node


def _operation(path: str, name: str, operand: Any) -> Node:
    build = _BUILDERS.get(name)
    if build is None:
        raise _wrong(say("there is no operator '%(name)s'", name=name), closest(name, OPERATORS))
    return build(_path(path), operand, path)


# -- operands -------------------------------------------------------------------------------------------------


def _is_text(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"text"}


def _value(given: Any) -> Node:
    """Return a constant, or the path that a text such as ``me.teams`` means."""
    if _is_text(given):
        return Literal(str(given["text"]), _HERE)
    if isinstance(given, str):
        return _path(given) if MEANT.fullmatch(given) else Literal(given, _HERE)
    if given is None or isinstance(given, bool):
        return Literal(given, _HERE)
    if isinstance(given, int | float | Decimal):
        number = Decimal(str(given))
        literal = Literal(abs(number), _HERE)
        return Negate(literal, _HERE) if number < 0 else literal
    if hasattr(given, "isoformat"):
        return Literal(given.isoformat(), _HERE)
    raise _wrong(say("'%(value)s' is no value to compare with", value=str(given)))


def _values(given: Any) -> list[Node]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise _wrong(say("a list is needed here, not '%(value)s'", value=str(given)))
    return [_value(each) for each in given]


def _list(given: Any) -> Node:
    """Return a list that is written down, or the path to one."""
    if isinstance(given, str) and MEANT.fullmatch(given):
        return _path(given)
    return ListOf(tuple(_values(given)), _HERE)


def _flag(given: Any, name: str) -> bool:
    if isinstance(given, bool):
        return given
    raise _wrong(say("behind '%(name)s' stands true or false", name=name))


# -- operators ------------------------------------------------------------------------------------------------

_Builder: TypeAlias = Callable[[Node, Any, str], Node]


def _comparison(sign: str) -> _Builder:
    return lambda field, operand, _path_text: Compare(sign, field, _value(operand), _HERE)


def _call(function: str) -> _Builder:
    return lambda field, operand, _path_text: Call(function, (field, _value(operand)), _HERE)


def _in(field: Node, operand: Any, _path_text: str) -> Node:
    return Compare("in", field, _list(operand), _HERE)


def _not_in(field: Node, operand: Any, path: str) -> Node:
    return Not(_in(field, operand, path), _HERE)


def _between(_field: Node, operand: Any, path: str) -> Node:
    values = _values(operand)
    if len(values) != 2:
        raise _wrong(say("'between' takes two values"))
    return _range(path, *values)


def _range(path: str, low: Node, high: Node) -> Node:
    return Logic(
        "&&",
        (Compare(">=", _path(path), low, _HERE), Compare("<=", _path(path), high, _HERE)),
        _HERE,
    )


def _blank(*, wanted: bool) -> _Builder:
    def build(field: Node, operand: Any, _path_text: str) -> Node:
        blank = Call("ISBLANK", (field,), _HERE)
        return (
            blank
            if _flag(operand, "empty" if wanted else "not_empty") is wanted
            else Not(blank, _HERE)
        )

    return build


def _changed(field: Node, operand: Any, _path_text: str) -> Node:
    changed = Call("CHANGED", (field,), _HERE)
    return changed if _flag(operand, "changed") else Not(changed, _HERE)


def _members(operator: str) -> _Builder:
    def build(_field: Node, operand: Any, path: str) -> Node:
        tests = [Compare("in", value, _path(path), _HERE) for value in _values(operand)]
        if not tests:
            raise _wrong(say("a list with at least one value is needed here"))
        joined = _join(GROUPS[operator], tests)
        return Not(joined, _HERE) if operator == "none" else joined

    return build


def _within(_field: Node, operand: Any, path: str) -> Node:
    if not isinstance(operand, Mapping) or len(operand) != 1:
        raise _wrong(say("'within' takes one of next, last, this"))
    (direction, extent), *_ = operand.items()
    match direction:
        case "next":
            now, then = _span_of(str(extent), 1)
            return _range(path, now, then)
        case "last":
            now, then = _span_of(str(extent), -1)
            return _range(path, then, now)
        case "this" if extent in _PERIODS:
            arguments = (Name("today", _HERE), Literal(str(extent), _HERE))
            return _range(path, Call("TRUNC", arguments, _HERE), Call("END_OF", arguments, _HERE))
        case "this":
            message = say(
                "'%(value)s' is no period; there are %(names)s",
                value=str(extent),
                names=", ".join(_PERIODS),
            )
            raise _wrong(message, closest(str(extent), _PERIODS))
        case _:
            raise _wrong(
                say("'within' takes one of next, last, this"),
                closest(str(direction), ("next", "last", "this")),
            )


def _span_of(text: str, sign: int) -> tuple[Node, Node]:
    """Return today (or now) and the moment a duration away from it."""
    match = _DURATION.fullmatch(text)
    counts = (
        [(int(count), unit) for count, unit in zip(match.groups(), UNITS, strict=True) if count]
        if match
        else []
    )
    if not counts:
        message = say("'%(value)s' is no duration; write it as P30D, P3M or PT2H", value=text)
        raise _wrong(message)
    root = Name("now" if any(unit in UNITS[4:] for _, unit in counts) else "today", _HERE)
    moved: Node = root
    for count, unit in counts:
        number: Node = Literal(Decimal(count), _HERE)
        moved = Call(
            "DATEADD",
            (moved, number if sign > 0 else Negate(number, _HERE), Literal(unit, _HERE)),
            _HERE,
        )
    return root, moved


_BUILDERS: Mapping[str, _Builder] = {
    **{name: _comparison(sign) for name, sign in COMPARISONS.items()},
    **{name: _call(function) for name, function in TEXT_CALLS.items()},
    "in": _in,
    "not_in": _not_in,
    "between": _between,
    "empty": _blank(wanted=True),
    "not_empty": _blank(wanted=False),
    "within": _within,
    "changed": _changed,
    "any": _members("any"),
    "all": _members("all"),
    "none": _members("none"),
}
