"""One masked value in full: put in the place of its mask, or on a page of its own without scripts."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from formwright.engine import revealing
from formwright.ids import parse_id
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.extensions import htmx
from formwright.web.formpages import Crumb

blueprint = declare(Blueprint("revealing", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class RevealedValue:
    """A value that was asked for in full."""

    title: str
    text: str
    record_url: str


@blueprint.post("/records/<name>/<number>/reveal/<key>")
def reveal(name: str, number: str, key: str) -> Response:
    """Show one masked value; that it was shown is noted."""
    actor = current.actor()
    current.release()
    text = revealing.reveal(current.runtime(), actor, name, parse_id(number) or 0, key)
    unit = current.unit()
    entity, language = unit.entity(name), unit.reader.language
    title = entity.fields[key].title.in_language(language)
    url = f"/records/{name}/{number}"
    value = RevealedValue(title, text, url)
    if htmx.partial:
        return respond.fragment("records/_revealed.html", value=value)
    crumbs = [Crumb(entity.title_plural.in_language(language), f"/records/{name}")]
    return respond.page("records/revealed.html", value=value, crumbs=crumbs)
