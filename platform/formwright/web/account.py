"""The own account: where one is logged in, how one logs in, and what can be ended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import two_step
from formwright.engine.audit import Event, tell
from formwright.engine.runtime import Unit
from formwright.ids import format_id
from formwright.store.users import OpenSession
from formwright.texts import say, say_many
from formwright.web import current, respond, times
from formwright.web.access import LOGIN, declare
from formwright.web.notes import Note
from formwright.web.passkeys import offered

blueprint = declare(Blueprint("account", __name__), LOGIN)

#: What a browser calls itself -> how people call it; the first that fits, since most claim to be others as well.
_BROWSERS = (
    (re.compile(r"Edg(?:e|A|iOS)?/"), "Edge"),
    (re.compile(r"OPR/|Opera"), "Opera"),
    (re.compile(r"MicroMessenger"), "WeChat"),
    (re.compile(r"Firefox/|FxiOS/"), "Firefox"),
    (re.compile(r"Chrome/|CriOS/|Chromium/"), "Chrome"),
    (re.compile(r"Safari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"iPhone|iPad"), "iOS"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Mac OS X|Macintosh"), "macOS"),
    (re.compile(r"CrOS"), "ChromeOS"),
    (re.compile(r"Linux"), "Linux"),
)


@dataclass(frozen=True, slots=True)
class SessionView:
    """An open session, as a person recognises it."""

    key: str
    device: str
    address: str
    iso: str
    seen: str
    opened: str
    current: bool


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey, by the name that its owner gave it."""

    id: str
    name: str
    added: str
    used: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Everything the page of the own account shows."""

    login: str
    sessions: tuple[SessionView, ...]
    two_step: bool
    demanded: bool
    codes_left: int
    passkeys: tuple[PasskeyView, ...]
    passkeys_offered: bool


@blueprint.get("/account")
def show() -> Response:
    """Show the sessions and the ways to log in."""
    unit = current.unit()
    user = unit.actor.id or 0
    page = AccountPage(
        login=unit.actor.login,
        sessions=session_views(unit, unit.tx.users.sessions_of(user)),
        two_step=two_step.is_on(unit.tx, user),
        demanded=two_step.is_demanded(unit.catalog, unit.actor.roles),
        codes_left=unit.tx.second_steps.recovery_codes_left(user),
        passkeys=tuple(_passkeys(unit, user)),
        passkeys_offered=offered() is not None,
    )
    return respond.page("account/show.html", page=page)


@blueprint.post("/account/sessions/end")
def end() -> BaseResponse:
    """End one of the own sessions."""
    user = current.actor().id or 0
    current.release()
    with current.runtime().store.transaction(write=True) as tx:
        ended = tx.users.revoke_of(user, request.form.get("session", ""))
        if ended:
            tell(tx, Event.SESSION_ENDED, user=user)
    text = say("The session has ended") if ended else say("That session had ended already")
    return respond.moved("/account", Note(text.in_language(current.language())))


@blueprint.post("/account/sessions/end-others")
def end_others() -> BaseResponse:
    """End all own sessions but this one."""
    session, user = current.open_session(), current.actor().id or 0
    current.release()
    with current.runtime().store.transaction(write=True) as tx:
        count = tx.users.revoke_all(user, but=session.token_hash if session else None)
        tell(tx, Event.SESSION_ENDED, user=user, count=count)
    text = say_many("%(count)s session has ended", "%(count)s sessions have ended", count)
    return respond.moved("/account", Note(text.in_language(current.language())))


def _passkeys(unit: Unit, user: int) -> Iterable[PasskeyView]:
    for key in unit.tx.second_steps.passkeys(user):
        used = times.when(key.used_at, unit.now, unit.reader) if key.used_at else ""
        added = times.when(key.created_at, unit.now, unit.reader)
        yield PasskeyView(format_id(key.id), key.name, added, used)


def session_views(unit: Unit, sessions: Iterable[OpenSession]) -> tuple[SessionView, ...]:
    """Return sessions as they are shown, newest first."""
    here = current.open_session()
    return tuple(
        SessionView(
            key=each.token_hash,
            device=device(each.agent, unit.reader.language),
            address=each.address,
            iso=times.iso(each.seen_at),
            seen=times.when(each.seen_at, unit.now, unit.reader),
            opened=times.exact(each.created_at, unit.reader),
            current=here is not None and here.token_hash == each.token_hash,
        )
        for each in sessions
    )


def device(agent: str, language: str) -> str:
    """Return how people call what a browser says it is."""
    browser = next((name for known, name in _BROWSERS if known.search(agent)), "")
    system = next((name for known, name in _SYSTEMS if known.search(agent)), "")
    if browser and system:
        return say("%(browser)s on %(system)s", browser=browser, system=system).in_language(
            language
        )
    return browser or system or say("Unknown device").in_language(language)
