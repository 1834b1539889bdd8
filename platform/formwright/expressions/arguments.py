"""Checks the arguments of a call against the signature of its function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from formwright.expressions.checked import Path, Schema, Scope, Seen
from formwright.expressions.functions import Function, Functions, Parameter
from formwright.expressions.kinds import (
    Base,
    Kind,
)
from formwright.expressions.patterns import PatternError, check_pattern
from formwright.expressions.relations import describe
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.tree import (
    Call,
    Literal,
    Member,
    Name,
    Negate,
    Node,
)
from formwright.suggest import closest
from formwright.texts import Text, say

MANY = frozenset({Base.LIST, Base.RECORDS})


class CheckerLike(Protocol):
    """What checking a call needs of the checker."""

    schema: Schema
    functions: Functions
    called: dict[int, Function]
    expansions: dict[int, Node]
    obstacles: list[tuple[tuple[int, int], Text]]
    available: Mapping[str, Kind]
    time_dependent: bool
    varies: dict[int, frozenset[str]]

    def see(self, node: Node, scope: Scope, *, inner: bool = False) -> Seen:
        """Check a part."""
        ...

    def note(
        self, node: Node, kind: Kind, varies: frozenset[str] = ..., path: Path | None = None
    ) -> Seen:
        """Keep what is known about a part."""
        ...

    def condition(self, seen: Seen) -> Seen:
        """Require yes or no."""
        ...

    def adapted(self, seen: Seen, target: Kind) -> Seen:
        """Return a constant of another kind where a text means one."""
        ...

    def united(self, parts: list[Seen]) -> Kind:
        """Return the one kind of several parts."""
        ...

    def hinder(self, node: Node, reason: Text) -> None:
        """Note why a database cannot work a part out."""
        ...

    def record_path(self, path: Path | None) -> None:
        """Note a path as read."""
        ...


def see_plain(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """Check a call of an ordinary function."""
    count_arguments(node, function)
    arguments = []
    for position, argument in enumerate(node.arguments):
        parameter = function.parameters[min(position, len(function.parameters) - 1)]
        seen = checker.see(argument, scope)
        check_argument(seen, parameter, function)
        arguments.append(seen)
    kinds = [argument.kind for argument in arguments]
    _check_units(node, function, kinds)
    call = Call(node.function, tuple(argument.node for argument in arguments), node.span)
    checker.called[id(call)] = function
    seen = checker.note(call, function.result_kind(kinds), together(arguments))
    if seen.varies and not _has_sql(checker, function, arguments):
        checker.hinder(call, say("a database cannot work out %(name)s", name=function.name))
    return seen


def _has_sql(checker: CheckerLike, function: Function, arguments: Sequence[Seen]) -> bool:
    """Return whether there is an SQL form for these arguments; lists must be ones a database can go through."""
    if not function.has_sql([argument.kind for argument in arguments]):
        return False
    return all(
        argument.kind.base not in MANY or is_set(checker.varies, argument.node)
        for argument in arguments
        if argument.varies
    )


def count_arguments(node: Call, function: Function) -> None:
    """Require as many arguments as the signature has."""
    least = sum(1 for parameter in function.parameters if not parameter.optional)
    unlimited = any(parameter.repeated for parameter in function.parameters)
    if least <= len(node.arguments) and (
        unlimited or len(node.arguments) <= len(function.parameters)
    ):
        return
    message = say(
        "%(signature)s was given %(count)s arguments",
        signature=function.signature,
        count=len(node.arguments),
    )
    raise ExpressionError(message, node.span)


def check_argument(seen: Seen, parameter: Parameter, function: Function) -> None:
    """Require the kind that a parameter takes."""
    if seen.kind.base not in parameter.accepts and seen.kind.base is not Base.NULL:
        message = say(
            "%(function)s takes %(expected)s as '%(name)s'; this is %(kind)s",
            function=function.name,
            expected=describe(Kind(parameter.accepts[0])),
            name=parameter.name,
            kind=describe(seen.kind),
        )
        raise ExpressionError(message, seen.node.span)
    if parameter.constant:
        check_constant(seen.node, parameter)


def check_constant(node: Node, parameter: Parameter) -> None:
    """Require a value that is written down, and one that the parameter knows."""
    value = constant(node)
    if value is None:
        message = say("'%(name)s' must be written down, it cannot be computed", name=parameter.name)
        raise ExpressionError(message, node.span)
    if parameter.choices and value not in parameter.choices:
        message = say(
            "'%(value)s' is no %(name)s; there are %(choices)s",
            value=str(value),
            name=parameter.name,
            choices=", ".join(parameter.choices),
        )
        raise ExpressionError(message, node.span, closest(str(value), parameter.choices))
    if isinstance(value, Decimal) and (value != value.to_integral_value() or abs(value) > 20):
        message = say("'%(name)s' is a whole number from -20 to 20", name=parameter.name)
        raise ExpressionError(message, node.span)
    if isinstance(value, str) and parameter.name == "pattern":
        try:
            check_pattern(value)
        except PatternError as error:
            message = say(
                "this is no regular expression that can be used: %(reason)s", reason=str(error)
            )
            raise ExpressionError(message, node.span) from None


def constant(node: Node) -> str | Decimal | None:
    """Return the text or number that ``node`` writes down, or None."""
    if isinstance(node, Literal) and isinstance(node.value, str | Decimal):
        return node.value
    if isinstance(node, Negate):
        inner = constant(node.operand)
        return -inner if isinstance(inner, Decimal) else None
    return None


def _check_units(node: Call, function: Function, kinds: Sequence[Kind]) -> None:
    """Refuse hours on plain dates."""
    if function.name == "DATEADD" and kinds[0].base is Base.DATE:
        unit = constant(node.arguments[2])
        if unit in ("hour", "minute", "second"):
            message = say("a date has no hours; use DATETIME(...) of it")
            raise ExpressionError(message, node.arguments[2].span)


def together(parts: Sequence[Seen]) -> frozenset[str]:
    """Return all that several parts vary with."""
    return frozenset().union(*(part.varies for part in parts))


def expanded(checker: CheckerLike, node: Call, meaning: Node, scope: Scope) -> Seen:
    """Check what a call is short for, and keep it beside the call."""
    seen = checker.see(meaning, scope)
    call = Call(node.function, node.arguments, node.span)
    checker.expansions[id(call)] = seen.node
    return checker.note(call, seen.kind, seen.varies)


def is_set(varies: Mapping[int, frozenset[str]], node: Node) -> bool:
    """Return whether a database can go through ``node``: a path, or items of a path chosen by a condition."""
    match node:
        case Name():
            return bool(varies[id(node)])
        case Member():
            return bool(varies[id(node.owner)])
        case Call():
            source = node.arguments[0] if node.arguments else node
            return node.function == "FILTER" and bool(varies[id(source)]) and is_set(varies, source)
        case _:
            return False
