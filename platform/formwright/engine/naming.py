"""Which record somebody means: by its id, by a value that is unique, or by words that are searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Entity, Field, Sort
from formwright.engine.accounts import USER
from formwright.engine.gate import Query
from formwright.engine.reading import Choice, choices
from formwright.errors import NotFound
from formwright.fieldtypes.base import ValueProblem
from formwright.ids import parse_id

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

#: As many records are offered for words that fit several.
MOST = 8
_NEWEST = (Sort("updated_at", descending=True),)


def meant(unit: Unit, entity: str, text: str) -> list[Choice]:
    """Return the records that ``text`` can mean, as far as the actor sees them; one for an id or a unique value."""
    text = text.strip()
    number = parse_id(text)
    if number is not None:
        try:
            return choices(unit, [unit.gate.find(Action.READ, entity, number)])
        except NotFound:
            return []
    exact = _by_unique_value(unit, unit.entity(entity), text) if text else []
    if exact:
        return choices(unit, unit.gate.get_many(entity, exact))
    return search(unit, entity, text)


def search(unit: Unit, entity: str, text: str) -> list[Choice]:
    """Return the newest records that the actor sees and that a search finds."""
    found = unit.gate.read(Query(entity, search=text, sort=_NEWEST, limit=MOST))
    return choices(unit, found.records)


def person(unit: Unit, login: str) -> int | None:
    """Return the user who logs in under a name."""
    credential = unit.tx.users.credential(login)
    if credential is not None:
        return credential.user
    found = unit.gate.by_value(USER, "login", [login])
    return next(iter(found.get(login, ())), None)


def _by_unique_value(unit: Unit, entity: Entity, text: str) -> list[int]:
    for field in entity.fields.values():
        if field.unique or field.type.name == "sequence":
            stored = _stored(field, text)
            found = (
                []
                if stored is None
                else unit.gate.by_value(entity.name, field.key, [stored]).get(stored, [])
            )
            if found:
                return found
    return []


def _stored(field: Field, text: str) -> str | int | None:
    try:
        value = field.type.accept(field, text)
        stored = None if value is None else field.type.to_stored(field, value)
    except ValueProblem:
        return None
    return stored if isinstance(stored, str | int) else None
