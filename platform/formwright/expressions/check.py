"""Checks an expression against the entities: names, kinds, limits, what it reads, whether it becomes SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from formwright.expressions import calls
from formwright.expressions.builtin import BUILTIN
from formwright.expressions.checked import (
    MAXIMUM_PATH,
    MAXIMUM_WEIGHT,
    NO_ROOTS,
    ROOTS,
    Checked,
    FormulaSchema,
    Meaning,
    Path,
    Schema,
    Scope,
    Seen,
)
from formwright.expressions.functions import Function, Functions
from formwright.expressions.kinds import (
    BOOLEAN,
    DATE,
    DATETIME,
    MONEY_LIKE,
    NULL,
    NUMBER,
    TEXT,
    Base,
    Kind,
    list_of,
    reference,
)
from formwright.expressions.literals import adapt, kind_of_value
from formwright.expressions.printing import to_text
from formwright.expressions.relations import ORDERED, comparable, describe, fits, unite
from formwright.expressions.syntax import RESERVED, ExpressionError, children, parse
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
    Span,
)
from formwright.suggest import closest
from formwright.texts import Text, say

__all__ = ["Checked", "FormulaSchema", "Meaning", "Schema", "check"]

_USER = "core.user"
_NOTHING: frozenset[str] = frozenset()
_ROW = frozenset({"row"})
_ITEM = frozenset({"item"})
_MANY = frozenset({Base.LIST, Base.RECORDS})


def check(
    expression: Node | str,
    schema: Schema,
    entity: str | None,
    roots: Mapping[str, Kind] = NO_ROOTS,
    expected: Kind | None = None,
    functions: Functions = BUILTIN,
) -> Checked:
    """Return ``expression`` with everything known about it, or raise ExpressionError with the place of the mistake.

    ``entity`` is the qualified name of the record in question, None when there is none. ``roots`` are names that
    are available besides ``me``, ``settings``, ``now``, ``today`` and ``this``; giving ``this`` means that it is
    another record than the one in question, as in the filter of a reference.
    """
    source = expression if isinstance(expression, str) else to_text(expression)
    node = parse(expression) if isinstance(expression, str) else expression
    checker = Checker(schema, entity or "", roots, functions)
    seen = checker.see(node, Scope())
    if expected is not None:
        seen = checker.expect(seen, expected)
    return checker.result(source, seen)


class Checker:
    """Walks a tree once and notes what it finds; kinds are kept by the identity of nodes."""

    def __init__(
        self, schema: Schema, entity: str, roots: Mapping[str, Kind], functions: Functions
    ) -> None:
        self.schema = schema
        self.entity = entity
        self.available = roots
        self.functions = functions
        self.kinds: dict[int, Kind] = {}
        self.varies: dict[int, frozenset[str]] = {}
        self.meanings: dict[int, Meaning] = {}
        self.called: dict[int, Function] = {}
        self.expansions: dict[int, Node] = {}
        self.reads: set[tuple[str, ...]] = set()
        self.root_reads: set[tuple[str, ...]] = set()
        self.roots: set[str] = set()
        self.time_dependent = False
        self.weights: dict[int, int] = {}
        self.obstacles: list[tuple[Span, Text]] = []

    def result(self, source: str, seen: Seen) -> Checked:
        """Return what was found."""
        if seen.varies and seen.kind.base in _MANY | {Base.OBJECT}:
            self.hinder(seen.node, say("a database can only work out a single value"))
        weight = self.weights[id(seen.node)]
        if seen.varies and weight > MAXIMUM_WEIGHT:
            self.hinder(seen.node, say("it is too complicated"))
        return Checked(
            source=source,
            node=seen.node,
            kind=seen.kind,
            entity=self.entity,
            kinds=MappingProxyType(self.kinds),
            meanings=MappingProxyType(self.meanings),
            functions=MappingProxyType(self.called),
            expansions=MappingProxyType(self.expansions),
            varies=MappingProxyType(self.varies),
            reads=frozenset(self.reads),
            root_reads=frozenset(self.root_reads),
            roots=frozenset(self.roots),
            time_dependent=self.time_dependent,
            weight=weight,
            obstacles=tuple(self.obstacles),
        )

    # -- for the parts ------------------------------------------------------------------------------------------

    def see(self, node: Node, scope: Scope, *, inner: bool = False) -> Seen:
        """Return ``node``, rebuilt, with its kind. ``inner``: a longer path follows, which will be noted instead."""
        match node:
            case Literal():
                return self.note(Literal(node.value, node.span), kind_of_value(node.value))
            case Name():
                seen = self._see_name(node, scope)
            case Member():
                seen = self._see_member(node, scope)
            case Not():
                operand = self.condition(self.see(node.operand, scope))
                return self.note(Not(operand.node, node.span), BOOLEAN, operand.varies)
            case Negate():
                return self._see_negate(node, scope)
            case Logic():
                parts = [self.condition(self.see(part, scope)) for part in node.parts]
                logic = Logic(node.operator, tuple(part.node for part in parts), node.span)
                return self.note(logic, BOOLEAN, _together(parts))
            case Compare():
                return self._see_compare(node, scope)
            case Arithmetic():
                return self._see_arithmetic(node, scope)
            case Conditional():
                return self._see_conditional(node, scope)
            case ListOf():
                return self._see_list(node, scope)
            case Call():
                return calls.see_call(self, node, scope)
        if not inner:
            self.record_path(seen.path)
        return seen

    def note(
        self, node: Node, kind: Kind, varies: frozenset[str] = _NOTHING, path: Path | None = None
    ) -> Seen:
        """Keep what is known about ``node``."""
        self.kinds[id(node)] = kind
        self.varies[id(node)] = varies
        self.weights[id(node)] = self._weigh(node) if varies else 1
        return Seen(node, kind, varies, path)

    def _weigh(self, node: Node) -> int:
        meaning = self.expansions.get(id(node))
        if meaning is not None:
            return self.weights[id(meaning)]
        inner = sum(self.weights.get(id(child), 1) for child in children(node))
        repeats = isinstance(node, Call | Conditional | Compare) or (
            isinstance(node, Arithmetic) and node.operator in "/%"
        )
        return 1 + inner * (2 if repeats else 1)

    def _work_out(self, seen: Seen, entity: str, name: str) -> None:
        """Take account of a field that a database would have to work out itself."""
        formula = (
            self.schema.formula(entity, name) if isinstance(self.schema, FormulaSchema) else None
        )
        if formula is None or not seen.varies:
            return
        self.weights[id(seen.node)] = formula.weight
        for _, reason in formula.obstacles[:1]:
            self.hinder(seen.node, reason)

    def record_path(self, path: Path | None) -> None:
        """Note a path as read."""
        if path is None or not path.names:
            return
        if path.root:
            self.root_reads.add((path.root, *path.names))
        else:
            self.reads.add(path.names)

    def hinder(self, node: Node, reason: Text) -> None:
        """Note why a database cannot work ``node`` out."""
        self.obstacles.append((node.span, reason))

    def condition(self, seen: Seen) -> Seen:
        """Require yes or no."""
        if seen.kind.base is Base.BOOLEAN:
            return seen
        message = say("yes or no is needed here; this is %(kind)s", kind=describe(seen.kind))
        raise ExpressionError(message, seen.node.span, f"{to_text(seen.node)} != null")

    def expect(self, seen: Seen, expected: Kind) -> Seen:
        """Require a kind for the whole expression."""
        if expected.base is Base.BOOLEAN:
            return self.condition(seen)
        seen = self.adapted(seen, expected)
        if not fits(seen.kind, expected):
            message = say(
                "this is %(actual)s, but %(expected)s is needed",
                actual=describe(seen.kind),
                expected=describe(expected),
            )
            raise ExpressionError(message, seen.node.span)
        return seen

    def adapted(self, seen: Seen, target: Kind) -> Seen:
        """Return ``seen`` as a constant of the kind ``target`` where a text can mean one: a day, a choice."""
        if isinstance(seen.node, ListOf) and target.base is Base.LIST and target.of is not None:
            return self._adapted_items(seen, seen.node, target.of)
        if not isinstance(seen.node, Literal):
            return seen
        adapted = adapt(seen.node, target)
        if adapted is seen.node:
            return seen
        if isinstance(adapted, Call):
            return self.see(adapted, Scope())
        return self.note(adapted, kind_of_value(adapted.value))

    def _adapted_items(self, seen: Seen, node: ListOf, target: Kind) -> Seen:
        items = [
            self.adapted(Seen(item, self.kinds[id(item)], self.varies[id(item)]), target)
            for item in node.items
        ]
        kind = NULL
        for item in items:
            kind = unite(kind, item.kind) or kind
        return self.note(
            ListOf(tuple(item.node for item in items), node.span), list_of(kind), seen.varies
        )

    # -- names and paths ----------------------------------------------------------------------------------------

    def _see_name(self, node: Name, scope: Scope) -> Seen:
        fresh = Name(node.name, node.span)
        if node.name in ROOTS or node.name in self.available:
            return self._see_root(fresh, scope)
        kind = self.schema.member(self.entity, node.name) if self.entity else None
        if kind is None:
            raise self._unknown(node, self.entity, scope)
        self.meanings[id(fresh)] = Meaning.FIELD
        seen = self.note(fresh, kind, _ROW, Path("", (node.name,)))
        self._work_out(seen, self.entity, node.name)
        return seen

    def _see_root(self, node: Name, scope: Scope) -> Seen:
        name = node.name
        if name == "item" and scope.item is not None:
            self.meanings[id(node)] = Meaning.ITEM
            return self.note(node, scope.item, _ITEM, scope.path)
        if name == "this" and name not in self.available and self.entity:
            self.meanings[id(node)] = Meaning.SELF
            return self.note(node, reference(self.entity), _ROW, Path("", ()))
        kind = self.available.get(name) or self._standard_root(name)
        if kind is None:
            raise self._unavailable(node)
        self.roots.add(name)
        self.time_dependent |= name in {"now", "today"}
        if name == "parent" and "this" not in self.available:
            self.meanings[id(node)] = Meaning.PARENT
            return self.note(node, kind, _ROW, Path("", ("parent",), 0))
        self.meanings[id(node)] = Meaning.ROOT
        return self.note(node, kind, _NOTHING, Path(name, ()))

    def _standard_root(self, name: str) -> Kind | None:
        return {
            "me": reference(_USER),
            "now": DATETIME,
            "today": DATE,
            "settings": Kind(Base.OBJECT),
        }.get(name)

    def _unavailable(self, node: Name) -> ExpressionError:
        message = say("'%(name)s' means nothing here", name=node.name)
        if self.entity and self.schema.member(self.entity, node.name) is not None:
            message = say(
                "'%(name)s' is a word of the language; the field is this.%(name)s", name=node.name
            )
            return ExpressionError(message, node.span, f"this.{node.name}")
        return ExpressionError(message, node.span)

    def _unknown(self, node: Name | Member, entity: str, scope: Scope) -> ExpressionError:
        names: Iterable[str] = self.schema.member_names(entity) if entity else ()
        span = (node.span[1] - len(node.name), node.span[1])
        if node.name in RESERVED:
            return ExpressionError(
                say("'%(name)s' is a word of the language, no name", name=node.name), span
            )
        if isinstance(node, Name):
            item = scope.item
            if (
                item is not None
                and item.entity
                and self.schema.member(item.entity, node.name) is not None
            ):
                message = say(
                    "'%(name)s' is a field of the items: write item.%(name)s", name=node.name
                )
                return ExpressionError(message, span, f"item.{node.name}")
            names = [
                *names,
                *self.available,
                "me",
                "now",
                "today",
                "settings",
                "true",
                "false",
                "null",
            ]
        if not entity:
            return ExpressionError(
                say("there is no '%(name)s' here", name=node.name), span, closest(node.name, names)
            )
        message = say("'%(name)s' is not a field of '%(entity)s'", name=node.name, entity=entity)
        return ExpressionError(message, span, closest(node.name, names))

    def _see_member(self, node: Member, scope: Scope) -> Seen:
        owner = self.see(node.owner, scope, inner=True)
        path = owner.path.then(node.name) if owner.path is not None else None
        if path is not None and path.length > MAXIMUM_PATH:
            message = say("a path has at most %(limit)s steps", limit=MAXIMUM_PATH)
            raise ExpressionError(message, node.span)
        kind = self._member_kind(node, owner, scope)
        if path is not None:
            kind = path.rebase(kind)
        seen = self.note(Member(owner.node, node.name, node.span), kind, owner.varies, path)
        self._work_out(seen, owner.kind.entity or (owner.kind.of or NULL).entity, node.name)
        return seen

    def _member_kind(self, node: Member, owner: Seen, scope: Scope) -> Kind:
        kind = owner.kind
        if (
            isinstance(owner.node, Name)
            and owner.node.name in {"me", "settings"}
            and not owner.kind.members
        ):
            return self._member_of(node, "@" + owner.node.name, scope)
        match kind.base:
            case Base.REFERENCE if kind.entity:
                return self._member_of(node, kind.entity, scope)
            case Base.RECORDS if kind.entity:
                return self._spread(node, self._member_of(node, kind.entity, scope))
            case Base.LIST if (
                kind.of is not None and kind.of.base is Base.REFERENCE and kind.of.entity
            ):
                return self._spread(node, self._member_of(node, kind.of.entity, scope))
            case Base.OBJECT:
                found = kind.members.get(node.name)
                if found is not None:
                    return found
                span = (node.span[1] - len(node.name), node.span[1])
                message = say("there is no part '%(name)s' here", name=node.name)
                raise ExpressionError(message, span, closest(node.name, kind.members))
            case _:
                message = say("%(kind)s has no fields", kind=describe(kind))
                raise ExpressionError(message, (owner.node.span[0], node.span[1]))

    def _member_of(self, node: Member, entity: str, scope: Scope) -> Kind:
        kind = self.schema.member(entity, node.name)
        if kind is None:
            raise self._unknown(node, entity, scope)
        return kind

    def _spread(self, node: Member, kind: Kind) -> Kind:
        """Return the kind of one field of many records: a list of its values."""
        if kind.base in _MANY or kind.base is Base.OBJECT:
            message = say(
                "a list of lists cannot be worked with; use a field of '%(name)s'", name=node.name
            )
            raise ExpressionError(message, node.span)
        return list_of(kind)

    # -- operators ----------------------------------------------------------------------------------------------

    def _see_negate(self, node: Negate, scope: Scope) -> Seen:
        operand = self.see(node.operand, scope)
        if operand.kind.base not in MONEY_LIKE:
            message = say("a number is needed here; this is %(kind)s", kind=describe(operand.kind))
            raise ExpressionError(message, node.operand.span)
        return self.note(Negate(operand.node, node.span), operand.kind, operand.varies)

    def _see_compare(self, node: Compare, scope: Scope) -> Seen:
        left, right = self.see(node.left, scope), self.see(node.right, scope)
        if node.operator == "in":
            left, right = self._fit_membership(left, right)
        else:
            left, right = self.adapted(left, right.kind), self.adapted(right, left.kind)
            self._fit_comparison(node, left, right)
        varies = left.varies | right.varies
        compare = Compare(node.operator, left.node, right.node, node.span)
        if varies and left.kind.base is Base.LIST and right.kind.base is Base.LIST:
            self.hinder(compare, say("a database cannot compare whole lists"))
        return self.note(compare, BOOLEAN, varies)

    def _fit_comparison(self, node: Compare, left: Seen, right: Seen) -> None:
        fine = comparable(left.kind, right.kind)
        if fine and node.operator not in {"==", "!="}:
            fine = left.kind.base in ORDERED and right.kind.base in ORDERED
        if fine:
            return
        if left.kind.base is Base.BOOLEAN and isinstance(node.left, Compare):
            message = say("comparisons cannot be chained: write a < b && b < c")
            raise ExpressionError(message, node.span)
        message = say(
            "%(left)s and %(right)s cannot be compared with %(operator)s",
            left=describe(left.kind),
            right=describe(right.kind),
            operator=node.operator,
        )
        raise ExpressionError(message, node.span)

    def _fit_membership(self, left: Seen, right: Seen) -> tuple[Seen, Seen]:
        item = right.kind.of if right.kind.base is Base.LIST else None
        if right.kind.base is Base.RECORDS:
            item = reference(right.kind.entity)
        if item is None:
            message = say("behind 'in' stands a list; this is %(kind)s", kind=describe(right.kind))
            way_out = None
            if right.kind.base is Base.TEXT:
                way_out = f"CONTAINS({to_text(right.node)}, {to_text(left.node)})"
            raise ExpressionError(message, right.node.span, way_out)
        left = self.adapted(left, item)
        right = self.adapted(right, list_of(left.kind))
        item = right.kind.of if right.kind.of is not None else item
        if left.kind.base in _MANY or not comparable(left.kind, item):
            message = say(
                "%(left)s is never in a list of %(right)s",
                left=describe(left.kind),
                right=describe(item),
            )
            raise ExpressionError(message, left.node.span)
        return left, right

    def _see_arithmetic(self, node: Arithmetic, scope: Scope) -> Seen:
        left, right = self.see(node.left, scope), self.see(node.right, scope)
        kind = _arithmetic_kind(node.operator, left.kind, right.kind)
        if kind is None:
            raise _not_arithmetic(node, left, right)
        both = Arithmetic(node.operator, left.node, right.node, node.span)
        return self.note(both, kind, left.varies | right.varies)

    def _see_conditional(self, node: Conditional, scope: Scope) -> Seen:
        condition = self.condition(self.see(node.condition, scope))
        then, otherwise = self.see(node.then, scope), self.see(node.otherwise, scope)
        then, otherwise = self.adapted(then, otherwise.kind), self.adapted(otherwise, then.kind)
        kind = self.united([then, otherwise])
        whole = Conditional(condition.node, then.node, otherwise.node, node.span)
        varies = _together([condition, then, otherwise])
        if varies and kind.base in _MANY | {Base.OBJECT}:
            self.hinder(whole, say("a database can only choose between single values"))
        return self.note(whole, kind, varies)

    def united(self, parts: list[Seen]) -> Kind:
        """Return the kind that takes the values of all parts; raise when there is none."""
        kind = parts[0].kind
        for part in parts[1:]:
            both = unite(kind, part.kind)
            if both is None:
                message = say(
                    "one branch is %(first)s, another %(second)s",
                    first=describe(kind),
                    second=describe(part.kind),
                )
                raise ExpressionError(message, part.node.span)
            kind = both
        return kind

    def _see_list(self, node: ListOf, scope: Scope) -> Seen:
        items = [self.see(item, scope) for item in node.items]
        for item in items:
            if item.kind.base in _MANY | {Base.OBJECT}:
                raise ExpressionError(say("a list holds single values"), item.node.span)
        kind = self.united(items) if items else NULL
        whole = ListOf(tuple(item.node for item in items), node.span)
        return self.note(whole, list_of(kind), _together(items))


def _together(parts: Iterable[Seen]) -> frozenset[str]:
    varies: frozenset[str] = _NOTHING
    for part in parts:
        varies |= part.varies
    return varies


def _arithmetic_kind(operator: str, left: Kind, right: Kind) -> Kind | None:
    """Return the kind of the result, or None where the operator does not fit."""
    bases = {left.base, right.base}
    if operator == "+" and bases <= {Base.TEXT, Base.NULL} and Base.TEXT in bases:
        return TEXT
    if not bases <= MONEY_LIKE:
        return None
    amounts = (left.base is Base.MONEY, right.base is Base.MONEY)
    match operator:
        case "+" | "-":
            return unite(left, right)
        case "*":
            return None if all(amounts) else (left if amounts[0] else right)
        case "/":
            if all(amounts):
                return NUMBER if unite(left, right) is not None else None
            return None if amounts[1] else left
        case _:
            return None if amounts[1] else left


def _not_arithmetic(node: Arithmetic, left: Seen, right: Seen) -> ExpressionError:
    kinds = {left.kind.base, right.kind.base}
    suggestion = None
    if kinds <= {Base.DATE, Base.DATETIME, Base.NUMBER} and kinds & {Base.DATE, Base.DATETIME}:
        suggestion = "DATEDIFF" if Base.NUMBER not in kinds else "DATEADD"
    message = say(
        "'%(operator)s' does not fit %(left)s and %(right)s",
        operator=node.operator,
        left=describe(left.kind),
        right=describe(right.kind),
    )
    return ExpressionError(message, node.span, suggestion)
