"""Forms: the written ones, and one for each entity that has none."""

from __future__ import annotations

from collections.abc import Iterator

from formwright.definitions.build_formulas import roots_of
from formwright.definitions.building import Building, EntityDraft
from formwright.definitions.formulas import Formulas
from formwright.definitions.model import Field, Form, Node, NodeType
from formwright.definitions.parts import Part
from formwright.errors import Location
from formwright.texts import Label, say

_HOLDERS = frozenset({NodeType.TAB, NodeType.SECTION, NodeType.ROW})
_MAX_COLUMNS = 4
_FACTS = say("Details")
_WIDE = frozenset({"long_text", "rich_text", "address", "file", "image"})


class FormBuilder:
    """Makes forms."""

    def __init__(self, building: Building, formulas: Formulas) -> None:
        self._building = building
        self._formulas = formulas
        self._used: dict[str, Part] = {}

    def forms(self) -> dict[str, Form]:
        """Return all forms by qualified name, the generated ones last."""
        found: dict[str, Form] = {}
        for name, part in self._building.all_of("form"):
            form = self._form(part)
            if form is not None:
                found[name] = form
        served = {
            form.entity for form in found.values() if form.purpose & {"create", "edit", "view"}
        }
        for draft in self._building.entities.values():
            if draft.kind == "record" and draft.name not in served:
                form = self._generated(draft, found)
                found[form.name] = form
        return found

    def _form(self, part: Part) -> Form | None:
        building = self._building
        entity = building.find("entity", part.text("entity"), part.package, part.at("entity"))
        if entity is None:
            return None
        draft = building.entities[entity]
        title = (
            building.label(part, "title")
            if "title" in part
            else building.label(draft.part, "title", draft.part.key)
        )
        self._used = {}
        layout = (
            tuple(self._nodes(part, "layout", draft))
            if "layout" in part
            else generated_layout(draft)
        )
        return Form(
            key=part.key,
            package=part.package,
            entity=entity,
            title=title,
            layout=layout,
            purpose=frozenset(part.get("purpose", ("create", "edit", "view"))),
            when=self._formulas.condition(part, "when", entity, roots=roots_of(draft)),
            roles=role_names(building, part),
            submit_title=building.label(part, "submit_title"),
        )

    def _generated(self, draft: EntityDraft, taken: dict[str, Form]) -> Form:
        key = f"{draft.part.key}_form"
        while f"{draft.package}.{key}" in taken:
            key += "_"
        title = self._building.label(draft.part, "title", draft.part.key)
        return Form(key, draft.package, draft.name, title, generated_layout(draft))

    # --- parts ----------------------------------------------------------------------------------------------

    def _nodes(self, holder: Part, name: str, draft: EntityDraft) -> Iterator[Node]:
        for part in holder.parts(name):
            node = self._node(part, draft)
            if node is not None:
                yield node

    def _inside(self, part: Part, draft: EntityDraft) -> tuple[Node, ...]:
        """Return what stands in a part: its ``fields``, then its ``items``."""
        fields = part.get("fields")
        found: list[Node] = []
        if isinstance(fields, list):
            for index, key in enumerate(fields):
                node = self._field_node(key, part, draft, part.at_item("fields", index))
                found += [node] if node else []
        elif fields:
            found += self._nodes(part, "fields", draft)
        found += self._nodes(part, "items", draft)
        return tuple(found)

    def _field_node(self, key: str, part: Part, draft: EntityDraft, place: Location) -> Node | None:
        """Return the node of a field of which only the key is written."""
        found = self._building.field(draft.name, key, place)
        if found is None or not self._once(key, part, place):
            return None
        return field_node(found)

    def _once(self, key: str, part: Part, place: Location) -> bool:
        if key in self._used:
            message = say("the field '%(name)s' stands in this form twice", name=key)
            self._building.problem(place, "FW205", message)
            return False
        self._used[key] = part
        return True

    def _node(self, part: Part, draft: EntityDraft) -> Node | None:
        holds = "fields" in part or "items" in part
        kind = NodeType(part.text("type", "section" if holds else "field"))
        if kind not in _HOLDERS and holds:
            message = say("a part of type '%(type)s' holds no others", type=kind)
            self._building.problem(part.location, "FW109", message)
            return None
        if kind is NodeType.RELATED:
            return self._related(part, draft)
        field = ""
        if kind in {NodeType.FIELD, NodeType.SUBFORM}:
            found = self._building.field(draft.name, part.key, part.location)
            if found is None or not self._once(part.key, part, part.location):
                return None
            kind, field = field_node(found).type, found.key
            if kind is NodeType.RELATED:
                return self._make(part, draft, kind, path=found.key)
        return self._make(part, draft, kind, field=field)

    def _related(self, part: Part, draft: EntityDraft) -> Node | None:
        path = part.text("path", part.key)
        place = part.at("path") if "path" in part else part.location
        found = self._building.field(draft.name, path, place)
        if found is None or not self._once(path, part, part.location):
            return None
        if found.type.name != "backlink":
            message = say("'%(name)s' is no backlink: it has no list of related records", name=path)
            self._building.problem(place, "FW206", message)
            return None
        return self._make(part, draft, NodeType.RELATED, path=path)

    def _make(
        self, part: Part, draft: EntityDraft, kind: NodeType, *, field: str = "", path: str = ""
    ) -> Node:
        building, formulas, roots = self._building, self._formulas, roots_of(draft)
        columns = part.get("columns", 1)
        if not 1 <= columns <= _MAX_COLUMNS:
            message = say(
                "the value must be between %(low)s and %(high)s", low=1, high=_MAX_COLUMNS
            )
            building.problem(part.at("columns"), "FW106", message)
        view = (
            building.find("view", part.text("view"), part.package, part.at("view"))
            if "view" in part
            else None
        )
        expected = draft.fields[field].kind if field else None
        return Node(
            key=part.key,
            type=kind,
            title=building.label(part, "title"),
            description=building.label(part, "description"),
            items=self._inside(part, draft) if kind in _HOLDERS else (),
            field=field,
            columns=columns,
            width=part.get("width", 0),
            visible_when=formulas.condition(part, "visible_when", draft.name, roots=roots),
            readonly_when=formulas.condition(part, "readonly_when", draft.name, roots=roots),
            required=part.get("required", False),
            collapsible=part.get("collapsible", "collapsed_when" in part),
            collapsed_when=formulas.condition(part, "collapsed_when", draft.name, roots=roots),
            badge=formulas.expression(part, "badge", draft.name, roots=roots),
            widget=part.text("widget"),
            default_from=formulas.expression(
                part, "default_from", draft.name, expected=expected, roots=roots
            ),
            columns_shown=self._columns_shown(part, draft, field),
            path=path,
            view=view or "",
            text=building.label(part, "text"),
        )

    def _columns_shown(self, part: Part, draft: EntityDraft, field: str) -> tuple[str, ...]:
        keys = part.get("columns_shown", ())
        target = draft.fields[field].target if field else ""
        if keys and target not in self._building.entities:
            self._building.problem(
                part.at("columns_shown"), "FW109", say("'columns_shown' is for subforms")
            )
            return ()
        good = [
            key
            for index, key in enumerate(keys)
            if self._building.field(target, key, part.at_item("columns_shown", index)) is not None
        ]
        return tuple(good)


def role_names(building: Building, part: Part) -> frozenset[str]:
    """Return the qualified names of the roles that a part is for."""
    found = (
        building.find("role", name, part.package, part.at_item("roles", index))
        for index, name in enumerate(part.get("roles", ()))
    )
    return frozenset(name for name in found if name)


def field_node(found: Field) -> Node:
    """Return the part of a form that shows a field, with nothing changed."""
    if found.type.name == "subform":
        return Node(found.key, NodeType.SUBFORM, field=found.key)
    if found.type.name == "backlink":
        return Node(found.key, NodeType.RELATED, path=found.key)
    return Node(found.key, NodeType.FIELD, field=found.key)


def generated_layout(draft: EntityDraft) -> tuple[Node, ...]:
    """Return the layout of an entity that has no form: facts in two columns, then rows and related lists."""
    shown = [found for found in draft.fields.values() if not (found.hidden or found.deprecated)]
    facts = tuple(_wide_or_not(found) for found in shown if not found.type.virtual)
    title = Label(str(_FACTS), {"zh-CN": _FACTS.in_language("zh-CN")})
    below = tuple(field_node(found) for found in shown if found.type.virtual)
    return (Node("facts", NodeType.SECTION, title=title, items=facts, columns=2), *below)


def _wide_or_not(found: Field) -> Node:
    width = 2 if found.type.name in _WIDE else 0
    return Node(found.key, NodeType.FIELD, field=found.key, width=width)
