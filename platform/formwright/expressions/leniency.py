"""Assertions about what may be missing: a comparison with null passes, since presence is what ``required`` asks."""

from __future__ import annotations

from dataclasses import replace

from formwright.expressions.tree import Call, Compare, Conditional, Literal, Logic, Node, Not

_ORDERINGS = frozenset({"<", "<=", ">", ">="})
_NEGATED = {"&&": "||", "||": "&&"}


def possibly(node: Node) -> Node:
    """Return the condition that is false only where ``node`` is false for certain.

    An ordering with null is neither true nor false, as in three-valued logic; ``&&``, ``||``, ``!``, IF and the macros
    pass that on. Everything else is left as it is.

    >>> from formwright.expressions.printing import to_text
    >>> from formwright.expressions.syntax import parse
    >>> to_text(possibly(parse("due >= today")))
    'due == null || today == null || due >= today'
    >>> to_text(possibly(parse("!(due < today)")))
    'due == null || today == null || !(due < today)'
    """
    match node:
        case Compare(operator=operator) if operator in _ORDERINGS:
            return _or_missing(node, node)
        case Logic(parts=parts):
            return replace(node, parts=tuple(possibly(part) for part in parts))
        case Not(operand=Compare(operator=operator) as inner) if operator in _ORDERINGS:
            return _or_missing(inner, node)
        case Not(operand=Not(operand=inner)):
            return possibly(inner)
        case Not(operand=Logic(operator=operator, parts=parts)):
            negated = tuple(possibly(Not(part, part.span)) for part in parts)
            return Logic(_NEGATED[operator], negated, node.span)
        case Conditional(then=then, otherwise=otherwise):
            return replace(node, then=possibly(then), otherwise=possibly(otherwise))
        case Call(function="IF", arguments=(condition, then, otherwise)):
            return replace(node, arguments=(condition, possibly(then), possibly(otherwise)))
        case Call(function="ANY" | "ALL", arguments=(rows, condition)):
            return replace(node, arguments=(rows, possibly(condition)))
        case _:
            return node


def _or_missing(ordering: Compare, node: Node) -> Node:
    """Return ``node`` or one side of the ordering being null; a constant is not asked."""
    sides = [side for side in (ordering.left, ordering.right) if not isinstance(side, Literal)]
    missing = [Compare("==", side, Literal(None, side.span), side.span) for side in sides]
    return Logic("||", (*missing, node), node.span) if missing else node
