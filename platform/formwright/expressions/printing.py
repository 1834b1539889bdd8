"""From tree to text: the one canonical spelling, which every CEL parser reads."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from formwright.expressions.kinds import Value
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
    Node,
    Not,
)
from formwright.ids import format_id

#: How tightly each kind of node binds; a part that binds less tightly than its place needs parentheses.
_CHOICE, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _MEMBER = range(1, 9)
_ARITHMETIC = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def to_text(node: Node) -> str:
    """Return the canonical CEL text of ``node``; parsing it gives the same tree, but for the places.

    >>> from formwright.expressions.syntax import parse
    >>> to_text(parse("not (a=1 or b<>2) and c in [1,2]"))
    '!(a == 1 || b != 2) && c in [1, 2]'
    """
    return _write(node, 0)


def literal(value: Value) -> str:
    r"""Return the spelling of a constant; dates become calls of the function that makes them, ids their 13 characters.

    >>> literal("it's"), literal(Decimal("1.50")), literal(None)
    ("'it\\'s'", '1.50', 'null')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case int():
            return f"'{format_id(value)}'"
        case str():
            return "'" + "".join(_escape(character) for character in value) + "'"
        case datetime():
            return f"DATETIME('{value.isoformat()}')"
        case date():
            return f"DATE('{value.isoformat()}')"
        case tuple():
            return "[" + ", ".join(literal(item) for item in value) + "]"
        case time() | timedelta() | _:
            return literal(str(value))


def _escape(character: str) -> str:
    escaped = _ESCAPES.get(character)
    if escaped is None and not character.isprintable():
        code = ord(character)
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return character if escaped is None else escaped


def _write(node: Node, place: int) -> str:
    text, strength = _spell(node)
    return f"({text})" if strength < place else text


def _spell(node: Node) -> tuple[str, int]:
    match node:
        case Literal():
            return literal(node.value), _MEMBER
        case Name():
            return node.name, _MEMBER
        case Member():
            return f"{_write(node.owner, _MEMBER)}.{node.name}", _MEMBER
        case Not():
            return "!" + _write(
                node.operand, _UNARY if isinstance(node.operand, Not) else _MEMBER
            ), _UNARY
        case Negate():
            return "-" + _write(node.operand, _MEMBER), _UNARY
        case Logic():
            place = _AND if node.operator == "&&" else _OR
            return f" {node.operator} ".join(_write(part, place + 1) for part in node.parts), place
        case Compare():
            return _infix(node.operator, node.left, node.right, _RELATION), _RELATION
        case Arithmetic():
            strength = _ARITHMETIC[node.operator]
            return _infix(node.operator, node.left, node.right, strength), strength
        case Conditional():
            parts = (node.condition, node.then, node.otherwise)
            return f"IF({', '.join(_write(part, 0) for part in parts)})", _MEMBER
        case ListOf():
            return f"[{', '.join(_write(item, 0) for item in node.items)}]", _MEMBER
        case Call():
            return (
                f"{node.function}({', '.join(_write(part, 0) for part in node.arguments)})",
                _MEMBER,
            )


def _infix(operator: str, left: Node, right: Node, strength: int) -> str:
    """Write both sides; the operators group to the left, so the right side must bind more tightly."""
    return f"{_write(left, strength)} {operator} {_write(right, strength + 1)}"
