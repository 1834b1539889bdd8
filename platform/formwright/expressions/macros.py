"""Checks macros: the parts that are worked out for every item of a list."""

from __future__ import annotations

from formwright.expressions.arguments import (
    MANY,
    CheckerLike,
    check_constant,
    constant,
    is_set,
    together,
)
from formwright.expressions.checked import MAXIMUM_NESTING, Path, Scope, Seen
from formwright.expressions.functions import Function
from formwright.expressions.kinds import (
    BOOLEAN,
    MONEY_LIKE,
    NULL,
    NUMBER,
    Base,
    Kind,
    reference,
)
from formwright.expressions.printing import to_text
from formwright.expressions.relations import ORDERED, describe
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.tree import (
    Call,
    Literal,
    Node,
)
from formwright.suggest import closest
from formwright.texts import say


def _item_of(kind: Kind) -> Kind:
    return reference(kind.entity) if kind.base is Base.RECORDS else kind.of or NULL


def _source(checker: CheckerLike, node: Node, scope: Scope) -> Seen:
    seen = checker.see(node, scope)
    if seen.kind.base not in MANY:
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


def see_macro(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
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


def see_aggregate(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
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


def see_extreme(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """MIN and MAX: of a list, or of several values."""
    first = node.arguments[0]
    before = len(checker.obstacles)
    seen = checker.see(first, scope)
    if seen.kind.base in MANY and len(node.arguments) <= 2:
        del checker.obstacles[before:]
        return see_aggregate(checker, node, function, scope)
    arguments = [seen, *(checker.see(argument, scope) for argument in node.arguments[1:])]
    kind = checker.united(arguments)
    if kind.base not in ORDERED | {Base.NULL}:
        raise ExpressionError(say("%(kind)s has no order", kind=describe(kind)), node.span)
    call = Call(node.function, tuple(argument.node for argument in arguments), node.span)
    checker.called[id(call)] = function
    return checker.note(call, kind, together(arguments))


def see_first(checker: CheckerLike, node: Call, function: Function, scope: Scope) -> Seen:
    """Check FIRST and the field it sorts by."""
    before = len(checker.obstacles)
    source = _source(checker, node.arguments[0], scope)
    parts: tuple[Node, ...] = (source.node,)
    if len(node.arguments) == 2:
        order = node.arguments[1]
        check_constant(order, function.parameters[1])
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
