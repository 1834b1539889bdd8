"""Checks calls: arguments against signatures, and the functions that are more than a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from formwright.expressions.checked import MAXIMUM_NESTING, Path, Schema, Scope, Seen
from formwright.expressions.functions import Function, Functions, Parameter
from formwright.expressions.kinds import (
    BOOLEAN,
    MONEY_LIKE,
    NULL,
    NUMBER,
    Base,
    Kind,
    reference,
)
from formwright.expressions.patterns import PatternError, check_pattern
from formwright.expressions.printing import to_text
from formwright.expressions.relations import ORDERED, describe
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.tree import (
    Call,
    Compare,
    Conditional,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
)
from formwright.suggest import closest
from formwright.texts import Text, say

_MANY = frozenset({Base.LIST, Base.RECORDS})


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


def see_call(checker: CheckerLike, node: Call, scope: Scope) -> Seen:
    """Return the call with its kind; raise ExpressionError when it does not fit the function."""
    function = checker.functions.find(node.function)
    if function is None:
        message = say("there is no function '%(name)s'", name=node.function)
        span = (node.span[0], node.span[0] + len(node.function))
        raise ExpressionError(message, span, checker.functions.closest(node.function))
    checker.time_dependent |= function.time_dependent
    special = _SPECIAL.get(function.name) if function.special else None
    if special is not None:
        _count_arguments(node, function)
        return special(checker, node, function, scope)
    return _see_plain(checker, node, function, scope)


# -- ordinary functions ---------------------------------------------------------------------------------------


def _see_plain(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    _count_arguments(node, function)
    arguments = []
    for position, argument in enumerate(node.arguments):
        parameter = function.parameters[min(position, len(function.parameters) - 1)]
        seen = checker.see(argument, scope)
        _check_argument(seen, parameter, function)
        arguments.append(seen)
    kinds = [argument.kind for argument in arguments]
    _check_units(node, function, kinds)
    call = Call(node.function, tuple(argument.node for argument in arguments), node.span)
    checker.called[id(call)] = function
    seen = checker.note(call, function.result_kind(kinds), _together(arguments))
    if seen.varies and not _has_sql(checker, function, arguments):
        checker.hinder(call, say("a database cannot work out %(name)s", name=function.name))
    return seen


def _has_sql(checker: CheckerLike, function: Function, arguments: Sequence[Seen]) -> bool:
    """Return whether there is an SQL form for these arguments; lists must be ones a database can go through."""
    if not function.has_sql([argument.kind for argument in arguments]):
        return False
    return all(
        argument.kind.base not in _MANY or is_set(checker.varies, argument.node)
        for argument in arguments
        if argument.varies
    )


def _count_arguments(node: Call, function: Function) -> None:
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


def _check_argument(seen: Seen, parameter: Parameter, function: Function) -> None:
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
        _check_constant(seen.node, parameter)


def _check_constant(node: Node, parameter: Parameter) -> None:
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


def _together(parts: Sequence[Seen]) -> frozenset[str]:
    return frozenset().union(*(part.varies for part in parts))


# -- choices --------------------------------------------------------------------------------------------------


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
    return _expanded(checker, node, result, scope)


def _expanded(checker: CheckerLike, node: Call, meaning: Node, scope: Scope) -> Seen:
    """Check what a call is short for, and keep it beside the call."""
    seen = checker.see(meaning, scope)
    call = Call(node.function, node.arguments, node.span)
    checker.expansions[id(call)] = seen.node
    return checker.note(call, seen.kind, seen.varies)


def _see_coalesce(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    arguments = [checker.see(argument, scope) for argument in node.arguments]
    for argument in arguments:
        _check_argument(argument, function.parameters[0], function)
    first = arguments[0].kind
    arguments = [arguments[0], *(checker.adapted(argument, first) for argument in arguments[1:])]
    call = Call(node.function, tuple(argument.node for argument in arguments), node.span)
    checker.called[id(call)] = function
    return checker.note(call, checker.united(arguments), _together(arguments))


# -- macros ---------------------------------------------------------------------------------------------------


def _item_of(kind: Kind) -> Kind:
    return reference(kind.entity) if kind.base is Base.RECORDS else kind.of or NULL


def _source(checker: CheckerLike, node: Node, scope: Scope) -> Seen:
    seen = checker.see(node, scope)
    if seen.kind.base not in _MANY:
        message = say(
            "a list or several records are needed here; this is %(kind)s", kind=describe(seen.kind)
        )
        raise ExpressionError(message, node.span)
    return seen


def _body(checker: CheckerLike, node: Node, source: Seen, scope: Scope) -> Seen:
    """Check the part of a macro that is worked out for every item."""
    if scope.nesting >= MAXIMUM_NESTING:
        message = say(
            "at most %(limit)s functions over lists can stand inside one another",
            limit=MAXIMUM_NESTING,
        )
        raise ExpressionError(message, node.span)
    return checker.see(node, Scope(_item_of(source.kind), _item_path(source), scope.nesting + 1))


def _item_path(source: Seen) -> Path | None:
    return source.path


def _varies(source: Seen, body: Seen | None) -> frozenset[str]:
    """Return what a macro varies with: its own item is nobody else's."""
    return source.varies if body is None else source.varies | (body.varies - {"item"})


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


def _finish(
    checker: CheckerLike,
    call: Call,
    function: Function,
    kind: Kind,
    source: Seen,
    body: Seen | None,
    before: int,
) -> Seen:
    checker.called[id(call)] = function
    varies = _varies(source, body)
    if not varies:
        del checker.obstacles[before:]
    elif source.varies and not is_set(checker.varies, source.node):
        checker.hinder(
            source.node, say("a database can only go through the rows or values of a field")
        )
    elif not source.varies and function.name not in {"ANY", "ALL", "NONE", "COUNT"}:
        checker.hinder(call, say("a database can only go through the rows or values of a field"))
    path = source.path if function.name in {"FILTER", "FIRST"} else None
    return checker.note(call, kind, varies, path)


def _see_macro(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """ANY, ALL, NONE, FILTER, COUNT with or without a condition."""
    before = len(checker.obstacles)
    source = _source(checker, node.arguments[0], scope)
    body = None
    if len(node.arguments) == 2:
        body = checker.condition(_body(checker, node.arguments[1], source, scope))
    parts = (source.node,) if body is None else (source.node, body.node)
    kind = {"FILTER": source.kind, "COUNT": NUMBER}.get(function.name, BOOLEAN)
    return _finish(
        checker, Call(node.function, parts, node.span), function, kind, source, body, before
    )


def _see_aggregate(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """SUM, AVG, COUNTDISTINCT, and MIN and MAX of a list."""
    before = len(checker.obstacles)
    source = _source(checker, node.arguments[0], scope)
    body = _body(checker, node.arguments[1], source, scope) if len(node.arguments) == 2 else None
    value = body.kind if body is not None else _item_of(source.kind)
    place = node.arguments[-1]
    if function.name in {"SUM", "AVG"}:
        if value.base not in MONEY_LIKE | {Base.NULL}:
            message = say("numbers are needed here; this is %(kind)s", kind=describe(value))
            raise ExpressionError(message, place.span, _suggest_field(checker, node, source, body))
    elif function.name in {"MIN", "MAX"} and value.base not in ORDERED | {Base.NULL}:
        message = say("%(kind)s has no order", kind=describe(value))
        raise ExpressionError(message, place.span)
    parts = (source.node,) if body is None else (source.node, body.node)
    kind = NUMBER if function.name == "COUNTDISTINCT" or value.base is Base.NULL else value
    return _finish(
        checker, Call(node.function, parts, node.span), function, kind, source, body, before
    )


def _suggest_field(checker: CheckerLike, node: Call, source: Seen, body: Seen | None) -> str | None:
    """Offer the one numeric field of the rows, or the first: SUM(lines) means SUM(lines.amount)."""
    entity = _item_of(source.kind).entity
    if body is not None or not entity:
        return None
    for name in checker.schema.member_names(entity):
        kind = checker.schema.member(entity, name)
        if kind is not None and kind.base is Base.MONEY:
            return f"{node.function}({to_text(source.node)}.{name})"
    return None


def _see_extreme(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """MIN and MAX: of a list, or of several values."""
    first = node.arguments[0]
    before = len(checker.obstacles)
    seen = checker.see(first, scope)
    if seen.kind.base in _MANY and len(node.arguments) <= 2:
        del checker.obstacles[before:]
        return _see_aggregate(checker, node, function, scope)
    arguments = [seen, *(checker.see(argument, scope) for argument in node.arguments[1:])]
    kind = checker.united(arguments)
    if kind.base not in ORDERED | {Base.NULL}:
        raise ExpressionError(say("%(kind)s has no order", kind=describe(kind)), node.span)
    call = Call(node.function, tuple(argument.node for argument in arguments), node.span)
    checker.called[id(call)] = function
    return checker.note(call, kind, _together(arguments))


def _see_first(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    before = len(checker.obstacles)
    source = _source(checker, node.arguments[0], scope)
    parts: tuple[Node, ...] = (source.node,)
    if len(node.arguments) == 2:
        order = node.arguments[1]
        _check_constant(order, function.parameters[1])
        _check_order(checker, order, source)
        parts = (source.node, Literal(constant(order), order.span))
    call = Call(node.function, parts, node.span)
    seen = _finish(checker, call, function, _item_of(source.kind), source, None, before)
    if seen.varies and source.kind.base is Base.LIST:
        checker.hinder(call, say("a database keeps no order of the values of a list"))
    return seen


def _check_order(checker: CheckerLike, order: Node, source: Seen) -> None:
    name = str(constant(order)).removeprefix("-")
    entity = _item_of(source.kind).entity
    kind = checker.schema.member(entity, name) if entity else None
    if kind is None:
        names = checker.schema.member_names(entity) if entity else ()
        message = say("'%(name)s' is not a field of '%(entity)s'", name=name, entity=entity)
        raise ExpressionError(message, order.span, closest(name, names))
    if kind.base not in ORDERED | {Base.REFERENCE}:
        raise ExpressionError(say("%(kind)s has no order", kind=describe(kind)), order.span)
    if source.path is not None:
        checker.record_path(source.path.then(name))


# -- the change, the user -------------------------------------------------------------------------------------


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
    return _expanded(checker, node, meaning, scope)


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
    return _see_plain(checker, node, function, scope)


def _see_contains(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """CONTAINS on a list is the same as ``in``."""
    before = len(checker.obstacles)
    seen = checker.see(node.arguments[0], scope)
    del checker.obstacles[before:]
    if seen.kind.base in _MANY:
        return _expanded(
            checker, node, Compare("in", node.arguments[1], node.arguments[0], node.span), scope
        )
    part = checker.see(node.arguments[1], scope)
    _check_argument(part, Parameter("part", (Base.TEXT,)), function)
    return _see_plain(checker, node, function, scope)


_SPECIAL: Mapping[str, Callable[[CheckerLike, Call, Function, Scope], Seen]] = {
    "IF": _see_if,
    "SWITCH": _see_switch,
    "COALESCE": _see_coalesce,
    "CONTAINS": _see_contains,
    "ANY": _see_macro,
    "ALL": _see_macro,
    "NONE": _see_macro,
    "FILTER": _see_macro,
    "COUNT": _see_macro,
    "SUM": _see_aggregate,
    "AVG": _see_aggregate,
    "COUNTDISTINCT": _see_aggregate,
    "MIN": _see_extreme,
    "MAX": _see_extreme,
    "FIRST": _see_first,
    "CHANGED": _see_changed,
    "CHANGED_FROM": _see_changed,
    "CHANGED_TO": _see_changed,
    "HAS_ROLE": _see_has_role,
}
