"""Attributes of a field that contradict its type or each other."""

from __future__ import annotations

from formwright.definitions.building import Building, EntityDraft
from formwright.definitions.model import Field
from formwright.definitions.parts import Part
from formwright.expressions.kinds import Base
from formwright.texts import say

_NOT_FOR_LISTS = (
    "unique", "indexed", "searchable", "default", "default_from", "fill_from", "immutable", "examples", "compute",
)  # fmt: skip
_NOT_FOR_COMPUTED = ("default", "default_from", "fill_from", "required", "required_when")
_MANY = frozenset({Base.LIST, Base.RECORDS, Base.OBJECT})


def check_sense(building: Building, draft: EntityDraft, found: Field, part: Part) -> None:
    """Note attributes of a field that contradict its type or each other."""
    _refuse_for_type(building, found, part)
    _refuse_for_computed(building, found, part)
    if found.on_delete == "set_null" and found.required:
        message = say("a required reference cannot be emptied: use 'restrict' or 'cascade'")
        building.problem(part.at("on_delete"), "FW109", message)
    if found.currency_from:
        _check_currency_from(building, draft, found, part)


def _refuse_for_type(building: Building, found: Field, part: Part) -> None:
    refused = [
        name for name in _NOT_FOR_LISTS if found.type.virtual and part.get(name, False) is not False
    ]
    if found.unique and found.kind.base in _MANY and not found.type.virtual:
        refused.append("unique")
    for name in refused:
        message = say(
            "a field of type '%(type)s' takes no '%(name)s'", type=found.type.name, name=name
        )
        building.problem(part.place.of_key(name), "FW105", message)


def _refuse_for_computed(building: Building, found: Field, part: Part) -> None:
    computed = "compute" in part
    for name in _NOT_FOR_COMPUTED:
        if computed and part.get(name, False) is not False:
            building.problem(
                part.at(name), "FW109", say("a computed field takes no '%(name)s'", name=name)
            )
    if not found.stored and not computed:
        building.problem(part.at("stored"), "FW109", say("'stored' is for computed fields"))
    for name in ("unique", "indexed"):
        if not found.stored and part.get(name):
            message = say("a value that is not stored cannot be '%(name)s'", name=name)
            building.problem(part.at(name), "FW109", message)


def _check_currency_from(building: Building, draft: EntityDraft, found: Field, part: Part) -> None:
    """Note a place for the currency that does not exist, or holds no text."""
    path = found.currency_from.split(".")
    place = part.at("currency_from")
    if found.currency:
        message = say(
            "'%(one)s' and '%(other)s' cannot both be given", one="currency", other="currency_from"
        )
        building.problem(place, "FW109", message)
    in_parent = path[0] == "parent" and bool(draft.parent)
    entity = draft.parent if in_parent else draft.name
    steps = path[1:] if in_parent else path
    for index, key in enumerate(steps):
        field = building.field(entity, key, place)
        if field is None:
            return
        last = index + 1 == len(steps)
        if field.kind.base is not Base.TEXT if last else field.target not in building.entities:
            message = say(
                "'%(path)s' leads to no field with the code of a currency", path=found.currency_from
            )
            building.problem(place, "FW206", message)
            return
        entity = field.target
