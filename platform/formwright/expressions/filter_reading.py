"""From a tree to the filter object that means it, where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from formwright.expressions.filter_words import COMPARISONS, GROUPS, MEANT, TEXT_CALLS, UNITS
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
        if unit.value not in UNITS or unit.value in counts:
            return None
        counts[str(unit.value)] = number.value
    if (
        not isinstance(node, Name)
        or node.name != root
        or root not in {"today", "now"}
        or not counts
    ):
        return None
    written = [(f"{counts[unit]}{unit[0].upper()}" if unit in counts else "") for unit in UNITS]
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
    operator = next(name for name, sign in COMPARISONS.items() if sign == node.operator)
    if not left:
        raise _NoFilter
    return {left: {operator: _unvalue(node.right)}}


def _unbuild_call(node: Call) -> dict[str, Any]:
    if node.function in {"ISBLANK", "CHANGED"} and len(node.arguments) == 1:
        return {
            _field(node.arguments[0]): {"empty" if node.function == "ISBLANK" else "changed": True}
        }
    for name, function in TEXT_CALLS.items():
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
    return "" if MEANT.fullmatch(text) or text in GROUPS else text


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
            return {"text": text} if MEANT.fullmatch(text) else text
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
    if not MEANT.fullmatch(text):
        raise _NoFilter
    return text


def _unlist(node: Node) -> Any:
    if isinstance(node, ListOf):
        return [_unvalue(item) for item in node.items]
    return _unvalue(node)
