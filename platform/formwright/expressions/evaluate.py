"""Works out a checked expression: it becomes closures once, which then run for record after record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from formwright.expressions import limits, numbers
from formwright.expressions.checked import Checked
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
from formwright.expressions.kinds import Value
from formwright.expressions.preparing import Preparer
from formwright.expressions.steps import Step, size_of
from formwright.expressions.tree import Node, Span
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
    "prepare_items",
    "prepare_part",
]

_DERIVED = "evaluate"


def evaluate(checked: Checked, environment: Environment) -> Value:
    """Return the value of ``checked``; raise EvaluationError or BudgetExceeded."""
    return prepare(checked)(environment)


def prepare(checked: Checked) -> Callable[[Environment], Value]:
    """Return ``checked`` as a function; it is made once and kept."""
    run: Callable[[Environment], Value] | None = checked.derived.get(_DERIVED)
    if run is None:
        run = checked.derived[_DERIVED] = _made(checked)
    return run


def _made(checked: Checked) -> Callable[[Environment], Value]:
    node = checked.node
    step, size, span = Preparer(checked).step(node), size_of(node), node.span

    def run(environment: Environment) -> Value:
        value: Value = _run(step, Frame(environment, size), span)
        return value

    return run


def prepare_part(
    checked: Checked, node: Node, *, item_is_row: bool = False
) -> Callable[[Environment, Any], Value]:
    """Return one part of ``checked`` as a function of the environment and the item of the macro it stands in."""
    preparer = Preparer(checked, item_is_row=item_is_row)
    step, size = preparer.step(node), size_of(node)

    def run(environment: Environment, item: Any = None) -> Value:
        frame = Frame(environment, size)
        frame.item = item
        value: Value = _run(step, frame, node.span)
        return value

    return run


def prepare_items(checked: Checked, node: Node) -> Callable[[Environment], Sequence[Any]]:
    """Return the source of a macro as a function that gives its items: rows, or plain values."""
    step, size = Preparer(checked).items(node), size_of(node)

    def run(environment: Environment) -> Sequence[Any]:
        items: Sequence[Any] = _run(step, Frame(environment, size), node.span)
        return items

    return run


def _run(step: Step, frame: Frame, span: Span) -> Any:
    if frame.steps < 0:
        raise BudgetExceeded(say("the expression takes too many steps"))
    try:
        return step(frame)
    except numbers.NumberError:
        raise EvaluationError(say("a number became too large"), span, "overflow") from None
    except limits.LimitReached:
        raise BudgetExceeded(say("a list became too long")) from None
