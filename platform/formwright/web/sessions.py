"""The cookie of a browser: one random token. What it stands for is in the database and can be ended there.

Flask's own session would be a signed cookie that nobody can take back. Here ``flask.session`` only carries what
Flask-WTF asks for, the value that its tokens are made of; it follows from the cookie and the secret key, so that
a form is good exactly as long as the session it was drawn in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Any

from flask import Flask, Request, Response, current_app, session
from flask.sessions import SessionInterface, SessionMixin

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_CSRF = "csrf_token"


class BrowserSession(dict[str, Any], SessionMixin):
    """The token of one browser; ``fresh`` while the browser does not have it yet."""

    def __init__(self, token: str, key: bytes, *, fresh: bool) -> None:
        super().__init__()
        self.token = token
        self.fresh = fresh
        self.ended = False
        self.asked = False
        self._key = key

    def become(self, token: str) -> None:
        """Take a new token, so that one planted before log-in is worth nothing after it."""
        self.token = token
        self.fresh = True
        self.asked = True

    def __contains__(self, name: object) -> bool:
        return name == _CSRF or super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        if name == _CSRF:
            self.asked = True
            return hmac.new(self._key, b"csrf:" + self.token.encode(), hashlib.sha256).hexdigest()
        return super().__getitem__(name)


class BrowserSessions(SessionInterface):
    """Reads and writes the cookie."""

    def __init__(self, *, secure: bool, days: int) -> None:
        self.cookie = "__Host-formwright" if secure else "formwright"
        self._secure = secure
        self._seconds = days * 86400

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        """Return the session of the browser that asks; a new one when its cookie is none of ours."""
        key = str(app.secret_key).encode()
        token = request.cookies.get(self.cookie, "")
        if _TOKEN.fullmatch(token):
            return BrowserSession(token, key, fresh=False)
        return BrowserSession(secrets.token_urlsafe(32), key, fresh=True)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002
        """Send the cookie when the browser lacks it and something was made of it; take it away at log-out."""
        if not isinstance(session, BrowserSession):
            return
        if session.ended:
            response.delete_cookie(self.cookie, secure=self._secure, httponly=True, samesite="Lax")
        elif session.fresh and session.asked:
            response.set_cookie(
                self.cookie,
                session.token,
                max_age=self._seconds,
                secure=self._secure,
                httponly=True,
                samesite="Lax",
            )


def cookie_name(name: str) -> str:
    """Return the name of a cookie of ours: where all is HTTPS, one that no other host and no plain answer can set."""
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name


def browser() -> BrowserSession:
    """Return the session of the browser that sent this request."""
    found: BrowserSession = session._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 -- the way out of a proxy
    return found
