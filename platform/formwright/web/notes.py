"""A short message for the page that comes next, carried there by the browser in a signed cookie."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from formwright.web.sessions import cookie_name

_COOKIE = "formwright_note"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Note:
    """What a toast says. ``undo`` is a path to post to; ``url`` with ``link`` leads somewhere."""

    text: str
    undo: str = ""
    url: str = ""
    link: str = ""
    bad: bool = False

    def as_event(self) -> dict[str, Any]:
        """Return the note as the script in the browser takes it."""
        return {name: value for name, value in asdict(self).items() if value}


def attach(response: Response, note: Note) -> None:
    """Send a note along with a redirect."""
    response.set_cookie(
        cookie_name(_COOKIE),
        _signer().dumps(json.dumps(note.as_event())),
        max_age=_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )


def take() -> list[Note]:
    """Return the notes for this page; they are shown once."""
    text = request.cookies.get(cookie_name(_COOKIE))
    if text is None:
        return []
    g.note_taken = True
    try:
        return [Note(**json.loads(_signer().loads(text, max_age=_SECONDS)))]
    except (BadSignature, ValueError, TypeError):
        return []


def forget(response: Response) -> Response:
    """Take the cookie away once its note was shown."""
    if g.pop("note_taken", False):
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.delete_cookie(cookie_name(_COOKIE), secure=secure, httponly=True, samesite="Lax")
    return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="note")
