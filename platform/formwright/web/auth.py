"""Logging in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from flask import Blueprint, Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import accounts, passwords
from formwright.engine.audit import Event, note, tell
from formwright.engine.invitations import INVITATION, RESET
from formwright.errors import NotFound
from formwright.store.users import typed_login
from formwright.texts import Text, say
from formwright.web import access, current, respond
from formwright.web.alone import AlonePage, frame
from formwright.web.entering import (
    BETWEEN,
    attempt,
    confirm_password,
    open_session,
    second_step,
    status_of,
)
from formwright.web.extensions import htmx
from formwright.web.htmx import respond as respond_htmx
from formwright.web.notes import Note
from formwright.web.passkeys import offered
from formwright.web.security import local_path
from formwright.web.sessions import browser

blueprint = access.declare(Blueprint("auth", __name__), access.LOGIN)

_LONGEST_LOGIN = 200
_LONGEST_CODE = 64
UNEQUAL = say("The two new passwords are not the same.")
#: Pages that come before all others, and what somebody may do there.
_FIRST = {
    "/password": {"auth.show_password", "auth.change_password"},
    "/account/two-step": {"two_step.show", "two_step.begin", "two_step.confirm"},
}


@dataclass(frozen=True, slots=True)
class LogInPage(AlonePage):
    """What the log-in page shows, and that for a new password."""

    login: str = ""
    next: str = ""
    told: str = ""
    passkeys: bool = False


@dataclass(frozen=True, slots=True)
class CodePage(AlonePage):
    """What the page for the second step shows."""

    next: str = ""


@blueprint.get("/log-in")
@current.public
def show() -> BaseResponse:
    """Ask for name and password."""
    wanted = local_path(request.args.get("next"), "/")
    if current.actor().id is not None:
        return redirect(wanted, 303)
    told = say("Your password is set. Log in with it.") if "set" in request.args else None
    return _page(next_path=wanted, told=told)


@blueprint.post("/log-in")
@current.public
def log_in() -> BaseResponse:
    """Open a session for somebody who knows a name and its password, or ask for the second step."""
    login = typed_login(request.form.get("login", "")[:_LONGEST_LOGIN])
    password = request.form.get("password", "")
    wanted = local_path(request.form.get("next"), "/")
    current.release()
    entry = attempt(login, password, request.remote_addr or "")
    if entry.wrong is not None:
        return _page(status_of(entry.wrong), login=login, next_path=wanted, wrong=entry.wrong)
    browser().become(entry.token)
    return redirect(
        f"/log-in/code?next={quote(wanted, safe='')}" if entry.asks_code else wanted, 303
    )


@blueprint.get("/log-in/code")
@current.public
def show_code() -> BaseResponse:
    """Ask for the code of the second step."""
    store = current.runtime().store
    with store.transaction(write=False) as tx:
        found = tx.one_time.find(browser().token, BETWEEN)
    wanted = local_path(request.args.get("next"), "/")
    return _code_page(wanted) if found is not None else redirect("/log-in", 303)


@blueprint.post("/log-in/code")
@current.public
def enter_code() -> BaseResponse:
    """Open a session for somebody who knew the password and has the code, too."""
    wanted = local_path(request.form.get("next"), "/")
    current.release()
    entry = second_step(request.form.get("code", "")[:_LONGEST_CODE], request.remote_addr or "")
    if entry.wrong is not None:
        return _code_page(wanted, status_of(entry.wrong), entry.wrong)
    if not entry.token:
        return redirect("/log-in", 303)
    browser().become(entry.token)
    return redirect(wanted, 303)


@blueprint.post("/log-out")
@current.public
def log_out() -> BaseResponse:
    """End the session, here and in the database."""
    session = current.open_session()
    if session is not None:
        current.release()
        with current.runtime().store.transaction(write=True) as tx:
            tx.users.revoke(session.token_hash)
            note(tx, current.somebody(session.user), Event.LOG_OUT)
    browser().ended = True
    left = respond.leave("/log-in")
    left.headers["Clear-Site-Data"] = '"cache", "storage"'
    return left


@blueprint.get("/password")
def show_password() -> BaseResponse:
    """Ask for the old and a new password."""
    return _password_page()


@blueprint.post("/password")
def change_password() -> BaseResponse:
    """Change the password; every other session of the person ends."""
    actor, form = current.actor(), request.form
    current.release()
    runtime, new = current.runtime(), form.get("new", "")
    with runtime.unit(actor) as unit:
        credential = unit.tx.users.credential_of(actor.id or 0)
        wrong = accounts.problem_for(unit, actor.id or 0, new)
    if new != form.get("again", ""):
        wrong = UNEQUAL
    refused = confirm_password(credential, form.get("old", ""))
    if refused is not None:
        wrong = refused
    if wrong is not None or credential is None:
        return _password_page(422, wrong)
    hashed = passwords.hash_password(new)
    with runtime.store.transaction(write=True) as tx:
        tx.users.set_password(credential.user, hashed)
        tx.one_time.cancel(credential.user, INVITATION, RESET)
        tell(tx, Event.PASSWORD_CHANGED, user=credential.user)
        token = open_session(tx, credential.user)
    browser().become(token)
    return respond.moved("/", Note(say("Your password is changed").in_language(current.language())))


def demand() -> BaseResponse | None:
    """Send whoever is not logged in to the log-in page, unless the page is open to all; runs before every view."""
    current.origin()
    rule = access.rule_of(current_app, request.endpoint or "")
    if (
        rule is None or rule == access.PUBLIC
    ):  # no rule: no view, for the server starts with none that lacks one
        return None
    current.close_idle_session(timedelta(minutes=current.settings().session_idle_minutes))
    if current.actor().id is not None:
        if rule != access.LOGIN and rule.removeprefix(access.ROLE) not in current.actor().roles:
            raise NotFound(say("There is no such page."))
        first = _first_of_all()
        open_there = first is None or request.endpoint in _FIRST[first]
        return None if open_there else respond.leave(first or "/")
    if htmx:
        return _ask_again()
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect("/log-in" if here == "/" else f"/log-in?next={quote(here, safe='/')}", 303)


def _first_of_all() -> str | None:
    """Return where somebody has to go before anything else, None for nowhere."""
    if g.get("must_change", False):
        return "/password"
    return "/account/two-step" if g.get("must_set_up", False) else None


def _ask_again() -> Response:
    """Answer htmx: what is typed stays on the page; the person logs in elsewhere and tries again."""
    title = say("Your session has ended.").in_language(current.language())
    link = say("Log in").in_language(current.language())
    event = {"text": title, "url": "/log-in", "link": link, "bad": True, "away": True}
    return respond_htmx("", 401, reswap="none", events={"fw:toast": event})


def _password_page(status: int = 200, wrong: Text | None = None) -> Response:
    page = LogInPage(*frame("/password", wrong), login=current.actor().login)
    return respond.page("auth/password.html", status, page=page)


def _code_page(next_path: str, status: int = 200, wrong: Text | None = None) -> Response:
    page = CodePage(*frame(f"/log-in/code?next={quote(next_path, safe='')}", wrong), next=next_path)
    return respond.page("auth/code.html", status, page=page)


def _page(
    status: int = 200,
    *,
    login: str = "",
    next_path: str = "/",
    wrong: Text | None = None,
    told: Text | None = None,
) -> Response:
    page = LogInPage(
        *frame("/log-in", wrong),
        login=login,
        next=next_path,
        told=told.in_language(current.language()) if told is not None else "",
        passkeys=offered() is not None,
    )
    return respond.page("auth/log_in.html", status, page=page)
