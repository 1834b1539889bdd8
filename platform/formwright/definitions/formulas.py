"""The expressions and templates of a definition, checked where they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from formwright.definitions.building import Building, CatalogSchema
from formwright.definitions.parts import Part
from formwright.errors import Location, Problem
from formwright.expressions import filters, kinds, templates
from formwright.expressions.calls import UnknownFunction
from formwright.expressions.check import Checked, check
from formwright.expressions.functions import Functions
from formwright.expressions.kinds import Kind
from formwright.expressions.leniency import possibly
from formwright.expressions.lost import stand_in
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.templates import Template
from formwright.texts import Text, say

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Conditions that hold everywhere unless something is said; "true" is then the same as leaving them out.
_TRUE_BY_DEFAULT = frozenset({"when", "where", "filter", "scope", "visible_when"})
#: What stands for a lost condition that decides how a field is shown: nothing, or one that always holds.
_WITHOUT = {"visible_when": False, "readonly_when": True}
_NO_ROOTS: Mapping[str, Kind] = {}


class Formulas:
    """Checks expressions against everything that is defined."""

    def __init__(self, building: Building, functions: Functions) -> None:
        self._building = building
        self._functions = functions
        self._schema = CatalogSchema(building)

    def condition(
        self,
        part: Part,
        name: str,
        entity: str,
        *,
        roots: Mapping[str, Kind] = _NO_ROOTS,
        in_sql: bool = False,
    ) -> Checked | None:
        """Return the condition under ``name``; None when there is none, or it always holds, or it is wrong.

        ``in_sql`` conditions choose records: the database must be able to work them out in full.
        """
        if name not in part or (name in _TRUE_BY_DEFAULT and holds_always(part.get(name))):
            return None
        found = self.expression(part, name, entity, expected=kinds.BOOLEAN, roots=roots)
        if found is not None and in_sql:
            found = self._in_sql(found, part, name)
        if found is not None and found.lost is not None and name in _WITHOUT:
            # What cannot be judged is shown, so that nothing is emptied for being hidden, and left alone.
            always = check("true", self._schema, entity)
            return always if _WITHOUT[name] else None
        return found

    def assertion(
        self, part: Part, name: str, entity: str, *, roots: Mapping[str, Kind] = _NO_ROOTS
    ) -> Checked | None:
        """Return the condition under ``name`` in the form that holds where a value it compares is missing."""
        found = self.condition(part, name, entity, roots=roots)
        if found is None or found.lost is not None:
            return found
        return self.check(
            possibly(found.node), part.get(name), part, name, entity, kinds.BOOLEAN, roots
        )

    def expression(
        self,
        part: Part,
        name: str,
        entity: str | None,
        *,
        expected: Kind | None = None,
        roots: Mapping[str, Kind] = _NO_ROOTS,
    ) -> Checked | None:
        """Return the expression under ``name``; None when there is none, or it is wrong and that is noted."""
        if name not in part:
            return None
        value = part.get(name)
        node_or_text = self._read(value, part, name)
        return (
            None
            if node_or_text is None
            else self.check(node_or_text, value, part, name, entity, expected, roots)
        )

    def check(
        self,
        node_or_text: Any,
        value: Any,
        part: Part,
        name: str,
        entity: str | None,
        expected: Kind | None = None,
        roots: Mapping[str, Kind] = _NO_ROOTS,
    ) -> Checked | None:
        """Check an expression that stands, as ``value``, under ``name``; problems get their exact place."""
        try:
            return check(node_or_text, self._schema, entity, roots, expected, self._functions)
        except ExpressionError as error:
            if self._building.lost_types:
                kind = expected or kinds.NULL
                return self._lost(error, value, part, name, entity or "", kind)
            self._note(error, value, part, name)
            return None

    def template(self, part: Part, name: str, entity: str) -> Template | None:
        """Return the template under ``name``, or None when it is wrong or lost and that is noted."""
        value = part.text(name)
        try:
            return templates.parse(value, self._schema, entity, _NO_ROOTS, self._functions)
        except ExpressionError as error:
            if self._building.lost_types:
                self._lost(error, value, part, name, entity, kinds.TEXT)
                return None
            self._note(error, value, part, name)
            return None

    def template_of(self, text: str, entity: str) -> Template:
        """Return a template that the platform makes itself."""
        return templates.parse(text, self._schema, entity)

    def _read(self, value: Any, part: Part, name: str) -> Any:
        """Return what is to be checked: the text, or the tree of a filter."""
        if isinstance(value, dict):
            try:
                return filters.to_expression(value)
            except ExpressionError as error:
                self._note(error, "", part, name)
                return None
        return as_text(value)

    def _note(self, error: ExpressionError, value: Any, part: Part, name: str) -> None:
        text = value if isinstance(value, str) else ""
        if self._building.broken.intersection(_WORD.findall(text or str(part.get(name)))):
            return  # it names something that is refused already
        suggestion = error.suggestion
        self._building.problem(
            self.place(part, name, text, error.span[0]), "FW301", error.text, (), suggestion
        )

    def place(self, part: Part, name: str, text: str, offset: int) -> Location:
        """Return where character ``offset`` of the expression under ``name`` stands."""
        found = part.place.parts.get(name)
        return found.inside(text, offset) if found is not None and text else part.at(name)

    def _lost(
        self, error: ExpressionError, value: Any, part: Part, name: str, entity: str, kind: Kind
    ) -> Checked:
        """Return the stand-in for an expression in force that is wrong by now: what it needs has gone since.

        It was right when it was published.
        """
        text = value if isinstance(value, str) else str(part.get(name))
        reason = say(
            "“%(expression)s” cannot be worked out any more: %(reason)s",
            expression=text,
            reason=error.text,
        )
        if isinstance(error, UnknownFunction):
            reason = say(
                "The plug-in with the function %(name)s is missing; what uses it cannot be worked out.",
                name=error.name,
            )
        self._building.lost.append(Problem(part.at(name), "FW301", reason))
        return stand_in(text, entity, kind, reason)

    def _in_sql(self, found: Checked, part: Part, name: str) -> Checked | None:
        """Return ``found`` when the database can work it out; else note a problem, or take a stand-in."""
        if not found.obstacles:
            return found
        span, reason = found.obstacles[0]
        message: Text = say("the database must be able to work this out: %(reason)s", reason=reason)
        if self._building.lost_types:
            error = ExpressionError(message, span)
            return self._lost(error, part.get(name), part, name, found.entity, found.kind)
        text = part.get(name)
        place = self.place(part, name, text if isinstance(text, str) else "", span[0])
        self._building.problem(place, "FW304", message)
        return found


def holds_always(value: object) -> bool:
    """Return whether a condition is the constant ``true``."""
    return value is True or value == "true"


def as_text(value: Any) -> str:
    """Return an expression as text; YAML may have read ``5`` or ``true`` as a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
