"""Formatted text in pages: drawn from Markdown, cleaned once more, and previewed while it is typed."""

from __future__ import annotations

from flask import Blueprint, Response, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest

from formwright.fieldtypes import markdown
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.extensions import htmx

blueprint = declare(Blueprint("rich_text", __name__), LOGIN)
_LONGEST = 100_000


def drawn(text: str) -> Markup:
    """Return formatted text as HTML."""
    return Markup(markdown.render(text))  # noqa: S704 -- cleaned by the very call


@blueprint.post("/rich-text")
def preview() -> Response:
    """Show what is typed in one field of a form; in a page of its own to a browser without scripts."""
    field = request.form.get("_preview", "")
    text = request.form.get(field)
    if text is None or len(text) > _LONGEST:
        raise BadRequest
    current.release()
    shown = drawn(markdown.clean(text))
    if htmx:
        return respond.fragment("forms/_preview.html", shown=shown)
    return respond.page("forms/preview.html", shown=shown)
