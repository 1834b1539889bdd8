"""Logging in and out."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import accounts, profile
from formwright.engine.actor import ANONYMOUS
from formwright.engine.audit import Event, note
from formwright.errors import NotFound
from formwright.store.users import typed_login
from formwright.texts import Text, say
from formwright.web import access, current, respond
from formwright.web.extensions import htmx
from formwright.web.htmx import respond as respond_htmx
from formwright.web.language import theme
from formwright.web.notes import Note
from formwright.web.security import local_path
from formwright.web.sessions import browser
from formwright.web.shell import PRODUCT, Switch, languages

if TYPE_CHECKING:
    from formwright.store.transaction import Transaction
    from formwright.store.users import Credential

blueprint = access.declare(Blueprint("auth", __name__), access.LOGIN)

#: Failures within this time count; so many for one name, so many from one address, and it is enough for a while.
WINDOW = timedelta(minutes=15)
PER_NAME, PER_ADDRESS = 5, 50
_LONGEST_LOGIN = 200
#: One sentence for an unknown name, a wrong password and a closed account: none is told from another.
REFUSED = say("The name or the password is not right.")
WAIT = say("There were too many attempts. Wait a quarter of an hour, then try again.")

#: Each check takes 64 MB for a moment; more than these at once wait.
_checking = threading.BoundedSemaphore(4)


@dataclass(frozen=True, slots=True)
class LogInPage:
    """What the log-in page shows."""

    product: str
    language: str
    theme: str
    here: str
    languages: tuple[Switch, ...]
    login: str = ""
    next: str = ""
    wrong: str = ""


@blueprint.get("/log-in")
@current.public
def show() -> BaseResponse:
    """Ask for name and password."""
    wanted = local_path(request.args.get("next"), "/")
    if current.actor().id is not None:
        return redirect(wanted, 303)
    return _page(next_path=wanted)


@blueprint.post("/log-in")
@current.public
def log_in() -> BaseResponse:
    """Open a session for somebody who knows a name and its password."""
    login = typed_login(request.form.get("login", "")[:_LONGEST_LOGIN])
    password = request.form.get("password", "")
    wanted = local_path(request.form.get("next"), "/")
    current.release()
    wrong, token = attempt(login, password, request.remote_addr or "")
    if wrong is not None:
        return _page(429 if wrong is WAIT else 422, login=login, next_path=wanted, wrong=wrong)
    browser().become(token)
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
    new = form.get("new", "")
    wrong = accounts.password_problem(new, actor.login)
    if new != form.get("again", ""):
        wrong = say("The two new passwords are not the same.")
    runtime = current.runtime()
    with runtime.store.transaction(write=False) as tx:
        credential = tx.users.credential_of(actor.id or 0)
    if not verify(credential, form.get("old", "")):
        wrong = say("The old password is not right.")
    if wrong is not None or credential is None:
        return _password_page(422, wrong)
    hashed = accounts.hash_password(new)
    with runtime.store.transaction(write=True) as tx:
        tx.users.set_password(credential.user, hashed)
        note(tx, actor, Event.PASSWORD_CHANGED, entity=accounts.USER, record=credential.user)
        token = _open(tx, credential.user)
    browser().become(token)
    return respond.moved("/", Note(say("Your password is changed").in_language(current.language())))


def attempt(login: str, password: str, address: str) -> tuple[Text | None, str]:
    """Return what keeps somebody out, or None with the token of the session that was opened.

    The password is checked outside any transaction: that takes long on purpose, and a writer must not wait for it.
    """
    store = current.runtime().store
    with store.transaction(write=False) as tx:
        credential = _credential(tx, login)
        # However a person's name or address is spelled, it is one person whose password is tried.
        name = credential.login if credential is not None else login
        by_name, by_address = tx.users.failures(login=name, address=address, since=tx.now - WINDOW)
        if by_name >= PER_NAME or by_address >= PER_ADDRESS:
            return WAIT, ""
    right = verify(credential, password)
    with store.transaction(write=True) as tx:
        tx.users.note_attempt(name, address, succeeded=right)
        user = credential.user if credential is not None else None
        event = Event.LOG_IN if right else Event.LOG_IN_FAILED
        # A refused one is nobody: that somebody knows a name does not make him that person.
        note(
            tx, current.somebody(user if right else None), event, entity=accounts.USER, record=user
        )
        if not right or credential is None:
            return REFUSED, ""
        if accounts.is_outdated(credential.password_hash):
            tx.users.rehash(credential.user, accounts.hash_password(password))
        return None, _open(tx, credential.user)


def _open(tx: Transaction, user: int) -> str:
    token, _session = tx.users.open_session(
        user,
        lifetime=timedelta(days=current.settings().session_days),
        address=request.remote_addr or "",
        agent=request.headers.get("User-Agent", ""),
    )
    return token


def verify(credential: Credential | None, password: str) -> bool:
    """Return whether the password is right; takes as long for a name that nobody has."""
    usable = credential is not None and credential.active
    known = credential.password_hash if credential is not None else _nobody()
    with _checking:
        return accounts.is_password(known, password) and usable


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Return the hash of a password that nobody has."""
    return accounts.hash_password(secrets.token_urlsafe(32))


def _credential(tx: Transaction, login: str) -> Credential | None:
    """Return the credential of a log-in name or an e-mail address."""
    found = tx.users.credential(login)
    if found is None and "@" in login:
        user = profile.user_of_email(current.runtime().unit_in(tx, ANONYMOUS), login)
        found = tx.users.credential_of(user) if user is not None else None
    return found


def demand() -> BaseResponse | None:
    """Send whoever is not logged in to the log-in page, unless the page is open to all; runs before every view."""
    rule = access.rule_of(current_app, request.endpoint or "")
    if (
        rule is None or rule == access.PUBLIC
    ):  # no rule: no view, for the server starts with none that lacks one
        return None
    current.close_idle_session(timedelta(minutes=current.settings().session_idle_minutes))
    if current.actor().id is not None:
        if rule != access.LOGIN and rule.removeprefix(access.ROLE) not in current.actor().roles:
            raise NotFound(say("There is no such page."))
        asked = g.get("must_change", False) and request.endpoint != "auth.show_password"
        return (
            respond.leave("/password")
            if asked and request.endpoint != "auth.change_password"
            else None
        )
    if htmx:
        return _ask_again()
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect("/log-in" if here == "/" else f"/log-in?next={quote(here, safe='/')}", 303)


def _ask_again() -> Response:
    """Answer htmx: what is typed stays on the page; the person logs in elsewhere and tries again."""
    title = say("Your session has ended.").in_language(current.language())
    link = say("Log in").in_language(current.language())
    event = {"text": title, "url": "/log-in", "link": link, "bad": True, "away": True}
    return respond_htmx("", 401, reswap="none", events={"fw:toast": event})


def _password_page(status: int = 200, wrong: Text | None = None) -> Response:
    language = current.language()
    page = LogInPage(
        PRODUCT,
        language,
        theme(),
        "/password",
        languages(),
        login=current.actor().login,
        wrong=wrong.in_language(language) if wrong is not None else "",
    )
    return respond.page("auth/password.html", status, page=page)


def _page(
    status: int = 200, *, login: str = "", next_path: str = "/", wrong: Text | None = None
) -> Response:
    language = current.language()
    page = LogInPage(
        product=PRODUCT,
        language=language,
        theme=theme(),
        here=request.full_path.rstrip("?") if request.method == "GET" else "/log-in",
        languages=languages(),
        login=login,
        next=next_path,
        wrong=wrong.in_language(language) if wrong is not None else "",
    )
    return respond.page("auth/log_in.html", status, page=page)
