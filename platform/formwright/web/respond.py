"""Answers: a page, a part of one, a redirect with a message. The only module that asks whether htmx asked."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from formwright.web import notes
from formwright.web.extensions import htmx
from formwright.web.htmx import part, respond
from formwright.web.notes import Note

_SMALLEST = 1024
_COMPRESSED = frozenset({"text/html", "application/json", "text/plain"})


def page(template: str, status: int = 200, **context: Any) -> Response:
    """Return a whole page."""
    return make_response(render_template(template, **context), status)


def page_or_part(template: str, part_template: str, part_id: str, **context: Any) -> Response:
    """Return the part of a page that htmx asks for by its id, and the whole page to everybody else."""
    wanted = htmx.partial and htmx.target == part_id
    return page(part_template if wanted else template, **context)


def fragment(
    template: str, status: int = 200, *, events: Mapping[str, Any] | None = None, **context: Any
) -> Response:
    """Return a part of a page."""
    return respond(render_template(template, **context), status, events=events)


def invalid(template: str, part_template: str, *, status: int = 422, **context: Any) -> Response:
    """Return a form with what is wrong in it; what was typed is still there."""
    if htmx.partial:
        return respond(render_template(part_template, **context), status, events={"fw:invalid": {}})
    return page(template, status, **context)


def moved(path: str, note: Note | None = None) -> BaseResponse:
    """Send the person to another page of ours after something was done."""
    if htmx:
        events = {"fw:done": {}, "fw:toast": note.as_event()} if note else {"fw:done": {}}
        return respond(
            location={
                "path": path,
                "target": "#main",
                "select": "#main",
                "swap": "outerHTML show:top",
            },
            events=events,
        )
    back = redirect(path, 303)
    if note is not None:
        notes.attach(back, note)
    return back


def leave(path: str) -> BaseResponse:
    """Send the person to a page that is loaded anew, also where htmx asked."""
    if htmx:
        response = respond(status=200)
        response.headers["HX-Redirect"] = path
        return response
    return redirect(path, 303)


def parts(*changes: Markup) -> Response:
    """Return several changes of a page at once."""
    return respond(Markup("").join(changes))


def render_part(target: str, template: str, swap: str = "outerMorph", **context: Any) -> Markup:
    """Return one change of a page, drawn from a template."""
    return part(target, Markup(render_template(template, **context)), swap)  # noqa: S704 -- our own template's output


def text_part(target: str, text: str) -> Markup:
    """Return the change of a text."""
    return part(target, text, "textContent")


def markup_part(target: str, drawn: Markup, swap: str = "outerMorph") -> Markup:
    """Return one change of a page that is drawn already."""
    return part(target, drawn, swap)


def drawing(svg: str) -> Markup:
    """Return a picture that was drawn by our own code, as part of a page."""
    return Markup(svg)  # noqa: S704 -- a library's drawing of our own text, which it escapes


def compress(response: Response) -> Response:
    """Send a long page compressed to a browser that takes it so."""
    if (
        response.direct_passthrough
        or response.mimetype not in _COMPRESSED
        or "Content-Encoding" in response.headers
        or not request.accept_encodings["gzip"]
    ):
        return response
    body = response.get_data()
    if len(body) >= _SMALLEST:
        response.set_data(gzip.compress(body, 4))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
