"""Turns the nodes of a checked expression into closures, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from formwright.expressions import calendar, numbers
from formwright.expressions.checked import Checked, Meaning
from formwright.expressions.environment import (
    EvaluationError,
    Frame,
)
from formwright.expressions.functions import Function
from formwright.expressions.kinds import Base, Kind
from formwright.expressions.relations import is_day_against_instant
from formwright.expressions.steps import (
    AGGREGATES,
    EQUALITY,
    ORDER,
    Step,
    as_day,
    blank_as_null,
    called,
    constant,
    division,
    field_of,
    first_value,
    followed,
    for_each,
    id_of,
    joined,
    logic,
    negation,
    normal,
    order_key,
    ordering,
    own_field,
    parent_row,
    part_of,
    related,
    root_row,
    root_value,
    size_of,
    with_somebody,
)
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
    names_user,
)

MANY = frozenset({Base.LIST, Base.RECORDS})


class Preparer:
    """Turns the nodes of one expression into closures."""

    def __init__(self, checked: Checked, *, item_is_row: bool = False) -> None:
        self.checked = checked
        #: Whether ``item`` is a record where we are, or a plain value.
        self.item_is_row = item_is_row

    def kind(self, node: Node) -> Kind:
        """Return the kind of a part."""
        return self.checked.kind_of(node)

    def step(self, node: Node) -> Step:
        """Return the closure that gives the value of ``node``."""
        match node:
            case Literal():
                return constant(node.value)
            case Name() | Member():
                return self._path(node)
            case Not():
                operand = self.step(node.operand)
                return lambda frame: not operand(frame)
            case Negate():
                return negation(self.step(node.operand))
            case Logic():
                parts = tuple(self.step(part) for part in node.parts)
                return logic(parts, decides=node.operator == "||")
            case Compare():
                return self._comparison(node)
            case Arithmetic():
                return self._arithmetic(node)
            case Conditional():
                return self._conditional(node)
            case ListOf():
                items = tuple(self.step(item) for item in node.items)
                return lambda frame: tuple(item(frame) for item in items)
            case Call():
                return self._call(node)

    # -- paths --------------------------------------------------------------------------------------------------

    def _path(self, node: Name | Member) -> Step:
        kind = self.kind(node)
        if kind.base is Base.RECORDS:
            rows = self.items(node)
            return lambda frame: tuple(row.id for row in rows(frame))
        if isinstance(node, Name):
            return self._name(node, kind)
        owner = self.kind(node.owner)
        if owner.base in MANY:
            return self._spread(node, kind)
        if owner.base is Base.OBJECT and not self._is_settings(node.owner):
            return part_of(self.step(node.owner), node.name, kind)
        return field_of(self.row(node.owner), node.name, kind)

    def _is_settings(self, node: Node) -> bool:
        return isinstance(node, Name) and self.checked.meaning_of(node) is Meaning.ROOT

    def _name(self, node: Name, kind: Kind) -> Step:
        match self.checked.meaning_of(node):
            case Meaning.FIELD:
                return own_field(node.name, kind)
            case Meaning.SELF:
                return lambda frame: frame.record.id
            case Meaning.ITEM:
                return (
                    (lambda frame: frame.item.id)
                    if self.item_is_row
                    else (lambda frame: frame.item)
                )
            case Meaning.PARENT:
                return id_of(self.row(node))
            case Meaning.ROOT if node.name == "now" and kind.base is Base.DATETIME:
                return lambda frame: frame.now
            case Meaning.ROOT if node.name == "today" and kind.base is Base.DATE:
                return lambda frame: frame.today
            case Meaning.ROOT:
                return (
                    id_of(self.row(node)) if kind.base is Base.REFERENCE else root_value(node, kind)
                )

    def row(self, node: Node) -> Step:
        """Return the closure that gives the record ``node`` refers to, or None."""
        kind = self.kind(node)
        if isinstance(node, Name):
            match self.checked.meaning_of(node):
                case Meaning.SELF:
                    return lambda frame: frame.record
                case Meaning.ITEM if self.item_is_row:
                    return lambda frame: frame.item
                case Meaning.PARENT:
                    return parent_row(kind.entity)
                case Meaning.ROOT:
                    return root_row(node, kind.entity)
        if isinstance(node, Call) and node.function == "FIRST":
            source = self.kind(node.arguments[0])
            if source.base is Base.RECORDS:
                return self._first_row(node)
        return followed(self.step(node), kind.entity)

    def _spread(self, node: Member, kind: Kind) -> Step:
        """Return the closure for one field of many records."""
        items, is_rows = self.items(node.owner), self.kind(node.owner).base is Base.RECORDS
        entity = (self.kind(node.owner).of or self.kind(node.owner)).entity
        get = normal(node.name, kind.of or kind)

        def spread(frame: Frame) -> tuple[Any, ...]:
            rows = items(frame)
            frame.charge(len(rows))
            if not is_rows:
                follow = frame.environment.source.row
                rows = [None if found is None else follow(entity, found) for found in rows]
            return tuple(get(row) for row in rows)

        return spread

    # -- lists and macros ---------------------------------------------------------------------------------------

    def items(self, node: Node) -> Step:
        """Return the closure that gives what a macro goes through: rows for records, else values."""
        if self.kind(node).base is not Base.RECORDS:
            return self.step(node)
        match node:
            case Name() if self.checked.meaning_of(node) is Meaning.FIELD:
                return related(lambda frame: frame.record, node.name)
            case Member():
                return related(self.row(node.owner), node.name)
            case Call(function="FILTER"):
                return self._filter(node)
            case Conditional():
                condition, then = self.step(node.condition), self.items(node.then)
                otherwise = self.items(node.otherwise)
                return lambda frame: then(frame) if condition(frame) else otherwise(frame)
            case _:
                name = node.name if isinstance(node, Name) else ""
                return lambda frame: frame.environment.roots.get(name) or ()

    def _body(self, call: Call) -> Callable[[Frame, Sequence[Any]], Iterator[Any]]:
        """Return a function that gives the body of a macro for one item after another."""
        before = self.item_is_row
        self.item_is_row = self.kind(call.arguments[0]).base is Base.RECORDS
        body, size = self.step(call.arguments[1]), size_of(call.arguments[1]) + 1
        self.item_is_row = before
        return for_each(body, size)

    def _filter(self, node: Call) -> Step:
        source, body = self.items(node.arguments[0]), self._body(node)

        def run(frame: Frame) -> tuple[Any, ...]:
            items = source(frame)
            return tuple(item for item, kept in zip(items, body(frame, items), strict=True) if kept)

        return run

    def _any(self, node: Call) -> Step:
        """Return the closure for ANY, ALL and NONE: an item that decides does so in spite of a failure elsewhere."""
        source, body = self.items(node.arguments[0]), self._body(node)
        decisive, result = node.function != "ALL", node.function == "ANY"

        def run(frame: Frame) -> bool:
            failure: Exception | None = None
            items = source(frame)
            for place in range(len(items)):
                try:
                    if next(body(frame, items[place : place + 1])) is decisive:
                        return result
                except (EvaluationError, numbers.NumberError) as error:
                    failure = failure or error
            if failure is not None:
                raise failure
            return not result

        return run

    def _values(self, node: Call) -> Step:
        """Return the closure that gives the values an aggregate works on, null left out."""
        source = self.items(node.arguments[0])
        if len(node.arguments) == 2:
            body = self._body(node)
            return lambda frame: [
                value for value in body(frame, source(frame)) if value is not None
            ]

        def run(frame: Frame) -> list[Any]:
            items = source(frame)
            frame.charge(len(items))
            return [item for item in items if item is not None]

        return run

    def _aggregate(self, node: Call) -> Step:
        values, work_out = self._values(node), AGGREGATES[node.function]
        return lambda frame: work_out(values(frame))

    def _count(self, node: Call) -> Step:
        if len(node.arguments) == 1:
            return self._aggregate(node)
        source, body = self.items(node.arguments[0]), self._body(node)
        return lambda frame: Decimal(sum(1 for held in body(frame, source(frame)) if held))

    def _first_row(self, node: Call) -> Step:
        source = self.items(node.arguments[0])
        order = (
            node.arguments[1].value
            if len(node.arguments) == 2 and isinstance(node.arguments[1], Literal)
            else None
        )
        if not isinstance(order, str):
            return lambda frame: next(iter(source(frame)), None)
        name, descending = order.removeprefix("-"), order.startswith("-")

        def run(frame: Frame) -> Any:
            rows = source(frame)
            frame.charge(len(rows))
            key = order_key(name)
            return (
                max(rows, key=key, default=None) if descending else min(rows, key=key, default=None)
            )

        return run

    def _first(self, node: Call) -> Step:
        if self.kind(node.arguments[0]).base is Base.RECORDS:
            return id_of(self._first_row(node))
        source = self.items(node.arguments[0])
        return lambda frame: next(iter(source(frame)), None)

    # -- operators ----------------------------------------------------------------------------------------------

    def _conditional(self, node: Conditional) -> Step:
        condition, then, otherwise = (
            self.step(part) for part in (node.condition, node.then, node.otherwise)
        )
        if self.kind(node).base is Base.BOOLEAN:
            return lambda frame: bool(then(frame) if condition(frame) else otherwise(frame))
        return lambda frame: then(frame) if condition(frame) else otherwise(frame)

    def _comparison(self, node: Compare) -> Step:
        left, right = self.step(node.left), self.step(node.right)
        left_kind, right_kind = self.kind(node.left), self.kind(node.right)
        about_user = names_user(node.left) or names_user(node.right)
        if about_user and Base.NULL not in (left_kind.base, right_kind.base):
            return with_somebody(node.operator, left, right)
        if node.operator == "in":
            return lambda frame: left(frame) in right(frame)
        if node.operator in {"==", "!="} and Base.NULL in (left_kind.base, right_kind.base):
            left, right = blank_as_null(left, left_kind), blank_as_null(right, right_kind)
        elif is_day_against_instant(left_kind, right_kind):
            left, right = as_day(left, left_kind), as_day(right, right_kind)
        if node.operator in EQUALITY:
            test = EQUALITY[node.operator]
            return lambda frame: test(left(frame), right(frame))
        return ordering(ORDER[node.operator], left, right)

    def _arithmetic(self, node: Arithmetic) -> Step:
        left, right = self.step(node.left), self.step(node.right)
        if self.kind(node).base is Base.TEXT:
            return joined(left, right, node.span)
        if node.operator in "/%":
            return division(
                numbers.divide if node.operator == "/" else numbers.remainder,
                left,
                right,
                node.span,
            )
        work_out = {"+": numbers.add, "-": numbers.subtract, "*": numbers.multiply}[node.operator]

        def run(frame: Frame) -> Decimal | None:
            first, second = left(frame), right(frame)
            return None if first is None or second is None else work_out(first, second)

        return run

    # -- calls --------------------------------------------------------------------------------------------------

    def _call(self, node: Call) -> Step:
        meaning = self.checked.expansions.get(id(node))
        if meaning is not None:
            return self.step(meaning)
        function = self.checked.functions[id(node)]
        match node.function if function.special else "":
            case "ANY" | "ALL" | "NONE":
                return self._any(node)
            case "FILTER":
                if self.kind(node).base is not Base.RECORDS:
                    return self._filter(node)
                rows = self._filter(node)
                return lambda frame: tuple(row.id for row in rows(frame))
            case "COUNT":
                return self._count(node)
            case "FIRST":
                return self._first(node)
            case "COALESCE":
                return first_value(tuple(self.step(argument) for argument in node.arguments))
            case "MIN" | "MAX" if self.kind(node.arguments[0]).base not in MANY:
                arguments = tuple(self.step(argument) for argument in node.arguments)
                work_out = AGGREGATES[node.function]
                return lambda frame: work_out(
                    [value for argument in arguments if (value := argument(frame)) is not None]
                )
            case name if name in AGGREGATES:
                return self._aggregate(node)
            case _:
                return self._plain_call(node, function)

    def _plain_call(self, node: Call, function: Function) -> Step:
        arguments = tuple(self.step(argument) for argument in node.arguments)
        step = called(
            function, arguments, node.span, is_boolean=self.kind(node).base is Base.BOOLEAN
        )
        is_constant = all(isinstance(argument, Literal) for argument in node.arguments)
        if (
            is_constant
            and function.name == "DATE"
            and self.kind(node.arguments[0]).base is Base.TEXT
        ):
            return constant(calendar.parse_date(str(getattr(node.arguments[0], "value", ""))))
        return step
