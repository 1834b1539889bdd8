"""What a person sees when something cannot be: a page with a way out, a number that the log has, no traceback."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from formwright.errors import (
    Conflict,
    Forbidden,
    FormwrightError,
    NotFound,
    OnlyLooking,
    StoreUnavailable,
    UnknownName,
)
from formwright.texts import Text, say
from formwright.web import current, respond
from formwright.web.assets import asset_url
from formwright.web.extensions import htmx
from formwright.web.htmx import respond as respond_htmx
from formwright.web.notes import Note
from formwright.web.security import local_path

_log = logging.getLogger(__name__)

_PAGES: dict[int, tuple[Text, Text]] = {
    400: (
        say("This request makes no sense"),
        say("Something in the address or the form cannot be read."),
    ),
    403: (
        say("You may not do this"),
        say("Your roles do not include it, or the page was open for too long. Load it again."),
    ),
    404: (
        say("Nothing is here"),
        say("There is no such page or record, or it is not visible to you."),
    ),
    405: (
        say("This request makes no sense"),
        say("Something in the address or the form cannot be read."),
    ),
    409: (
        say("Somebody else was faster"),
        say("The record has changed in the meantime. Load it again."),
    ),
    413: (say("This is too large"), say("The file or the form is larger than allowed here.")),
    422: (say("This cannot be saved"), say("Something in the form is wrong.")),
    429: (say("Too many attempts"), say("Wait a little, then try again.")),
    500: (
        say("Something went wrong on our side"),
        say("Nothing was changed. Try again; if it stays, tell an administrator the reference."),
    ),
    503: (
        say("The database cannot be reached"),
        say("Try again in a moment; if it stays, tell an administrator the reference."),
    ),
}
_STATUS: tuple[tuple[type[FormwrightError], int], ...] = (
    (Forbidden, 403),
    (NotFound, 404),
    (UnknownName, 404),
    (Conflict, 409),
    (StoreUnavailable, 503),
)


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """What an error page says."""

    status: int
    title: str
    text: str
    reference: str = ""
    back: str = ""


def init_app(app: Flask) -> None:
    """Answer every failure of ``app`` with a page of ours."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(FormwrightError, _ours)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, SecurityError):
        # Under a host that is none of ours no address can be made, hence no page; and the name is not said again.
        text = say("This server does not answer under this name.").in_language(_language())
        return Response(text, 400, mimetype="text/plain")
    if status < 400:  # a redirect of the router
        return error.get_response()  # type: ignore[return-value]  # of Flask's own class in a request
    return _answer(status)


def _ours(error: FormwrightError) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 422)
    if status >= 500:
        _log.error("refused", exc_info=error, extra={"facts": _facts(status)})
    # The text of a refusal may tell one kind of record from another: only 422 and 409 say what they mean.
    speaks = status in {409, 422} or isinstance(error, OnlyLooking)
    return _answer(status, error.text if speaks else None)


def _unexpected(error: Exception) -> Response:
    _log.error("failed", exc_info=error, extra={"facts": _facts(500)})
    return _answer(500)


def _answer(status: int, text: Text | None = None) -> Response:
    title, usual = _PAGES.get(status) or _PAGES[400 if status < 500 else 500]
    language = _language()
    reference = _reference() if status >= 500 else ""
    shown = (text or usual).in_language(language)
    if htmx:
        suffix = f" ({reference})" if reference else ""
        note = Note(f"{title.in_language(language)}. {shown}{suffix}", bad=True)
        return respond_htmx("", status, reswap="none", events={"fw:toast": note.as_event()})
    problem = ProblemPage(status, title.in_language(language), shown, reference, _back())
    return _page(problem, language)


def _page(problem: ProblemPage, language: str) -> Response:
    """Draw the page in the frame where there is a person to draw it for, and alone where that fails too."""
    try:
        if problem.status < 500 and current.actor().id is not None:
            return respond.page("errors/problem.html", problem.status, problem=problem)
    except Exception as error:  # noqa: BLE001 -- an error page must not fail
        _log.error("the error page failed", exc_info=error, extra={"facts": _facts(problem.status)})
    html = render_template(
        "errors/standalone.html",
        problem=problem,
        language=language,
        stylesheet=asset_url("app.css"),
    )
    return Response(html, problem.status, mimetype="text/html")


def _language() -> str:
    try:
        return current.language()
    except Exception:  # noqa: BLE001 -- an error page must not fail
        return "en"


def _back() -> str:
    came_from = request.referrer or ""
    root = request.host_url.rstrip("/")
    path = came_from.removeprefix(root) if came_from.startswith(root + "/") else ""
    return local_path(path, "") if path != request.full_path.rstrip("?") else ""


def _reference() -> str:
    """Return the number of this failure; the log has the same."""
    if "reference" not in g:
        g.reference = secrets.token_hex(4).upper()
    found: str = g.reference
    return found


def _facts(status: int) -> dict[str, object]:
    return {
        "reference": _reference(),
        "status": status,
        "method": request.method,
        "path": request.path,
    }
