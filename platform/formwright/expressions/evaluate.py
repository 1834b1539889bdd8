"""Works out a checked expression: closures are made once, then run for record after record."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from formwright.expressions import calendar, limits, numbers
from formwright.expressions.checked import Checked, Meaning
from formwright.expressions.environment import (
    BudgetExceeded,
    Environment,
    EvaluationError,
    Frame,
    NoRows,
    Row,
    RowSource,
    ValueRow,
)
from formwright.expressions.functions import Function
from formwright.expressions.kinds import MONEY_LIKE, Base, Kind, Value
from formwright.expressions.relations import is_day_against_instant
from formwright.expressions.syntax import walk
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
from formwright.texts import say

__all__ = [
    "BudgetExceeded",
    "Environment",
    "EvaluationError",
    "NoRows",
    "Row",
    "RowSource",
    "ValueRow",
    "evaluate",
    "prepare",
]

Step: TypeAlias = Callable[[Frame], Any]
_MANY = frozenset({Base.LIST, Base.RECORDS})
_DERIVED = "evaluate"


def evaluate(checked: Checked, environment: Environment) -> Value:
    """Return the value of ``checked``; raise EvaluationError or BudgetExceeded."""
    return prepare(checked)(environment)


def prepare(checked: Checked) -> Callable[[Environment], Value]:
    """Return ``checked`` as a function; it is made once and kept."""
    run: Callable[[Environment], Value] | None = checked.derived.get(_DERIVED)
    if run is None:
        run = _Preparer(checked).function(checked.node)
        checked.derived[_DERIVED] = run
    return run


def prepare_part(
    checked: Checked, node: Node, *, item_is_row: bool = False
) -> Callable[[Environment, Any], Value]:
    """Return one part of ``checked`` as a function of the environment and the item of the macro it stands in."""
    preparer = _Preparer(checked)
    preparer.item_is_row = item_is_row
    step, size = preparer.step(node), _size(node)

    def run(environment: Environment, item: Any = None) -> Value:
        frame = Frame(environment, size)
        frame.item = item
        return _run(step, frame, node.span)

    return run


def prepare_items(checked: Checked, node: Node) -> Callable[[Environment], Sequence[Any]]:
    """Return the source of a macro as a function that gives its items: rows, or plain values."""
    preparer = _Preparer(checked)
    step, size = preparer.items(node), _size(node)

    def run(environment: Environment) -> Sequence[Any]:
        items: Sequence[Any] = _run(step, Frame(environment, size), node.span)
        return items

    return run


def _size(node: Node) -> int:
    return sum(1 for _ in walk(node))


def _run(step: Step, frame: Frame, span: Span) -> Any:
    if frame.steps < 0:
        raise BudgetExceeded(say("the expression takes too many steps"))
    try:
        return step(frame)
    except numbers.NumberError:
        raise EvaluationError(say("a number became too large"), span, "overflow") from None
    except limits.LimitReached:
        raise BudgetExceeded(say("a list became too long")) from None


class _Preparer:
    """Turns the nodes of one expression into closures."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.item_is_row = False

    def function(self, node: Node) -> Callable[[Environment], Value]:
        """Return a function of the environment."""
        step, size, span = self.step(node), _size(node), node.span

        def run(environment: Environment) -> Value:
            value: Value = _run(step, Frame(environment, size), span)
            return value

        return run

    def kind(self, node: Node) -> Kind:
        return self.checked.kind_of(node)

    def step(self, node: Node) -> Step:
        """Return the closure that gives the value of ``node``."""
        match node:
            case Literal():
                return _constant(node.value)
            case Name() | Member():
                return self._path(node)
            case Not():
                operand = self.step(node.operand)
                return lambda frame: not operand(frame)
            case Negate():
                return _negation(self.step(node.operand))
            case Logic():
                parts = tuple(self.step(part) for part in node.parts)
                return _logic(parts, decides=node.operator == "||")
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
        if owner.base in _MANY:
            return self._spread(node, kind)
        if owner.base is Base.OBJECT and not self._is_settings(node.owner):
            return _part(self.step(node.owner), node.name, kind)
        return _field(self.row(node.owner), node.name, kind)

    def _is_settings(self, node: Node) -> bool:
        return isinstance(node, Name) and self.checked.meaning_of(node) is Meaning.ROOT

    def _name(self, node: Name, kind: Kind) -> Step:
        match self.checked.meaning_of(node):
            case Meaning.FIELD:
                return _own_field(node.name, kind)
            case Meaning.SELF:
                return lambda frame: frame.record.id
            case Meaning.ITEM:
                return (
                    (lambda frame: frame.item.id)
                    if self.item_is_row
                    else (lambda frame: frame.item)
                )
            case Meaning.PARENT:
                return _id_of(self.row(node))
            case Meaning.ROOT if node.name == "now" and kind.base is Base.DATETIME:
                return lambda frame: frame.now
            case Meaning.ROOT if node.name == "today" and kind.base is Base.DATE:
                return lambda frame: frame.today
            case Meaning.ROOT:
                return _id_of(self.row(node)) if kind.base is Base.REFERENCE else _root(node, kind)

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
                    return _parent(kind.entity)
                case Meaning.ROOT:
                    return _root_row(node, kind.entity)
        if isinstance(node, Call) and node.function == "FIRST":
            source = self.kind(node.arguments[0])
            if source.base is Base.RECORDS:
                return self._first_row(node)
        return _followed(self.step(node), kind.entity)

    def _spread(self, node: Member, kind: Kind) -> Step:
        """Return the closure for one field of many records."""
        items, is_rows = self.items(node.owner), self.kind(node.owner).base is Base.RECORDS
        entity = (self.kind(node.owner).of or self.kind(node.owner)).entity
        get = _normal(node.name, kind.of or kind)

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
                return _related(lambda frame: frame.record, node.name)
            case Member():
                return _related(self.row(node.owner), node.name)
            case Call(function="FILTER"):
                return self._filter(node)
            case Conditional():
                condition, then = self.step(node.condition), self.items(node.then)
                otherwise = self.items(node.otherwise)
                return lambda frame: then(frame) if condition(frame) else otherwise(frame)
            case _:
                name = node.name if isinstance(node, Name) else ""
                return lambda frame: frame.environment.roots.get(name) or ()

    def _body(self, call: Call) -> Callable[[Frame, Sequence[Any]], Any]:
        """Return a function that gives, one by one, the body of a macro for each item."""
        before = self.item_is_row
        self.item_is_row = self.kind(call.arguments[0]).base is Base.RECORDS
        body, size = self.step(call.arguments[1]), _size(call.arguments[1]) + 1
        self.item_is_row = before

        def run(frame: Frame, items: Sequence[Any]) -> Any:
            outer = frame.item
            try:
                for item in items:
                    frame.charge(size)
                    frame.item = item
                    yield body(frame)
            finally:
                frame.item = outer

        return run

    def _filter(self, node: Call) -> Step:
        source, body = self.items(node.arguments[0]), self._body(node)

        def run(frame: Frame) -> tuple[Any, ...]:
            items = source(frame)
            return tuple(item for item, kept in zip(items, body(frame, items), strict=True) if kept)

        return run

    def _any(self, node: Call) -> Step:
        """Return the closure for ANY, ALL and NONE: one item decides, else a failure counts."""
        source, body = self.items(node.arguments[0]), self._body_or_failure(node)
        decisive = node.function != "ALL"
        result = node.function == "ANY"

        def run(frame: Frame) -> bool:
            failure: Exception | None = None
            for found in body(frame, source(frame)):
                if isinstance(found, Exception):
                    failure = failure or found
                elif found is decisive:
                    return result
            if failure is not None:
                raise failure
            return not result

        return run

    def _body_or_failure(self, call: Call) -> Callable[[Frame, Sequence[Any]], Any]:
        before = self.item_is_row
        self.item_is_row = self.kind(call.arguments[0]).base is Base.RECORDS
        body, size = self.step(call.arguments[1]), _size(call.arguments[1]) + 1
        self.item_is_row = before

        def run(frame: Frame, items: Sequence[Any]) -> Any:
            outer = frame.item
            try:
                for item in items:
                    frame.charge(size)
                    frame.item = item
                    try:
                        yield body(frame)
                    except (EvaluationError, numbers.NumberError) as error:
                        yield error
            finally:
                frame.item = outer

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
        values, work_out = self._values(node), _AGGREGATES[node.function]
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
            key = _order_key(name)
            return (
                max(rows, key=key, default=None) if descending else min(rows, key=key, default=None)
            )

        return run

    def _first(self, node: Call) -> Step:
        if self.kind(node.arguments[0]).base is Base.RECORDS:
            return _id_of(self._first_row(node))
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
        if node.operator == "in":
            return lambda frame: left(frame) in right(frame)
        if node.operator in {"==", "!="} and Base.NULL in (left_kind.base, right_kind.base):
            left, right = _blank_as_null(left, left_kind), _blank_as_null(right, right_kind)
        elif is_day_against_instant(left_kind, right_kind):
            left, right = _as_day(left, left_kind), _as_day(right, right_kind)
        if node.operator in _EQUALITY:
            test = _EQUALITY[node.operator]
            return lambda frame: test(left(frame), right(frame))
        return _ordering(_ORDER[node.operator], left, right)

    def _arithmetic(self, node: Arithmetic) -> Step:
        left, right = self.step(node.left), self.step(node.right)
        if self.kind(node).base is Base.TEXT:
            return _joined(left, right, node.span)
        if node.operator in "/%":
            return _division(
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
                return _first_value(tuple(self.step(argument) for argument in node.arguments))
            case "MIN" | "MAX" if self.kind(node.arguments[0]).base not in _MANY:
                arguments = tuple(self.step(argument) for argument in node.arguments)
                work_out = _AGGREGATES[node.function]
                return lambda frame: work_out(
                    [value for argument in arguments if (value := argument(frame)) is not None]
                )
            case name if name in _AGGREGATES:
                return self._aggregate(node)
            case _:
                return self._plain_call(node, function)

    def _plain_call(self, node: Call, function: Function) -> Step:
        arguments = tuple(self.step(argument) for argument in node.arguments)
        step = _called(
            function, arguments, node.span, is_boolean=self.kind(node).base is Base.BOOLEAN
        )
        is_constant = all(isinstance(argument, Literal) for argument in node.arguments)
        if (
            is_constant
            and function.name == "DATE"
            and self.kind(node.arguments[0]).base is Base.TEXT
        ):
            return _constant(calendar.parse_date(str(getattr(node.arguments[0], "value", ""))))
        return step


# -- reading values -------------------------------------------------------------------------------------------


def _constant(value: Any) -> Step:
    return lambda _frame: value


def _is_true(value: Any) -> bool:
    return value is True


def _number(value: Any) -> Any:
    return Decimal(value) if type(value) is int else value


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(map(_number, value)) if value else ()


def _plain_list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if value else ()


def _converter(kind: Kind) -> Callable[[Any], Any] | None:
    """Return what makes a stored value into one the language knows, or None where they are the same."""
    match kind.base:
        case Base.NUMBER | Base.MONEY:
            return _number
        case Base.BOOLEAN:
            return _is_true
        case Base.LIST:
            return _list if kind.of is not None and kind.of.base in MONEY_LIKE else _plain_list
        case _:
            return None


def _own_field(name: str, kind: Kind) -> Step:
    convert = _converter(kind)
    if convert is None:
        return lambda frame: frame.record.get(name)
    if convert is not _number:
        return lambda frame: convert(frame.record.get(name))

    def run(frame: Frame) -> Any:
        value = frame.record.get(name)
        return Decimal(value) if type(value) is int else value

    return run


def _normal(name: str, kind: Kind) -> Callable[[Row | None], Any]:
    convert = _converter(kind)
    if convert is None:
        return lambda row: None if row is None else row.get(name)
    return lambda row: convert(None if row is None else row.get(name))


def _field(row: Step, name: str, kind: Kind) -> Step:
    get = _normal(name, kind)
    return lambda frame: get(row(frame))


def _part(owner: Step, name: str, kind: Kind) -> Step:
    convert = _converter(kind) or (lambda value: value)

    def run(frame: Frame) -> Any:
        value = owner(frame)
        return convert(None if value is None else value.get(name))

    return run


def _root(node: Name, kind: Kind) -> Step:
    convert = _converter(kind) or (lambda value: value)

    def run(frame: Frame) -> Any:
        try:
            return convert(frame.environment.roots[node.name])
        except KeyError:
            raise _missing_root(node) from None

    return run


def _missing_root(node: Name) -> EvaluationError:
    return EvaluationError(
        say("there is no '%(name)s' here", name=node.name), node.span, "missing_root"
    )


def _root_row(node: Name, entity: str) -> Step:
    def run(frame: Frame) -> Any:
        try:
            found = frame.environment.roots[node.name]
        except KeyError:
            raise _missing_root(node) from None
        return frame.environment.source.row(entity, found) if isinstance(found, int) else found

    return run


def _parent(entity: str) -> Step:
    def run(frame: Frame) -> Any:
        environment = frame.environment
        found = environment.roots.get("parent")
        if found is None:
            found = frame.record.get("parent_id")
        return environment.source.row(entity, found) if isinstance(found, int) else found

    return run


def _followed(reference: Step, entity: str) -> Step:
    def run(frame: Frame) -> Row | None:
        found = reference(frame)
        return None if found is None else frame.environment.source.row(entity, found)

    return run


def _id_of(row: Step) -> Step:
    def run(frame: Frame) -> Any:
        found = row(frame)
        return None if found is None else found.id

    return run


def _related(row: Step, name: str) -> Step:
    def run(frame: Frame) -> Sequence[Row]:
        owner = row(frame)
        if owner is None:
            return ()
        rows = frame.environment.source.related(owner, name)
        limits.check_items(len(rows))
        return rows

    return run


def _order_key(name: str) -> Callable[[Row], Any]:
    """Return the key by which FIRST sorts: null is the smallest, then the id decides."""

    def key(row: Row) -> tuple[Any, ...]:
        value = row.get(name)
        return (
            (value is not None, value, row.id or 0)
            if value is not None
            else (False, 0, row.id or 0)
        )

    return key


# -- operators ------------------------------------------------------------------------------------------------

_EQUALITY: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _negation(operand: Step) -> Step:
    def run(frame: Frame) -> Decimal | None:
        value = operand(frame)
        return None if value is None else numbers.negate(value)

    return run


def _logic(parts: Sequence[Step], *, decides: bool) -> Step:
    """Return the closure for && and ||: a part that is ``decides`` decides, and hides a failure of another."""

    def run(frame: Frame) -> bool:
        failure: Exception | None = None
        for part in parts:
            try:
                if part(frame) is decides:
                    return decides
            except (EvaluationError, numbers.NumberError) as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return not decides

    return run


def _ordering(test: Callable[[Any, Any], bool], left: Step, right: Step) -> Step:
    def run(frame: Frame) -> bool:
        first, second = left(frame), right(frame)
        return first is not None and second is not None and test(first, second)

    return run


def _blank_as_null(step: Step, kind: Kind) -> Step:
    """Return ``step`` with an empty list as null: lists themselves are never null."""
    return (lambda frame: step(frame) or None) if kind.base in _MANY else step


def _as_day(step: Step, kind: Kind) -> Step:
    if kind.base is Base.DATE:
        return step

    def run(frame: Frame) -> Any:
        value = step(frame)
        return None if value is None else calendar.day_of(value, frame.zone)

    return run


def _joined(left: Step, right: Step, span: Span) -> Step:
    def run(frame: Frame) -> str:
        text: str = (left(frame) or "") + (right(frame) or "")
        if len(text) > limits.CHARACTERS:
            raise _too_long(span)
        return text

    return run


def _too_long(span: Span) -> EvaluationError:
    message = say("a text became longer than %(limit)s characters", limit=limits.CHARACTERS)
    return EvaluationError(message, span, "text_too_long")


def _division(
    work_out: Callable[[Decimal, Decimal], Decimal], left: Step, right: Step, span: Span
) -> Step:
    def run(frame: Frame) -> Decimal | None:
        first, second = left(frame), right(frame)
        if first is None or second is None:
            return None
        if not second:
            raise EvaluationError(say("division by zero"), span, "division_by_zero")
        return work_out(first, second)

    return run


# -- calls ----------------------------------------------------------------------------------------------------


def _first_value(arguments: Sequence[Step]) -> Step:
    def run(frame: Frame) -> Any:
        for argument in arguments:
            value = argument(frame)
            if value is not None:
                return value
        return None

    return run


def _called(function: Function, arguments: Sequence[Step], span: Span, *, is_boolean: bool) -> Step:
    """Return the closure for an ordinary function."""
    work_out, blank = function.evaluate, False if is_boolean else None
    if work_out is None:
        raise TypeError(f"{function.name} cannot be evaluated")

    def run(frame: Frame) -> Any:
        values = [argument(frame) for argument in arguments]
        if not function.handles_null and None in values:
            return blank
        try:
            return work_out(frame, *values) if function.context else work_out(*values)
        except numbers.ZERO_DIVISION:
            raise EvaluationError(say("division by zero"), span, "division_by_zero") from None
        except limits.LimitReached:
            raise _too_long(span) from None
        except (ArithmeticError, ValueError, TypeError, LookupError):
            message = say("%(function)s cannot work with these values", function=function.name)
            raise EvaluationError(message, span, "function") from None

    return run


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = numbers.add(total, value)
    return total


def _average(values: Sequence[Decimal]) -> Decimal | None:
    return numbers.divide(_sum(values), Decimal(len(values))) if values else None


_AGGREGATES: dict[str, Callable[[Sequence[Any]], Any]] = {
    "SUM": _sum,
    "AVG": _average,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
    "COUNT": lambda values: Decimal(len(values)),
    "COUNTDISTINCT": lambda values: Decimal(len(set(values))),
}
