"""The typed tree of an expression: a closed set of frozen nodes, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from formwright.expressions.kinds import Value

#: Offsets of the first character and behind the last one.
Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: text, number (Decimal), true, false, null."""

    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name: a field of the record, or a root such as ``me``, ``this``, ``settings``, ``today``."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    """``owner.name``: a field of what ``owner`` gives."""

    owner: Node
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    """``!x``."""

    operand: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Negate:
    """``-x``."""

    operand: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Logic:
    """``&&`` or ``||`` over two or more parts."""

    operator: str  # "&&" | "||"
    parts: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Compare:
    """``== != < <= > >=`` and ``in``."""

    operator: str
    left: Node
    right: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``+ - * / %``; ``+`` also joins texts."""

    operator: str
    left: Node
    right: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? then : otherwise``; ``IF(...)`` is the same."""

    condition: Node
    then: Node
    otherwise: Node
    span: Span


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b, c]``."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """``FUNCTION(arguments)``, macros included."""

    function: str
    arguments: tuple[Node, ...]
    span: Span


Node: TypeAlias = (
    Literal
    | Name
    | Member
    | Not
    | Negate
    | Logic
    | Compare
    | Arithmetic
    | Conditional
    | ListOf
    | Call
)


def names_user(node: Node) -> bool:
    """Tell whether ``node`` is ``me`` itself, or a list with it.

    Somebody who is not logged in is nobody: ``owner == me`` and ``owner in [me]`` do not hold where both are null.
    """
    if isinstance(node, ListOf):
        return any(names_user(item) for item in node.items)
    return isinstance(node, Name) and node.name == "me"
