"""The expressions of fields: what they return, and the order in which they are worked out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from formwright.definitions.build_fields import FieldBuilder
from formwright.definitions.build_order import Node, note_cycle
from formwright.definitions.build_sense import check_sense
from formwright.definitions.building import Building, EntityDraft
from formwright.definitions.formulas import Formulas
from formwright.definitions.model import Field, Fill, Option, Rule
from formwright.definitions.parts import Part
from formwright.expressions import kinds
from formwright.expressions.check import Checked
from formwright.expressions.kinds import Base, Kind
from formwright.fieldtypes.registry import MissingFormula
from formwright.texts import say

_CONDITIONS = ("required_when", "visible_when", "readonly_when")
_UNKEPT = frozenset({Base.NULL, Base.DURATION, Base.OBJECT})
# Formulas whose kind follows from other formulas, which follow from others, and so on: more is asked to be written.
_MAX_INFERENCE = 12


def roots_of(draft: EntityDraft) -> dict[str, Kind]:
    """Return the names with a meaning of their own in expressions over the records of an entity."""
    roots = {"old": kinds.reference(draft.name)}
    if draft.parent:
        roots["parent"] = kinds.reference(draft.parent)
    return roots


class FormulaBuilder:
    """Checks the expressions of all fields and puts the results into the drafts."""

    def __init__(self, building: Building, formulas: Formulas, fields: FieldBuilder) -> None:
        self._building = building
        self._formulas = formulas
        self._fields = fields
        self._computed: dict[Node, Checked | None] = {}
        self._running: list[Node] = []

    def infer_kinds(self) -> None:
        """Find out what each formula returns."""
        building = self._building
        for draft in building.entities.values():
            for found in list(draft.fields.values()):
                if found.type.name == "formula":
                    promised = self._fields.returned_kind(found, draft.parts[found.key])
                    building.set_field(draft.name, replace(found, returns=promised))
        building.infer = self.infer
        if building.lost_types:
            building.is_lost = self.is_lost
        for draft in building.entities.values():
            for found in list(draft.fields.values()):
                if found.type.name == "formula" and found.returns is None:
                    self.infer(draft.name, found.key)
        building.infer = None

    def infer(self, entity: str, key: str) -> None:
        """Work out the kind of a formula that does not say it, after those it is made of."""
        node = (entity, key)
        draft = self._building.entities[entity]
        found = draft.fields[key]
        if node in self._running:
            note_cycle(self._building, self._running[self._running.index(node) :])
            self._settle(found, kinds.TEXT)
            return
        if len(self._running) >= _MAX_INFERENCE:
            message = say(
                "the type of '%(name)s' follows over too many steps: say what it 'returns'",
                name=key,
            )
            self._building.problem(draft.parts[key].location, "FW305", message)
            self._settle(found, kinds.TEXT)
            return
        self._running.append(node)
        checked = self._compute(draft, found, None)
        self._running.pop()
        if self._building.entities[entity].fields[key].returns is None:
            self._settle(found, self._kept_kind(checked, draft.parts[key]))

    def is_lost(self, entity: str, key: str) -> bool:
        """Tell whether a field is computed by what is missing, or follows from such a field."""
        draft, node = self._building.entities[entity], (entity, key)
        if node in self._running or key not in draft.parts or "compute" not in draft.parts[key]:
            return False
        found = draft.fields[key]
        if found.type.virtual or draft.parts[key].key != key:
            return False
        self._running.append(node)
        expected = found.returns if found.type.name == "formula" else found.kind
        checked = self._compute(draft, found, expected)
        self._running.pop()
        return checked is not None and checked.lost is not None

    def _settle(self, found: Field, kind: Kind) -> None:
        self._building.set_field(found.entity, replace(found, returns=kind))

    def _kept_kind(self, checked: Checked | None, part: Part) -> Kind:
        if checked is None:
            self._building.broken.add(part.key)
            return kinds.TEXT
        if checked.lost is not None:
            return kinds.TEXT
        if checked.kind.base in _UNKEPT:
            message = say("the result is of a kind that no field can hold")
            self._building.problem(part.at("compute"), "FW301", message)
            return kinds.TEXT
        return checked.kind

    def _compute(self, draft: EntityDraft, found: Field, expected: Kind | None) -> Checked | None:
        """Check the ``compute`` of a field, once."""
        node = (draft.name, found.key)
        if node not in self._computed:
            part = draft.parts[found.key]
            roots = roots_of(draft)
            del roots["old"]  # a computed value follows from the record as it is
            self._computed[node] = self._formulas.expression(
                part, "compute", draft.name, expected=expected, roots=roots
            )
        return self._computed[node]

    # --- all other expressions ------------------------------------------------------------------------------

    def complete(self) -> None:
        """Check every expression of every field, and put them in."""
        for draft in self._building.entities.values():
            for found in list(draft.fields.values()):
                part = draft.parts[found.key]
                if part.key == found.key:  # a list that an ``inverse`` made has no part of its own
                    self._building.set_field(draft.name, self._completed(draft, found, part))

    def _completed(self, draft: EntityDraft, found: Field, part: Part) -> Field:
        formulas, entity, roots = self._formulas, draft.name, roots_of(draft)
        changes: dict[str, Any] = {
            name: formulas.condition(part, name, entity, roots=roots)
            for name in _CONDITIONS
            if name in part
        }
        if "compute" in part:
            changes |= self._computing(draft, found)
        if "default_from" in part:
            changes["default_from"] = formulas.expression(
                part, "default_from", entity, expected=found.kind, roots=roots
            )
        if "fill_from" in part:
            changes["fill_from"] = self._fill(draft, found, part.part("fill_from"))
        if "filter" in part and found.target in self._building.entities:
            own = {**roots, "this": kinds.reference(entity)}
            changes["filter"] = formulas.condition(
                part, "filter", found.target, roots=own, in_sql=True
            )
        if found.options:
            changes["options"] = self._options(draft, found, part)
        changes["rules"] = tuple(self.rules(part, draft, found.key))
        completed = replace(found, **changes)
        check_sense(self._building, draft, completed, part)
        return self._fields.with_default(completed, part)

    def _computing(self, draft: EntityDraft, found: Field) -> dict[str, Any]:
        if found.type.virtual:
            return {}
        checked = self._compute(draft, found, found.kind)
        if checked is None:
            self._building.broken.add(found.key)
            return {}
        if checked.lost is not None and found.type.name == "formula":
            if "returns" in draft.parts[found.key]:
                return {"compute": checked}
            return {"type": MissingFormula(checked.lost), "read_only": True}
        changes: dict[str, Any] = {"compute": checked}
        promised = found.returns
        if promised is not None and promised.base is checked.kind.base and not promised.choices:
            changes["returns"] = checked.kind
        return changes

    def _fill(self, draft: EntityDraft, found: Field, part: Part) -> Fill | None:
        value = self._formulas.expression(
            part, "value", draft.name, expected=found.kind, roots=roots_of(draft)
        )
        if value is None:
            return None
        first = (path[0] for path in value.reads if len(path) > 1)
        triggers = frozenset(
            key for key in first if key in draft.fields and draft.fields[key].is_reference
        )
        when = part.text("when", "changed")
        if not triggers and when == "changed":
            message = say("'fill_from' reads through no reference, so nothing ever triggers it")
            self._building.problem(part.at("value"), "FW109", message)
        return Fill(value, when, triggers)

    def _options(self, draft: EntityDraft, found: Field, part: Part) -> tuple[Option, ...]:
        """Return the options with the conditions under which they are offered, as this field sees them."""
        source = (
            self._building.part_of("option_set", found.option_set) if found.option_set else part
        )
        parts = [item for _, item in source.items("options", "value")]
        conditions = {
            str(item.get("value")): self._formulas.condition(
                item, "when", draft.name, roots=roots_of(draft)
            )
            for item in parts
            if "when" in item
        }
        if not conditions:
            return found.options
        return tuple(replace(option, when=conditions.get(option.value)) for option in found.options)

    def rules(self, part: Part, draft: EntityDraft, field: str = "") -> Iterator[Rule]:
        """Yield the rules of an entity or of one of its fields."""
        for rule in part.parts("rules"):
            at = rule.text("at", field)
            if at and "at" in rule:
                self._building.field(draft.name, at, rule.at("at"))
            roots = roots_of(draft)
            assertion = self._formulas.assertion(rule, "assert", draft.name, roots=roots)
            when = self._formulas.condition(rule, "when", draft.name, roots=roots)
            message = self._building.label(rule, "message")
            if assertion is not None:
                skipped = frozenset(rule.get("skip_for", ()))
                yield Rule(
                    rule.key, assertion, message, when, rule.text("level", "error"), at, skipped
                )
