"""What binds entities together: references and their other sides, subforms and their rows."""

from __future__ import annotations

from dataclasses import replace

from formwright.definitions.build_fields import FieldBuilder, backlink, totals
from formwright.definitions.building import Building, EntityDraft
from formwright.definitions.model import BUILT_IN_FIELDS, Field
from formwright.definitions.parts import Part
from formwright.texts import say

_REFERENCES = frozenset({"reference", "references", "user"})


def draft_entities(building: Building, fields: FieldBuilder) -> None:
    """Make a draft of every entity with all its fields, those that other packages add included."""
    for name, part in building.all_of("entity"):
        draft = EntityDraft(name, part.package, part, kind=part.text("kind", "record"))
        building.entities[name] = draft
    for draft in building.entities.values():
        for part in draft.part.parts("fields"):
            fields.draft(part, draft)
    for package in building.packages.values():
        for part in package.root.parts("extend"):
            target = building.find("entity", part.key, package.key, part.location)
            if target is None:
                continue
            if target.partition(".")[0] == package.key:
                message = say(
                    "'%(entity)s' belongs to this package: add to it directly", entity=target
                )
                building.problem(part.location, "FW206", message)
                continue
            building.entities[target].extensions.append(part)
            for added in part.parts("fields"):
                fields.draft(added, building.entities[target])


def link_entities(building: Building) -> None:
    """Give references their other sides and child entities their parents, and check that they fit."""
    for draft in list(building.entities.values()):
        for found in list(draft.fields.values()):
            match found.type.name:
                case "backlink":
                    _link_backlink(building, draft, found)
                case "subform":
                    _link_subform(building, draft, found)
                case _ if found.inverse:
                    _link_inverse(building, draft, found)
    for draft in building.entities.values():
        if draft.kind == "child" and not draft.parent and not building.is_broken(draft.part.key):
            message = say(
                "no subform shows the rows of the child entity '%(entity)s'", entity=draft.name
            )
            building.problem(draft.part.location, "FW206", message)
        for found in list(draft.fields.values()):
            if found.type.name == "subform":
                building.set_field(
                    draft.name,
                    replace(found, totals=totals(found, draft.parts[found.key], building)),
                )
    _refuse_nesting_in_circles(building)


def _link_backlink(building: Building, draft: EntityDraft, found: Field) -> None:
    part = draft.parts[found.key]
    reference = _referring(building, draft, part)
    if reference is None:
        building.broken.add(found.key)
        return
    building.set_field(draft.name, replace(found, target=reference.entity, via=reference.key))


def _referring(building: Building, draft: EntityDraft, part: Part) -> Field | None:
    """Return the reference that a backlink names; None, with a problem, when it is none to its entity."""
    owner, _, key = part.text("from").rpartition(".")
    place = part.at("from")
    if not owner:
        message = say("'from' names a reference of another entity, like contact.customer")
        building.problem(place, "FW206", message)
        return None
    entity = building.find("entity", owner, part.package, place)
    reference = building.field(entity, key, place) if entity else None
    if reference is None or _refers_to(reference, draft.name) or building.is_broken(key):
        return reference
    message = say(
        "'%(name)s' of '%(entity)s' is no reference to '%(target)s'",
        name=key,
        entity=reference.entity,
        target=draft.name,
    )
    building.problem(place, "FW206", message)
    return None


def _link_inverse(building: Building, draft: EntityDraft, found: Field) -> None:
    target = building.entities.get(found.target)
    if target is None:
        return
    part = draft.parts[found.key]
    place = part.at("inverse")
    existing = target.fields.get(found.inverse)
    if existing is None and found.inverse not in BUILT_IN_FIELDS:
        title = building.label(draft.part, "title_plural", _plural(draft.part))
        made = backlink(found.inverse, target.name, found, building.type_of("backlink"), title)
        target.fields[found.inverse] = made
        target.parts[found.inverse] = part
        return
    if (
        existing is not None
        and existing.type.name == "backlink"
        and _is_from(target.parts[existing.key], draft, found.key)
    ):
        return
    message = say(
        "'%(entity)s' has a field '%(name)s' already: choose another name",
        entity=target.name,
        name=found.inverse,
    )
    building.problem(place, "FW205", message)


def _is_from(part: Part, draft: EntityDraft, key: str) -> bool:
    return part.text("from") in {f"{draft.part.key}.{key}", f"{draft.name}.{key}"}


def _plural(part: Part) -> str:
    return part.text("title_plural") or part.text("title") or part.key


def _refers_to(reference: Field, entity: str) -> bool:
    return reference.type.name in _REFERENCES and reference.target == entity


def _link_subform(building: Building, draft: EntityDraft, found: Field) -> None:
    child = building.entities.get(found.target)
    if child is None:
        return
    place = draft.parts[found.key].at("of")
    if child.kind != "child":
        message = say(
            "'%(entity)s' is not of 'kind: child', so its records cannot be rows", entity=child.name
        )
        building.problem(place, "FW206", message)
        building.broken.add(found.key)
    elif child.parent:
        message = say(
            "the rows of '%(entity)s' belong to '%(parent)s' already",
            entity=child.name,
            parent=f"{child.parent}.{child.parent_field}",
        )
        building.problem(place, "FW206", message)
    else:
        child.parent, child.parent_field = draft.name, found.key


def _refuse_nesting_in_circles(building: Building) -> None:
    """Note child entities that are, over several steps, rows of themselves."""
    for draft in building.entities.values():
        seen = [draft.name]
        above = draft.parent
        while above and above not in seen:
            seen.append(above)
            above = building.entities[above].parent
        if above == draft.name:
            message = say(
                "'%(entity)s' is a row of itself: %(cycle)s",
                entity=draft.name,
                cycle=" → ".join([*seen, above]),
            )
            building.problem(draft.part.location, "FW207", message)
