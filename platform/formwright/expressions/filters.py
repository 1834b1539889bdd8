"""Filter objects, which a visual builder writes, and the same as a tree: in both directions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

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

FilterObject: TypeAlias = Mapping[str, Any]
_HERE = (0, 0)
_GROUPS = {"all": "&&", "any": "||", "none": "||"}
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_TEXT_CALLS = {
    "contains": "CONTAINS",
    "starts_with": "STARTSWITH",
    "ends_with": "ENDSWITH",
    "matches": "MATCHES",
}
#: Every operator, in the order in which a builder may offer them.
OPERATORS = (
    *_COMPARISONS,
    "in",
    "not_in",
    "between",
    *_TEXT_CALLS,
    "empty",
    "not_empty",
    "within",
    "changed",
    "any",
    "all",
    "none",
)
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
#: Texts that mean a value of the moment, not themselves; {text: me} is the text.
_MEANT = re.compile(
    r"(?:me|today|now|this)|(?:me|this|settings|old|parent|params)(?:\.[a-z_][a-z0-9_]*)+"
)
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")
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
    if key in _GROUPS:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise _wrong(say("behind '%(key)s' stands a list of filters", key=key))
        joined = _join(_GROUPS[key], [_group(each, depth + 1) for each in value])
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
        return _path(given) if _MEANT.fullmatch(given) else Literal(given, _HERE)
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
    if isinstance(given, str) and _MEANT.fullmatch(given):
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
        joined = _join(_GROUPS[operator], tests)
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
        [(int(count), unit) for count, unit in zip(match.groups(), _UNITS, strict=True) if count]
        if match
        else []
    )
    if not counts:
        message = say("'%(value)s' is no duration; write it as P30D, P3M or PT2H", value=text)
        raise _wrong(message)
    root = Name("now" if any(unit in _UNITS[4:] for _, unit in counts) else "today", _HERE)
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
    **{name: _comparison(sign) for name, sign in _COMPARISONS.items()},
    **{name: _call(function) for name, function in _TEXT_CALLS.items()},
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


# -- and back -------------------------------------------------------------------------------------------------


def from_node(node: Node) -> dict[str, Any] | None:
    """Return the filter object that means ``node``, or None when it has no such shape.

    >>> from formwright.expressions.syntax import parse
    >>> from_node(parse("amount >= 10 && (stage == 'won' || owner == me)"))
    {'all': [{'amount': {'gte': 10}}, {'any': [{'stage': {'eq': 'won'}}, {'owner': {'eq': 'me'}}]}]}
    >>> from_node(parse("amount > other * 2")) is None
    True
    """
    try:
        return _unbuild(node)
    except _NoFilter:
        return None


class _NoFilter(Exception):
    """A tree that no filter object can say."""


def _unbuild(node: Node) -> dict[str, Any]:
    match node:
        case Logic():
            return _unbuild_logic(node)
        case Not(operand=Logic(operator="||", parts=parts)):
            return _unbuild_members("none", parts) or {"none": [_unbuild(part) for part in parts]}
        case Not(operand=Compare(operator="in", left=left, right=right)) if _path_text(left):
            return {_path_text(left): {"not_in": _unlist(right)}}
        case Not(operand=Call(function="ISBLANK", arguments=(field,))):
            return {_field(field): {"not_empty": True}}
        case Not(operand=Call(function="CHANGED", arguments=(field,))):
            return {_field(field): {"changed": False}}
        case Not(operand=Name() | Member() as field):
            return {_field(field): {"eq": False}}
        case Name() | Member():
            return {_field(node): {"eq": True}}
        case Not():
            return {"none": [_unbuild(node.operand)]}
        case Compare():
            return _unbuild_comparison(node)
        case Call():
            return _unbuild_call(node)
        case _:
            raise _NoFilter


def _unbuild_logic(node: Logic) -> dict[str, Any]:
    if node.operator == "&&":
        found = _unbuild_range(node.parts) or _unbuild_members("all", node.parts)
        return found or {"all": [_unbuild(part) for part in node.parts]}
    return _unbuild_members("any", node.parts) or {"any": [_unbuild(part) for part in node.parts]}


def _unbuild_members(name: str, parts: Iterable[Node]) -> dict[str, Any] | None:
    """Read ``'a' in tags || 'b' in tags`` as one operator on ``tags``."""
    values, paths = [], set()
    for part in parts:
        if not isinstance(part, Compare) or part.operator != "in" or not _path_text(part.right):
            return None
        if not isinstance(part.left, Literal | Negate):
            return None
        values.append(_unvalue(part.left))
        paths.add(_path_text(part.right))
    return {paths.pop(): {name: values}} if len(paths) == 1 else None


def _unbuild_range(parts: Sequence[Node]) -> dict[str, Any] | None:
    match parts:
        case (
            Compare(operator=">=", left=first, right=low),
            Compare(operator="<=", left=second, right=high),
        ) if _path_text(first) and _path_text(first) == _path_text(second):
            within = _unbuild_within(low, high)
            if within is not None:
                return {_path_text(first): {"within": within}}
            if _is_value(low) and _is_value(high):
                return {_path_text(first): {"between": [_unvalue(low), _unvalue(high)]}}
    return None


def _unbuild_within(low: Node, high: Node) -> dict[str, str] | None:
    match low, high:
        case (
            Call(function="TRUNC", arguments=(Name(name="today"), Literal(value=str() as unit))),
            Call(function="END_OF", arguments=(Name(name="today"), Literal(value=str() as same))),
        ) if unit == same:
            return {"this": unit}
        case Name(), Call():
            duration = _duration(high, low.name, 1)
            return {"next": duration} if duration else None
        case Call(), Name():
            duration = _duration(low, high.name, -1)
            return {"last": duration} if duration else None
        case _:
            return None


def _duration(node: Node, root: str, sign: int) -> str | None:
    """Read nested DATEADD calls as an ISO duration."""
    counts: dict[str, Decimal] = {}
    while isinstance(node, Call) and node.function == "DATEADD" and len(node.arguments) == 3:
        node, number, unit = node.arguments
        if sign < 0 and isinstance(number, Negate):
            number = number.operand
        elif sign < 0:
            return None
        if not (
            isinstance(number, Literal)
            and isinstance(unit, Literal)
            and isinstance(number.value, Decimal)
        ):
            return None
        if unit.value not in _UNITS or unit.value in counts:
            return None
        counts[str(unit.value)] = number.value
    if (
        not isinstance(node, Name)
        or node.name != root
        or root not in {"today", "now"}
        or not counts
    ):
        return None
    written = [(f"{counts[unit]}{unit[0].upper()}" if unit in counts else "") for unit in _UNITS]
    clock = "".join(written[4:])
    if (root == "now") != bool(clock):
        return None
    return "P" + "".join(written[:4]) + (f"T{clock}" if clock else "")


def _unbuild_comparison(node: Compare) -> dict[str, Any]:
    left = _path_text(node.left)
    if node.operator == "in":
        if left:
            return {left: {"in": _unlist(node.right)}}
        right = _path_text(node.right)
        if right:
            return {right: {"any": [_unvalue(node.left)]}}
        raise _NoFilter
    operator = next(name for name, sign in _COMPARISONS.items() if sign == node.operator)
    if not left:
        raise _NoFilter
    return {left: {operator: _unvalue(node.right)}}


def _unbuild_call(node: Call) -> dict[str, Any]:
    if node.function in {"ISBLANK", "CHANGED"} and len(node.arguments) == 1:
        return {
            _field(node.arguments[0]): {"empty" if node.function == "ISBLANK" else "changed": True}
        }
    for name, function in _TEXT_CALLS.items():
        if function == node.function and len(node.arguments) == 2:
            return {_field(node.arguments[0]): {name: _unvalue(node.arguments[1])}}
    raise _NoFilter


def _path_text(node: Node) -> str:
    """Return a path as text, "" for anything else and for what means a value of the moment."""
    match node:
        case Name():
            text = node.name
        case Member():
            owner = _path_text(node.owner)
            text = f"{owner}.{node.name}" if owner else _rooted(node)
        case _:
            return ""
    return "" if _MEANT.fullmatch(text) or text in _GROUPS else text


def _rooted(node: Member) -> str:
    owner = node.owner
    if isinstance(owner, Name):
        return f"{owner.name}.{node.name}"
    if isinstance(owner, Member):
        inner = _rooted(owner)
        return f"{inner}.{node.name}" if inner else ""
    return ""


def _field(node: Node) -> str:
    text = _path_text(node)
    if not text:
        raise _NoFilter
    return text


def _is_value(node: Node) -> bool:
    try:
        _unvalue(node)
    except _NoFilter:
        return False
    return True


def _unvalue(node: Node) -> Any:
    match node:
        case Literal(value=str() as text):
            return {"text": text} if _MEANT.fullmatch(text) else text
        case Literal(value=Decimal() as number):
            return int(number) if number == number.to_integral_value() else number
        case Literal(value=None | bool() as value):
            return value
        case Negate(operand=Literal(value=Decimal())):
            return -_unvalue(node.operand)
        case Call(function="DATE", arguments=(Literal(value=str() as text),)):
            return text
        case Name():
            text = node.name
        case Member():
            text = _rooted(node)
        case _:
            raise _NoFilter
    if not _MEANT.fullmatch(text):
        raise _NoFilter
    return text


def _unlist(node: Node) -> Any:
    if isinstance(node, ListOf):
        return [_unvalue(item) for item in node.items]
    return _unvalue(node)
