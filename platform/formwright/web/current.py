"""What belongs to the request at hand: who asks, in which language, and one unit of work for reading."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Response, current_app, g, request

from formwright.engine import seeing_as
from formwright.engine.actor import ANONYMOUS, Actor, Origin
from formwright.engine.audit import ORIGIN, Event, note
from formwright.engine.runtime import Runtime, Unit
from formwright.engine.vault import Vault
from formwright.engine.visits import visit
from formwright.texts import LANGUAGES, Reader, best_language
from formwright.web.access import PUBLIC, access
from formwright.web.sessions import browser, cookie_name

if TYPE_CHECKING:
    from formwright.settings import Settings
    from formwright.store.store import Store
    from formwright.store.transaction import Transaction
    from formwright.store.users import OpenSession

_log = logging.getLogger(__name__)
#: The switch of language, kept by the browser.
LANGUAGE_COOKIE = "formwright_language"
#: Marks a view as open to everybody.
public = access(PUBLIC)


def runtime() -> Runtime:
    """Return the engine's hands."""
    found: Runtime = current_app.extensions["formwright"]
    return found


def settings() -> Settings:
    """Return the settings of this instance."""
    found: Settings = current_app.extensions["formwright_settings"]
    return found


def vault() -> Vault:
    """Return what reads the secrets in the database."""
    found: Vault = current_app.extensions["formwright_vault"]
    return found


def unit() -> Unit:
    """Return the unit of work in which this request reads; it is opened on first use and ends with the request."""
    if "unit" not in g:
        g.stack = ExitStack()
        tx = g.stack.enter_context(runtime().store.transaction(write=False))
        if "actor" not in g:
            g.actor = _identify(tx)
        g.unit = runtime().unit_in(tx, g.actor)
    found: Unit = g.unit
    return found


def actor() -> Actor:
    """Return who asks; nobody in particular without a log-in."""
    if "actor" not in g:
        unit()
    found: Actor = g.actor
    return found


@contextmanager
def writing() -> Iterator[Unit]:
    """Open a unit of work in which this request writes, as whoever asks; the reading one ends."""
    who = actor()
    release()
    with runtime().unit(who, write=True) as found:
        yield found


def origin() -> Origin:
    """Return where this request comes from; everything it does bears the same number in the audit log."""
    if "origin" not in g:
        g.origin = Origin("web", secrets.token_hex(8), request.remote_addr or "")
        ORIGIN.set(g.origin)
    found: Origin = g.origin
    return found


def somebody(user: int | None = None) -> Actor:
    """Return whoever sits at the browser, without any right: what the audit log is told before and at log-in."""
    return replace(ANONYMOUS, id=user, origin=origin())


def release() -> None:
    """End the reading unit of work, so that a writing one does not need a second connection beside it."""
    stack = g.pop("stack", None)
    g.pop("unit", None)
    if stack is not None:
        stack.close()


def open_session() -> OpenSession | None:
    """Return the session that this request belongs to, or None."""
    actor()
    found: OpenSession | None = g.get("session")
    return found


def language() -> str:
    """Return the language of the page: the browser's switch, the person's own, what the browser asks for."""
    found: str | None = g.get("language")
    if found is None:
        found = g.language = _chosen() or _of_browser(settings().language)
    return found


def reader() -> Reader:
    """Return for whom values are formatted."""
    return actor().reader


def close_idle_session(idle: timedelta) -> None:
    """End a session that was not used for too long; note, at most once a minute, that this one is in use."""
    session = open_session()
    if session is None:
        return
    now = unit().now
    if now - session.seen_at > idle:
        release()
        with runtime().store.transaction(write=True) as tx:
            tx.users.revoke(session.token_hash)
            note(tx, somebody(session.user), Event.SESSION_ENDED, details={"reason": "idle"})
        g.actor, g.session = ANONYMOUS, None
    elif now - session.seen_at > timedelta(minutes=1):
        g.touch = True


def touch_session(response: Response) -> Response:
    """Have it written down that the session was used once the answer is sent, so that it costs nobody a wait."""
    session = g.get("session")
    if g.pop("touch", False) and session is not None:
        store = runtime().store
        response.call_on_close(lambda: _touch(store, session))
    return response


def _touch(store: Store, session: OpenSession) -> None:
    """Note the use of a session; the next request notes it as well, so nothing is lost where this one cannot."""
    try:
        with store.transaction(write=True) as tx:
            tx.users.touch(session)
    except Exception as error:  # noqa: BLE001 -- the answer is out already, and it was a good one
        _log.warning("it could not be noted that a session is in use", exc_info=error)


def _identify(tx: Transaction) -> Actor:
    found = visit(runtime(), tx, browser().token) if not browser().fresh else None
    if found is None:
        g.session = None
        language()
        return ANONYMOUS
    g.session, g.must_change, person = found.session, found.must_change, found.actor
    g.must_set_up = found.must_set_up
    own = best_language(found.language) if found.language else ""
    g.language = _chosen() or own or _of_browser(runtime().site.language)
    reader = replace(person.reader, language=g.language)
    person = replace(person, reader=reader, origin=origin())
    return seeing_as.through(runtime(), tx, person, found.session.values)


def _chosen() -> str | None:
    wanted = request.cookies.get(cookie_name(LANGUAGE_COOKIE))
    return wanted if wanted in LANGUAGES else None


def _of_browser(fallback: str) -> str:
    for tag, _quality in request.accept_languages:
        near = best_language(tag)
        if near != "en" or tag.lower().startswith("en"):
            return near
    return fallback
