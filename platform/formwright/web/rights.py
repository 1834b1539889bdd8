"""All rights at a glance, and everything one role may do with one kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from formwright.definitions.model import Catalog, Role
from formwright.engine import matrix as engine
from formwright.engine.matrix import GrantView, Reach
from formwright.engine.rights_words import action_words
from formwright.engine.runtime import Unit
from formwright.texts import Label, Text, say
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.formpages import Crumb

blueprint = declare(Blueprint("rights", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something the matrix can be narrowed to."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReachView:
    """A line of a cell; ``name`` says all of it to whoever does not see the table."""

    actions: str
    records: str
    inherited: str
    fields: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class CellView:
    """What one role may do with one kind of record."""

    name: str
    url: str
    lines: Sequence[ReachView]
    #: Main actions that it may not do at all.
    none: str


@dataclass(frozen=True, slots=True)
class EntityView:
    """A row of the matrix, with those of the fields when it is opened."""

    key: str
    title: str
    fields_url: str
    opened: bool
    cells: Sequence[CellView]
    fields: Sequence[FieldView] = ()


@dataclass(frozen=True, slots=True)
class FieldView:
    """A row for a field: what each role sees of it, and whether it may be changed."""

    title: str
    cells: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MatrixPage:
    """Everything the page draws."""

    roles: Sequence[str]
    rows: Sequence[EntityView]
    role_choices: Sequence[Choice]
    other_choices: Sequence[Choice]
    entity_choices: Sequence[Choice]
    opened: str


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant in words, with where it is changed."""

    name: str
    actions: str
    records: str
    fields: Sequence[str]
    until: str
    inherited: str
    package: str
    enabled: bool
    in_force: bool
    changed: bool
    edit_url: str


@dataclass(frozen=True, slots=True)
class CellPage:
    """All rights of one role on one kind of record."""

    heading: str
    role: str
    grants: Sequence[GrantRow]
    guards: Sequence[tuple[str, str]]
    add_url: str


@blueprint.get("/rights")
def show() -> Response:
    """Show the matrix, or the part of it that is asked for."""
    unit = current.unit()
    engine.require(unit)
    asked = {key: request.args.get(key, "") for key in ("role", "other", "entity", "fields")}
    roles = [name for name in (asked["role"], asked["other"]) if name in unit.catalog.roles]
    found = engine.matrix(unit, roles, asked["entity"], asked["fields"])
    language = unit.reader.language
    titles = [role_title(unit.catalog, role, language) for role in found.roles]

    def opened_url(name: str) -> str:
        wanted = asked | {"fields": "" if name == asked["fields"] else name}
        return f"/rights?{urlencode({k: v for k, v in wanted.items() if v})}#row-{name}"

    fields = [
        FieldView(
            row.field.title.in_language(language),
            [(seen.in_language(language), can.in_language(language)) for seen, can in row.cells],
        )
        for row in found.fields
    ]
    rows = [
        EntityView(
            row.entity.name,
            row.entity.title.in_language(language),
            opened_url(row.entity.name),
            row.entity.name == asked["fields"],
            [
                _cell(title, role, row.entity.name, row.entity.title, cell, language)
                for title, role, cell in zip(titles, found.roles, row.cells, strict=True)
            ],
            fields if row.entity.name == asked["fields"] else (),
        )
        for row in found.rows
    ]
    page = MatrixPage(
        titles,
        rows,
        _role_choices(unit, asked["role"]),
        _role_choices(unit, asked["other"]),
        [
            Choice(name, entity.title.in_language(language), name == asked["entity"])
            for name, entity in unit.catalog.entities.items()
        ],
        asked["fields"],
    )
    return respond.page("rights/matrix.html", page=page)


@blueprint.get("/rights/roles/<role>/<entity>")
def cell(role: str, entity: str) -> Response:
    """Show every grant of one role on one kind of record, in words."""
    unit = current.unit()
    found = engine.cell(unit, role, entity)
    language = unit.reader.language
    role_name = role_title(unit.catalog, found.role, language)
    heading = say("%(role)s and “%(entity)s”", role=role_name, entity=found.entity.title_plural)
    page = CellPage(
        heading=heading.in_language(language),
        role=role_name,
        grants=[_grant(each, language, unit) for each in found.grants],
        guards=[
            (guard.message.in_language(language) or guard.key, words.in_language(language))
            for guard, words in found.guards
        ],
        add_url=f"/rights/new?{urlencode({'role': role, 'entity': entity})}",
    )
    return respond.page("rights/cell.html", page=page, crumbs=crumbs(language))


def crumbs(language: str) -> list[Crumb]:
    """Return the way back to the matrix."""
    return [Crumb(say("Rights").in_language(language), "/rights")]


def role_title(catalog: Catalog, role: Role, language: str) -> str:
    """Return a role's title, with its package where several packages have one of that title."""
    title = role.title.in_language(language)
    same = [each for each in catalog.roles.values() if each.title.in_language(language) == title]
    return title if len(same) == 1 else f"{title} ({role.package})"


def _role_choices(unit: Unit, chosen: str) -> list[Choice]:
    language = unit.reader.language
    return [
        Choice(name, role_title(unit.catalog, role, language), name == chosen)
        for name, role in unit.catalog.roles.items()
    ]


def _cell(
    role_name: str, role: Role, entity: str, title: Label, reaches: Sequence[Reach], language: str
) -> CellView:
    able = [each for each in reaches if each.records is not None]
    unable = [action for each in reaches if each.records is None for action in each.actions]
    name = say("%(role)s and “%(entity)s”", role=role_name, entity=title)
    return CellView(
        name.in_language(language),
        f"/rights/roles/{role.package}.{role.key}/{entity}",
        [_line(each, language) for each in able],
        action_words(unable).in_language(language) if unable else "",
    )


def _line(reach: Reach, language: str) -> ReachView:
    words: Text | Label = reach.records or say("nothing")
    inherited = ", ".join(title.in_language(language) for title in reach.inherited)
    return ReachView(
        action_words(reach.actions).in_language(language),
        words.in_language(language),
        inherited,
        reach.fields,
        reach.changed,
    )


def _grant(view: GrantView, language: str, unit: Unit) -> GrantRow:
    grant = view.grant
    return GrantRow(
        name=grant.name,
        actions=view.actions.in_language(language),
        records=view.records.in_language(language),
        fields=[each.in_language(language) for each in view.fields],
        until=grant.until.isoformat() if grant.until is not None else "",
        inherited=view.inherited.in_language(language) if view.inherited is not None else "",
        package=unit.catalog.packages[grant.package].title.in_language(language),
        enabled=view.enabled,
        in_force=view.in_force,
        changed=bool(grant.overlaid),
        edit_url=f"/rights/grants/{grant.name}",
    )
