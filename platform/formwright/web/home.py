"""The first page: where one can go, and what one did last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from babel.dates import format_date
from flask import Blueprint, Response

from formwright.engine.recent import recent
from formwright.engine.runtime import Unit
from formwright.ids import format_id
from formwright.texts import Reader, say
from formwright.web import current, respond, times
from formwright.web.access import LOGIN, declare
from formwright.web.shell import Entry, menu

blueprint = declare(Blueprint("home", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class Recent:
    """A record that the person created or changed."""

    url: str
    title: str
    entity: str
    icon: str
    iso: str
    when: str
    exact: str


@dataclass(frozen=True, slots=True)
class Area:
    """An app, or a group of its menu, with its links."""

    title: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class HomePage:
    """Everything the first page draws."""

    greeting: str
    date: str
    areas: Sequence[Area]
    recent: Sequence[Recent]


@blueprint.get("/")
def show() -> Response:
    """Show the apps and my recent records."""
    unit = current.unit()
    apps, _ = menu(unit)
    page = HomePage(
        greeting=_greeting(unit),
        date=str(format_date(unit.now.astimezone(unit.reader.zone), "full", unit.reader.locale)),
        areas=[area for app in apps for area in _areas(app)],
        recent=_recent(unit),
    )
    return respond.page("home/show.html", page=page)


def _areas(app: Entry) -> list[Area]:
    plain = [item for item in app.items if not item.items]
    groups = [Area(f"{item.title}", item.items) for item in app.items if item.items]
    return ([Area(app.title, plain)] if plain else []) + groups


def _greeting(unit: Unit) -> str:
    hour = unit.now.astimezone(unit.reader.zone).hour
    name = unit.actor.name or unit.actor.login
    text = say("Good morning, %(name)s", name=name)
    if hour < 5 or hour >= 18:
        text = say("Good evening, %(name)s", name=name)
    elif hour >= 12:
        text = say("Good afternoon, %(name)s", name=name)
    return text.in_language(unit.reader.language)


def _recent(unit: Unit) -> list[Recent]:
    reader: Reader = unit.reader
    return [
        Recent(
            f"/records/{entity.name}/{format_id(choice.id)}",
            choice.title,
            entity.title.in_language(reader.language),
            entity.icon or "table",
            times.iso(at),
            times.when(at, unit.now, reader),
            times.exact(at, reader),
        )
        for entity, choice, at in recent(unit)
    ]
