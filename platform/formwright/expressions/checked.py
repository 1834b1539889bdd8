"""What an expression means: the kind of every part, the fields it reads, and whether a database can work it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from formwright.expressions.functions import Function
from formwright.expressions.kinds import Kind
from formwright.expressions.tree import Name, Node, Span
from formwright.texts import Text

#: Names with a meaning of their own; a field of the same name is reached as ``this.item``.
ROOTS = frozenset(
    {"this", "old", "me", "now", "today", "settings", "params", "parent", "item", "event", "steps"}
)
#: Segments of a path, counted behind ``this``, ``old``, ``parent``, ``item`` and the like.
MAXIMUM_PATH = 4
#: How much SQL an expression may become, in parts; divisions and choices repeat what they are about.
MAXIMUM_WEIGHT = 5_000
#: Macros inside the condition of a macro.
MAXIMUM_NESTING = 2


class Schema(Protocol):
    """What is known about entities; ``entity`` is a qualified name, ``@settings`` or ``@me``."""

    def member(self, entity: str, name: str) -> Kind | None:
        """Return the kind of a field or built-in name, or None when there is none."""
        ...

    def member_names(self, entity: str) -> Iterable[str]:
        """Return every name that ``member`` knows."""
        ...


@runtime_checkable
class FormulaSchema(Protocol):
    """A schema that also knows which fields are worked out on read, so that a database has to do the same."""

    def formula(self, entity: str, name: str) -> Checked | None:
        """Return the expression of a computed field that is not stored, None for any other field."""
        ...


class Meaning(Enum):
    """What a bare name stands for."""

    FIELD = "field"
    #: The record in question itself.
    SELF = "self"
    ITEM = "item"
    #: The row that a child row belongs to.
    PARENT = "parent"
    ROOT = "root"


@dataclass(frozen=True, slots=True)
class Path:
    """A dotted path: from the record when ``root`` is "", else from the root of that name."""

    root: str
    names: tuple[str, ...]
    #: Names that count against the limit; ``parent`` does not.
    length: int = -1

    def __post_init__(self) -> None:
        if self.length < 0:
            object.__setattr__(self, "length", len(self.names))

    def then(self, name: str) -> Path:
        """Return the path one step longer."""
        return Path(self.root, (*self.names, name), self.length + 1)

    def rebase(self, kind: Kind) -> Kind:
        """Return ``kind`` with its currency named from the record, not from where the path ends.

        A row's ``parent.currency``, seen from the parent through its rows, is the parent's ``currency``.
        """
        if not kind.currency.startswith("field:"):
            return kind if kind.of is None else replace(kind, of=self.rebase(kind.of))
        *way, _ = (self.root, *self.names) if self.root else self.names
        for name in kind.currency.removeprefix("field:").split("."):
            if name == "parent" and way and way[-1] != "parent":
                way.pop()
            else:
                way.append(name)
        return replace(kind, currency="field:" + ".".join(way))


@dataclass(frozen=True, slots=True)
class Seen:
    """A part that was checked: rebuilt, with its kind, what it varies with, and its path if it is one."""

    node: Node
    kind: Kind
    varies: frozenset[str] = frozenset()
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a part stands: what ``item`` is there, and inside how many macros."""

    item: Kind | None = None
    path: Path | None = None
    nesting: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """An expression that makes sense, with all that is known about it.

    Nodes are looked up by identity: two equal parts of a text may mean different things. ``reads`` are paths from
    the record, ``root_reads`` paths that begin with the name of a root.
    """

    source: str
    node: Node
    kind: Kind
    entity: str
    kinds: Mapping[int, Kind]
    meanings: Mapping[int, Meaning]
    functions: Mapping[int, Function]
    #: Calls that are short for something longer, such as CHANGED(x) for x != old.x.
    expansions: Mapping[int, Node]
    #: For each node what it varies with: "row" for the record, "item" for the innermost macro.
    varies: Mapping[int, frozenset[str]]
    reads: frozenset[tuple[str, ...]]
    root_reads: frozenset[tuple[str, ...]]
    roots: frozenset[str]
    time_dependent: bool
    #: Roughly how many parts its SQL has.
    weight: int = 1
    #: Why a database cannot work it out, each with its place; empty when it can.
    obstacles: tuple[tuple[Span, Text], ...] = ()
    #: Why nothing can be worked out at all, for a stand-in; see ``lost``.
    lost: Text | None = None
    #: Room for what others derive from this once: the prepared interpreter, say.
    derived: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def compiles(self) -> bool:
        """True when it can be turned into SQL in full."""
        return not self.obstacles

    def kind_of(self, node: Node) -> Kind:
        """Return the kind of a part."""
        return self.kinds[id(node)]

    def meaning_of(self, name: Name) -> Meaning:
        """Return what a bare name stands for."""
        return self.meanings[id(name)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checked) and (self.node, self.kind) == (other.node, other.kind)

    def __hash__(self) -> int:
        return hash(self.source)


NO_ROOTS: Mapping[str, Kind] = MappingProxyType({})
