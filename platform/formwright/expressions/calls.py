"""Checks calls: ordinary functions, and those that are more than a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from formwright.expressions.arguments import (
    MANY,
    CheckerLike,
    check_argument,
    count_arguments,
    expanded,
    see_plain,
    together,
)
from formwright.expressions.checked import Scope, Seen
from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import (
    Base,
)
from formwright.expressions.macros import see_aggregate, see_extreme, see_first, see_macro
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.tree import (
    Call,
    Compare,
    Conditional,
    Literal,
    Logic,
    Member,
    Name,
    Node,
    Span,
)
from formwright.texts import Text, say


class UnknownFunction(ExpressionError):
    """A function that nothing brings: misspelt, or of a plugin that is not there."""

    def __init__(self, text: Text, span: Span, suggestion: str | None, name: str) -> None:
        super().__init__(text, span, suggestion)
        self.name = name


def see_call(checker: CheckerLike, node: Call, scope: Scope) -> Seen:
    """Return the call with its kind; raise ExpressionError when it does not fit the function."""
    function = checker.functions.find(node.function)
    if function is None:
        message = say("there is no function '%(name)s'", name=node.function)
        span = (node.span[0], node.span[0] + len(node.function))
        near = checker.functions.closest(node.function)
        raise UnknownFunction(message, span, near, node.function)
    checker.time_dependent |= function.time_dependent
    special = _SPECIAL.get(function.name) if function.special else None
    if special is not None:
        count_arguments(node, function)
        return special(checker, node, function, scope)
    return see_plain(checker, node, function, scope)


def _see_if(checker: CheckerLike, node: Call, _function: Function, scope: Scope) -> Seen:
    """Check a call of IF that did not come from text."""
    otherwise = node.arguments[2] if len(node.arguments) == 3 else Literal(None, node.span)
    return checker.see(
        Conditional(node.arguments[0], node.arguments[1], otherwise, node.span), scope
    )


def _see_switch(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    subject, *rest = node.arguments
    if len(rest) < 2:
        message = say(
            "%(signature)s was given %(count)s arguments",
            signature=function.signature,
            count=len(rest) + 1,
        )
        raise ExpressionError(message, node.span)
    pairs = [(rest[place], rest[place + 1]) for place in range(0, len(rest) - 1, 2)]
    result: Node = rest[-1] if len(rest) % 2 else Literal(None, (node.span[1], node.span[1]))
    for value, answer in reversed(pairs):
        result = Conditional(Compare("==", subject, value, value.span), answer, result, node.span)
    return expanded(checker, node, result, scope)


def _see_coalesce(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    arguments = [checker.see(argument, scope) for argument in node.arguments]
    for argument in arguments:
        check_argument(argument, function.parameters[0], function)
    first = arguments[0].kind
    arguments = [arguments[0], *(checker.adapted(argument, first) for argument in arguments[1:])]
    call = Call(node.function, tuple(argument.node for argument in arguments), node.span)
    checker.called[id(call)] = function
    return checker.note(call, checker.united(arguments), together(arguments))


def _see_changed(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    before = _before(node)
    if function.name == "CHANGED":
        meaning: Node = Compare("!=", node.arguments[0], before, node.span)
    else:
        field, value = node.arguments
        was, now = Compare("==", before, value, node.span), Compare("==", field, value, node.span)
        first, second = (was, now) if function.name == "CHANGED_FROM" else (now, was)
        different = Compare("!=", second.left, second.right, node.span)
        meaning = Logic("&&", (first, different), node.span)
    return expanded(checker, node, meaning, scope)


def _before(node: Call) -> Node:
    """Return the same field of the record as it was before the change."""
    field = node.arguments[0]
    match field:
        case Name():
            return Member(Name("old", field.span), field.name, field.span)
        case Member(owner=Name(name="this")):
            return Member(Name("old", field.span), field.name, field.span)
        case _:
            message = say("%(function)s is about a field of this record", function=node.function)
            raise ExpressionError(message, field.span)


def _see_has_role(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    checker.see(Name("me", node.span), scope)
    return see_plain(checker, node, function, scope)


def _see_contains(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """CONTAINS on a list is the same as ``in``."""
    before = len(checker.obstacles)
    seen = checker.see(node.arguments[0], scope)
    del checker.obstacles[before:]
    if seen.kind.base in MANY:
        return expanded(
            checker, node, Compare("in", node.arguments[1], node.arguments[0], node.span), scope
        )
    part = checker.see(node.arguments[1], scope)
    check_argument(part, Parameter("part", (Base.TEXT,)), function)
    return see_plain(checker, node, function, scope)


_SPECIAL: Mapping[str, Callable[[CheckerLike, Call, Function, Scope], Seen]] = {
    "IF": _see_if,
    "SWITCH": _see_switch,
    "COALESCE": _see_coalesce,
    "CONTAINS": _see_contains,
    "ANY": see_macro,
    "ALL": see_macro,
    "NONE": see_macro,
    "FILTER": see_macro,
    "COUNT": see_macro,
    "SUM": see_aggregate,
    "AVG": see_aggregate,
    "COUNTDISTINCT": see_aggregate,
    "MIN": see_extreme,
    "MAX": see_extreme,
    "FIRST": see_first,
    "CHANGED": _see_changed,
    "CHANGED_FROM": _see_changed,
    "CHANGED_TO": _see_changed,
    "HAS_ROLE": _see_has_role,
}
