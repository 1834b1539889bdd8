"""All rights at a glance: kinds of record and their fields down, roles across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from formwright.definitions.model import Action, Catalog, Entity, Field, Grant, Guard, Role
from formwright.engine.actor import Actor
from formwright.engine.rights import Levels, grants_for, standing
from formwright.engine.rights_words import (
    MASK_TITLES,
    action_words,
    actions_in_order,
    field_words,
    guard_words,
    joined,
    scope_words,
)
from formwright.engine.runtime import Unit
from formwright.errors import NotFound
from formwright.texts import Label, Text, say

#: Whoever may do this may look at and change rights.
LOOKS_AFTER_RIGHTS = (Action.CONFIGURE, "core.user")
#: Actions with a line of their own in a cell; all others share one.
MAIN = (Action.CREATE, Action.READ, Action.UPDATE, Action.DELETE)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a role can do something: ``records`` in words, None for not at all."""

    actions: tuple[Action, ...]
    records: Text | Label | None = None
    #: The roles it has that from, when it is none of its own.
    inherited: tuple[Label, ...] = ()
    #: True when not every field is open.
    fields: bool = False
    #: True when this installation has changed something about it.
    changed: bool = False


@dataclass(frozen=True, slots=True)
class EntityRow:
    """What each of the roles may do with the records of an entity."""

    entity: Entity
    cells: tuple[tuple[Reach, ...], ...]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """What each of the roles may do with a field: see it, and change it."""

    field: Field
    cells: tuple[tuple[Text, Text], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A part of all rights."""

    roles: tuple[Role, ...]
    rows: tuple[EntityRow, ...]
    fields: tuple[FieldRow, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant in words."""

    grant: Grant
    actions: Text | Label
    records: Text | Label
    fields: tuple[Text, ...]
    #: The role that it is given to, when that is another one.
    inherited: Label | None
    enabled: bool
    in_force: bool


@dataclass(frozen=True, slots=True)
class CellView:
    """Everything that one role may do with one kind of record."""

    role: Role
    entity: Entity
    grants: tuple[GrantView, ...]
    guards: tuple[tuple[Guard, Text], ...]


def require(unit: Unit) -> None:
    """Raise Forbidden unless the actor looks after rights."""
    unit.access.require(*LOOKS_AFTER_RIGHTS)


def matrix(unit: Unit, roles: Sequence[str] = (), entity: str = "", opened: str = "") -> Matrix:
    """Return the rights of some roles (of all without any) on one entity, or all; ``opened`` is shown by field."""
    require(unit)
    catalog, day = unit.catalog, unit.access.day
    shown = tuple(role for name, role in catalog.roles.items() if not roles or name in roles)
    rows = [
        EntityRow(each, tuple(_cell(catalog, role, each, day) for role in shown))
        for name, each in catalog.entities.items()
        if not entity or name == entity
    ]
    fields = _fields(catalog, shown, catalog.entities[opened], day) if opened in catalog.entities else ()  # fmt: skip
    return Matrix(shown, tuple(rows), fields)


def _actor(catalog: Catalog, role: Role) -> Actor:
    return Actor(None, "", "", catalog.roles_of([_name(role)]))


def _name(role: Role) -> str:
    return f"{role.package}.{role.key}"


def _cell(catalog: Catalog, role: Role, entity: Entity, day: date) -> tuple[Reach, ...]:
    cells = [_reach(catalog, role, entity, action, day) for action in MAIN]
    others = [action for action in Action if action not in MAIN]
    able = [a for a in others if grants_for(catalog, _actor(catalog, role), a, entity.name, day)]
    alike: dict[str, list[Reach]] = {}
    for action in able:
        found = _reach(catalog, role, entity, action, day)
        mark = (str(found.records), *map(str, found.inherited), found.fields, found.changed)
        alike.setdefault(repr(mark), []).append(found)
    cells += [
        replace(several[0], actions=tuple(each.actions[0] for each in several))
        for several in alike.values()
    ]
    return tuple(cells)


def _reach(catalog: Catalog, role: Role, entity: Entity, action: Action, day: date) -> Reach:
    """Return how far a role can do one thing."""
    grants = grants_for(catalog, _actor(catalog, role), action, entity.name, day)
    if not grants:
        return Reach((action,))
    own = [grant for grant in grants if grant.role == _name(role)]
    sources = [] if own else dict.fromkeys(grant.role for grant in grants)
    whole = [grant for grant in grants if not grant.limited]
    words = {str(scope_words(catalog, g)): scope_words(catalog, g) for g in whole[:1] or grants}
    levels = standing(catalog, _actor(catalog, role), action, entity.name, day).most
    return Reach(
        (action,),
        joined(words.values()),
        tuple(catalog.roles[name].title for name in sources),
        not levels.unlimited,
        any(grant.overlaid or grant.package == "local" for grant in grants),
    )


def _fields(
    catalog: Catalog, roles: Sequence[Role], entity: Entity, day: date
) -> tuple[FieldRow, ...]:
    sides = []
    for role in roles:
        actor = _actor(catalog, role)
        reads = standing(catalog, actor, Action.READ, entity.name, day)
        writes = standing(catalog, actor, Action.UPDATE, entity.name, day)
        sides.append(
            (reads.most if reads.profiles else None, writes.most if writes.profiles else None)
        )
    return tuple(
        FieldRow(
            field, tuple((_seen(reads, key), _written(writes, field)) for reads, writes in sides)
        )
        for key, field in entity.fields.items()
    )


def _seen(levels: Levels | None, key: str) -> Text:
    if levels is None or key in levels.hidden:
        return say("hidden")
    if key in levels.masks:
        return say("masked: %(mask)s", mask=MASK_TITLES[levels.masks[key]])
    return say("in full")


def _written(levels: Levels | None, field: Field) -> Text:
    if not field.writable:
        return say("is computed")
    return say("not to be changed") if levels is None or field.key in levels.locked else say("can be changed")  # fmt: skip


def cell(unit: Unit, role_name: str, entity_name: str) -> CellView:
    """Return all grants of a role on an entity, switched-off ones included, and the limits over them."""
    require(unit)
    catalog, entity = unit.catalog, unit.entity(entity_name)
    role = catalog.roles.get(role_name)
    if role is None:
        raise NotFound(say("There is no such role."))
    roles = catalog.roles_of([role_name])
    grants = [
        (grant, enabled)
        for listed, enabled in ((catalog.grants, True), (catalog.disabled, False))
        for grant in listed
        if grant.entity == entity_name and grant.role in roles
    ]
    guards = [
        (guard, guard_words(catalog, guard))
        for guard in catalog.guards
        if guard.entity == entity_name and not guard.exempt & roles
    ]
    views = tuple(_grant(unit, role_name, grant, enabled=enabled) for grant, enabled in grants)
    return CellView(role, entity, views, tuple(guards))


def _grant(unit: Unit, role_name: str, grant: Grant, *, enabled: bool) -> GrantView:
    catalog = unit.catalog
    return GrantView(
        grant,
        action_words(actions_in_order(grant.actions)),
        scope_words(catalog, grant),
        tuple(field_words(catalog, grant)),
        None if grant.role == role_name else catalog.roles[grant.role].title,
        enabled,
        enabled and (grant.until is None or grant.until >= unit.access.day),
    )
