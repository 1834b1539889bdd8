"""Entities as a whole: how they are named and found, their rules and constraints."""

from __future__ import annotations

from types import MappingProxyType

from formwright.definitions.build_formulas import FormulaBuilder
from formwright.definitions.build_order import Ordering
from formwright.definitions.building import Building, EntityDraft, humanise
from formwright.definitions.formulas import Formulas
from formwright.definitions.model import Constraint, Entity, Rule
from formwright.definitions.parts import Part
from formwright.expressions.kinds import Base
from formwright.expressions.templates import Template
from formwright.texts import say

_NAMING = frozenset({"text", "sequence", "email", "phone", "url", "long_text"})


class EntityBuilder:
    """Makes the frozen entities from their drafts."""

    def __init__(self, building: Building, formulas: Formulas, fields: FormulaBuilder) -> None:
        self._building = building
        self._formulas = formulas
        self._fields = fields
        self._orders = Ordering(building).orders()

    def entities(self) -> dict[str, Entity]:
        """Return all entities by qualified name."""
        return {draft.name: self._entity(draft) for draft in self._building.entities.values()}

    def _entity(self, draft: EntityDraft) -> Entity:
        part, building = draft.part, self._building
        title = building.label(part, "title", humanise(part.key))
        retention = part.part("retention")
        return Entity(
            key=part.key,
            package=part.package,
            title=title,
            title_plural=building.label(part, "title_plural") if "title_plural" in part else title,
            display=self._display(draft),
            fields=MappingProxyType(dict(draft.fields)),
            description=building.label(part, "description"),
            icon=part.text("icon"),
            color=part.text("color"),
            kind=draft.kind,
            parent=draft.parent,
            parent_field=draft.parent_field,
            search_fields=self._search_fields(draft),
            key_fields=self._own_fields(draft, part, "key_fields"),
            constraints=MappingProxyType(self._constraints(draft)),
            rules=self._rules(draft),
            owner_field=self._owner_field(draft),
            collaborators_field=self._collaborators_field(draft),
            state_field=self._state_field(draft),
            history=part.part("track").get("history", True),
            trash_days=int(retention.text("trash", "P30D")[1:-1]),
            deprecated=part.get("deprecated", False),
            was=tuple(part.get("was", ())),
            compute_order=self._orders.get(draft.name, ()),
        )

    def _added(self, draft: EntityDraft, section: str) -> list[Part]:
        """Return the parts of a section of an entity, with those that other packages add."""
        return [
            part for holder in (draft.part, *draft.extensions) for part in holder.parts(section)
        ]

    def _display(self, draft: EntityDraft) -> Template:
        if "display" in draft.part:
            found = self._formulas.template(draft.part, "display", draft.name)
            if found is not None:
                return found
        own = [found for found in draft.fields.values() if not found.type.virtual]
        naming = next(
            (found for found in own if found.type.name in _NAMING), own[0] if own else None
        )
        return self._formulas.template_of(
            f"{{{{ this.{naming.key} }}}}" if naming else "{{ created_at }}", draft.name
        )

    def _search_fields(self, draft: EntityDraft) -> tuple[str, ...]:
        part = draft.part
        if "search_fields" in part:
            return self._own_fields(draft, part, "search_fields")
        marked = tuple(found.key for found in draft.fields.values() if found.searchable)
        if marked:
            return marked
        named = next(
            (found.key for found in draft.fields.values() if found.type.name in _NAMING), ""
        )
        return (named,) if named else ()

    def _own_fields(self, draft: EntityDraft, part: Part, name: str) -> tuple[str, ...]:
        """Return the fields that a list names, those left out that do not exist."""
        good = []
        for index, key in enumerate(part.get(name, ())):
            field = self._building.field(draft.name, key, part.at_item(name, index))
            if field is not None and field.type.virtual:
                message = say("'%(name)s' has no value of its own", name=key)
                self._building.problem(part.at_item(name, index), "FW206", message)
            elif field is not None:
                good.append(key)
        return tuple(good)

    def _owner_field(self, draft: EntityDraft) -> str:
        part = draft.part.part("ownership")
        key = part.text("owner_field")
        if not key or key == "created_by":
            return ""
        found = self._building.field(draft.name, key, part.at("owner_field"))
        if found is not None and (found.type.name != "user" or found.multiple):
            message = say("'%(name)s' is no field of type 'user' that holds one person", name=key)
            self._building.problem(part.at("owner_field"), "FW206", message)
        return key

    def _collaborators_field(self, draft: EntityDraft) -> str:
        part = draft.part.part("ownership")
        key = part.text("collaborators_field")
        if not key:
            return ""
        found = self._building.field(draft.name, key, part.at("collaborators_field"))
        if found is not None and not (found.type.name == "user" and found.multiple):
            message = say("'%(name)s' is no field of type 'user' that holds several", name=key)
            self._building.problem(part.at("collaborators_field"), "FW206", message)
        return key

    def _state_field(self, draft: EntityDraft) -> str:
        key = draft.part.text("state_field")
        if not key:
            return ""
        found = self._building.field(draft.name, key, draft.part.at("state_field"))
        if found is not None and found.type.name != "choice":
            message = say("'%(name)s' is no field of type 'choice'", name=key)
            self._building.problem(draft.part.at("state_field"), "FW206", message)
        return key

    def _constraints(self, draft: EntityDraft) -> dict[str, Constraint]:
        found: dict[str, Constraint] = {}
        for part in self._added(draft, "constraints"):
            if part.key in found:
                self._twice(part, draft)
                continue
            keys = self._own_fields(draft, part, "fields")
            for index, key in enumerate(keys):
                self._check_constrained(draft, key, part, index)
            if not part.get("fields"):
                self._building.problem(part.at("fields"), "FW106", say("the list is empty"))
            where = self._formulas.condition(part, "where", draft.name, roots={}, in_sql=True)
            found[part.key] = Constraint(
                part.key, part.text("type", "unique"), keys, where, part.get("ignore_case", True), None,
                self._building.label(part, "message"),
            )  # fmt: skip
        return found

    def _check_constrained(self, draft: EntityDraft, key: str, part: Part, index: int) -> None:
        field = draft.fields[key]
        if not field.stored or field.kind.base in {Base.RECORDS, Base.LIST, Base.OBJECT}:
            message = say(
                "'%(name)s' cannot be part of a constraint: it has no single stored value", name=key
            )
            self._building.problem(part.at_item("fields", index), "FW206", message)

    def _rules(self, draft: EntityDraft) -> tuple[Rule, ...]:
        return tuple(
            rule
            for part in (draft.part, *draft.extensions)
            for rule in self._fields.rules(part, draft)
        )

    def _twice(self, part: Part, draft: EntityDraft) -> None:
        message = say("'%(entity)s' has '%(name)s' already", entity=draft.name, name=part.key)
        self._building.problem(part.location, "FW205", message)
