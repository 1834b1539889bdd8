"""The closures that evaluation consists of: reading values, operators, calls."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from formwright.expressions import calendar, limits, numbers
from formwright.expressions.environment import (
    EvaluationError,
    Frame,
    Row,
)
from formwright.expressions.functions import Function
from formwright.expressions.kinds import MONEY_LIKE, Base, Kind
from formwright.expressions.syntax import walk
from formwright.expressions.tree import (
    Name,
    Node,
    Span,
)
from formwright.texts import say

#: A closure that gives a value for one evaluation.
Step: TypeAlias = Callable[[Frame], Any]


# -- reading values -------------------------------------------------------------------------------------------


def constant(value: Any) -> Step:
    """Give the same value always."""
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


def own_field(name: str, kind: Kind) -> Step:
    """Give a field of the record in question."""
    convert = _converter(kind)
    if convert is None:
        return lambda frame: frame.record.get(name)
    if convert is not _number:
        return lambda frame: convert(frame.record.get(name))

    def run(frame: Frame) -> Any:
        value = frame.record.get(name)
        return Decimal(value) if type(value) is int else value

    return run


def normal(name: str, kind: Kind) -> Callable[[Row | None], Any]:
    """Return the function that reads a field of a row, as the language knows the value."""
    convert = _converter(kind)
    if convert is None:
        return lambda row: None if row is None else row.get(name)
    return lambda row: convert(None if row is None else row.get(name))


def field_of(row: Step, name: str, kind: Kind) -> Step:
    """Give a field of another row."""
    get = normal(name, kind)
    return lambda frame: get(row(frame))


def part_of(owner: Step, name: str, kind: Kind) -> Step:
    """Give a part of a value with parts."""
    convert = _converter(kind) or (lambda value: value)

    def run(frame: Frame) -> Any:
        value = owner(frame)
        return convert(None if value is None else value.get(name))

    return run


def root_value(node: Name, kind: Kind) -> Step:
    """Give a root that is a plain value."""
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


def root_row(node: Name, entity: str) -> Step:
    """Give the row that a root is."""

    def run(frame: Frame) -> Any:
        try:
            found = frame.environment.roots[node.name]
        except KeyError:
            raise _missing_root(node) from None
        return frame.environment.source.row(entity, found) if isinstance(found, int) else found

    return run


def parent_row(entity: str) -> Step:
    """Give the row that a child row belongs to."""

    def run(frame: Frame) -> Any:
        environment = frame.environment
        found = environment.roots.get("parent")
        if found is None:
            found = frame.record.get("parent_id")
        return environment.source.row(entity, found) if isinstance(found, int) else found

    return run


def followed(reference: Step, entity: str) -> Step:
    """Give the row that a reference leads to."""

    def run(frame: Frame) -> Row | None:
        found = reference(frame)
        return None if found is None else frame.environment.source.row(entity, found)

    return run


def id_of(row: Step) -> Step:
    """Give the id of a row."""

    def run(frame: Frame) -> Any:
        found = row(frame)
        return None if found is None else found.id

    return run


def related(row: Step, name: str) -> Step:
    """Give the rows of a subform, a backlink or many references."""

    def run(frame: Frame) -> Sequence[Row]:
        owner = row(frame)
        if owner is None:
            return ()
        rows = frame.environment.source.related(owner, name)
        limits.check_items(len(rows))
        return rows

    return run


def order_key(name: str) -> Callable[[Row], Any]:
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

EQUALITY: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def negation(operand: Step) -> Step:
    """Give a number with the other sign."""

    def run(frame: Frame) -> Decimal | None:
        value = operand(frame)
        return None if value is None else numbers.negate(value)

    return run


def logic(parts: Sequence[Step], *, decides: bool) -> Step:
    """Return the closure for && and ||: a part that is ``decides`` decides, and hides a failure of another."""

    def run(frame: Frame) -> bool:
        failure: Exception | None = None
        for part in parts:
            try:
                found: bool = part(frame)
                if found is decides:
                    return found
            except (EvaluationError, numbers.NumberError) as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return not decides

    return run


def ordering(test: Callable[[Any, Any], bool], left: Step, right: Step) -> Step:
    """Compare two values; false when one is null."""

    def run(frame: Frame) -> bool:
        first, second = left(frame), right(frame)
        return first is not None and second is not None and test(first, second)

    return run


def with_somebody(sign: str, left: Step, right: Step) -> Step:
    """Compare with ``me``: nobody is not the same as a field without a value."""

    def run(frame: Frame) -> bool:
        first, second = left(frame), right(frame)
        if first is None:
            return sign == "!="
        return first in second if sign == "in" else EQUALITY[sign](first, second)

    return run


def blank_as_null(step: Step, kind: Kind) -> Step:
    """Return ``step`` with an empty list as null: lists themselves are never null."""
    return (
        (lambda frame: step(frame) or None)
        if kind.base in frozenset({Base.LIST, Base.RECORDS})
        else step
    )


def as_day(step: Step, kind: Kind) -> Step:
    """Give the day of a moment."""
    if kind.base is Base.DATE:
        return step

    def run(frame: Frame) -> Any:
        value = step(frame)
        return None if value is None else calendar.day_of(value, frame.zone)

    return run


def joined(left: Step, right: Step, span: Span) -> Step:
    """Join two texts; null counts as empty."""

    def run(frame: Frame) -> str:
        text: str = (left(frame) or "") + (right(frame) or "")
        if len(text) > limits.CHARACTERS:
            raise _too_long(span)
        return text

    return run


def _too_long(span: Span) -> EvaluationError:
    message = say("a text became longer than %(limit)s characters", limit=limits.CHARACTERS)
    return EvaluationError(message, span, "text_too_long")


def _no_division(span: Span) -> EvaluationError:
    return EvaluationError(say("division by zero"), span, "division_by_zero")


def division(
    work_out: Callable[[Decimal, Decimal], Decimal], left: Step, right: Step, span: Span
) -> Step:
    """Divide, or give the rest; null for null, an error for zero."""

    def run(frame: Frame) -> Decimal | None:
        first, second = left(frame), right(frame)
        if first is None or second is None:
            return None
        if not second:
            raise _no_division(span)
        return work_out(first, second)

    return run


# -- calls ----------------------------------------------------------------------------------------------------


def first_value(arguments: Sequence[Step]) -> Step:
    """Give the first value that is not null."""

    def run(frame: Frame) -> Any:
        for argument in arguments:
            value = argument(frame)
            if value is not None:
                return value
        return None

    return run


def called(function: Function, arguments: Sequence[Step], span: Span, *, is_boolean: bool) -> Step:
    """Return the closure for an ordinary function."""
    work_out, blank = function.evaluate, False if is_boolean else None
    if work_out is None:
        raise TypeError(f"{function.name} cannot be evaluated")
    if not function.context and not function.handles_null and len(arguments) in {1, 2}:
        called = _called_with_few(work_out, arguments, blank)
    else:
        called = _called_with_any(function, work_out, arguments, blank)

    def run(frame: Frame) -> Any:
        try:
            return called(frame)
        except numbers.ZERO_DIVISION:
            raise _no_division(span) from None
        except limits.LimitReached:
            raise _too_long(span) from None
        except (ArithmeticError, ValueError, TypeError, LookupError):
            message = say("%(function)s cannot work with these values", function=function.name)
            raise EvaluationError(message, span, "function") from None

    return run


def _called_with_few(
    work_out: Callable[..., Any], arguments: Sequence[Step], blank: bool | None
) -> Step:
    """Return the closure for one or two arguments: the ordinary case, kept short."""
    if len(arguments) == 1:
        (only,) = arguments

        def run_one(frame: Frame) -> Any:
            value = only(frame)
            return blank if value is None else work_out(value)

        return run_one
    left, right = arguments

    def run_two(frame: Frame) -> Any:
        first, second = left(frame), right(frame)
        return blank if first is None or second is None else work_out(first, second)

    return run_two


def _called_with_any(
    function: Function, work_out: Callable[..., Any], arguments: Sequence[Step], blank: bool | None
) -> Step:
    def run(frame: Frame) -> Any:
        values = [argument(frame) for argument in arguments]
        if not function.handles_null and None in values:
            return blank
        return work_out(frame, *values) if function.context else work_out(*values)

    return run


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = numbers.add(total, value)
    return total


def _average(values: Sequence[Decimal]) -> Decimal | None:
    return numbers.divide(_sum(values), Decimal(len(values))) if values else None


AGGREGATES: dict[str, Callable[[Sequence[Any]], Any]] = {
    "SUM": _sum,
    "AVG": _average,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
    "COUNT": lambda values: Decimal(len(values)),
    "COUNTDISTINCT": lambda values: Decimal(len(set(values))),
}


def size_of(node: Node) -> int:
    """Return what a tree costs without what its macros repeat."""
    return sum(1 for _ in walk(node))


def for_each(body: Step, size: int) -> Callable[[Frame, Sequence[Any]], Iterator[Any]]:
    """Return a function that gives ``body`` for one item after another, each at a cost of ``size``."""

    def run(frame: Frame, items: Sequence[Any]) -> Iterator[Any]:
        outer = frame.item
        try:
            for item in items:
                frame.charge(size)
                frame.item = item
                yield body(frame)
        finally:
            frame.item = outer

    return run
