"""Search over everything: the page, and the palette that opens with Ctrl K."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from formwright.engine import reading
from formwright.engine.runtime import Unit
from formwright.ids import format_id
from formwright.texts import say
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.shell import Entry, first_view, menu

blueprint = declare(Blueprint("search", __name__), LOGIN)
_LONGEST = 200
_MOST_LINKS = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found."""

    title: str
    url: str
    icon: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind."""

    number: int
    title: str
    icon: str
    hits: Sequence[Hit]
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was searched, and what was found."""

    search: str
    groups: Sequence[Group]


@blueprint.get("/search")
def show() -> Response:
    """Show what is found, by entity."""
    text = _text()
    unit = current.unit()
    groups = _records(unit, text, 10) if text else []
    return respond.page("search/results.html", page=SearchPage(text, groups))


@blueprint.get("/search/palette")
def palette() -> Response:
    """Show where one can go and what is found, while somebody types."""
    text = _text()
    unit = current.unit()
    groups = _places(unit, text)
    if text:
        groups += _records(unit, text, 5, len(groups))
    return respond.fragment("search/_palette.html", page=SearchPage(text, groups))


def _text() -> str:
    return request.args.get("q", "").strip()[:_LONGEST]


def _records(unit: Unit, text: str, limit: int, before: int = 0) -> list[Group]:
    language = unit.reader.language
    groups = []
    for number, (entity, choices) in enumerate(reading.search_all(unit, text, limit), before + 1):
        view = first_view(unit.catalog, entity, unit.actor)
        icon = entity.icon or "table"
        hits = [
            Hit(choice.title, f"/records/{entity.name}/{format_id(choice.id)}", icon, choice.detail)
            for choice in choices
        ]
        more = f"/views/{view.name}?q={text}" if view is not None and len(choices) >= limit else ""
        groups.append(Group(number, entity.title_plural.in_language(language), icon, hits, more))
    return groups


def _places(unit: Unit, text: str) -> list[Group]:
    """Return the links of the menu, and what can be created, that contain the text."""
    language = unit.reader.language
    apps, creatable = menu(unit)
    folded = text.casefold()
    places = [
        entry for app in apps for entry in _leaves(app.items) if folded in entry.title.casefold()
    ]
    makes = []
    for entry in creatable:
        title = unit.entity(entry.entity).title.in_language(language)
        new = say("New %(entity)s", entity=title).in_language(language)
        if folded in new.casefold():
            makes.append(Hit(new, entry.url, "plus"))
    groups = []
    if places:
        hits = [Hit(entry.title, entry.url, entry.icon) for entry in places[:_MOST_LINKS]]
        groups.append(Group(1, say("Go to").in_language(language), "arrow-right", hits))
    if makes:
        groups.append(
            Group(len(groups) + 1, say("Create").in_language(language), "plus", makes[:_MOST_LINKS])
        )
    return groups


def _leaves(entries: Sequence[Entry]) -> list[Entry]:
    found = []
    for entry in entries:
        found += _leaves(entry.items) if entry.items else [entry]
    return found
