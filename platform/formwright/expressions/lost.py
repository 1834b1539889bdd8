"""Stand-ins for expressions that were in force and mean nothing any more: a plugin they need is not there.

They have no value, in the interpreter as in SQL: a condition never holds, a rule refuses and says why.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from formwright.expressions.checked import Checked
from formwright.expressions.environment import EvaluationError
from formwright.expressions.functions import Function
from formwright.expressions.kinds import Kind
from formwright.expressions.tree import Call
from formwright.texts import Text

_NAME = "LOST"


class LostExpression(EvaluationError):
    """An expression that cannot be worked out before something is installed again."""


def stand_in(source: str, entity: str, kind: Kind, reason: Text) -> Checked:
    """Return an expression of ``kind`` in the place of ``source``; working it out raises LostExpression."""
    node = Call(_NAME, (), (0, len(source)))
    function = Function(_NAME, "", reason, (), kind, _refusing(reason, node))
    at = id(node)
    return Checked(
        source=source,
        node=node,
        kind=kind,
        entity=entity,
        kinds=MappingProxyType({at: kind}),
        meanings=MappingProxyType({}),
        functions=MappingProxyType({at: function}),
        expansions=MappingProxyType({}),
        varies=MappingProxyType({at: frozenset()}),
        reads=frozenset(),
        root_reads=frozenset(),
        roots=frozenset(),
        time_dependent=False,
        lost=reason,
    )


def _refusing(reason: Text, node: Call) -> Callable[[], Any]:
    def refuse() -> Any:
        raise LostExpression(reason, node.span, "lost")

    return refuse
