"""Adding a passkey, logging in with one, and taking one away."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import passkeys
from formwright.engine.audit import Event, tell
from formwright.engine.passkeys import Party
from formwright.ids import parse_id
from formwright.store.users import token_hash
from formwright.texts import Text, say
from formwright.web import current, entering, respond
from formwright.web.access import LOGIN, declare
from formwright.web.notes import Note
from formwright.web.security import local_path
from formwright.web.sessions import browser

blueprint = declare(Blueprint("passkeys", __name__), LOGIN)
_LONGEST_ANSWER = 20_000
_NOT_ADDED = say("The passkey could not be added. Try again, or use another device.")
_NOT_KNOWN = say("This passkey is not known here. Log in with your password.")


def offered() -> Party | None:
    """Return for whom passkeys are made; None where they cannot be, or under another address than the one set."""
    found = passkeys.party(current.settings().address)
    return found if found is not None and request.host_url.rstrip("/") == found.origin else None


@blueprint.post("/account/passkeys/begin")
def begin_adding() -> Response:
    """Say what the browser needs to make a key, to somebody who gives the password again."""
    ours, actor = _required(), current.actor()
    current.release()
    store = current.runtime().store
    with store.transaction(write=False) as tx:
        credential = tx.users.credential_of(actor.id or 0)
    wrong = entering.confirm_password(credential, request.form.get("password", ""))
    if wrong is not None:
        return _wrong(wrong, entering.status_of(wrong))
    with store.transaction(write=True) as tx:
        options = passkeys.begin_adding(tx, ours, actor, _browser())
    return _options(options)


@blueprint.post("/account/passkeys")
def add() -> Response:
    """Keep the key that the browser has made."""
    ours, actor = _required(), current.actor()
    current.release()
    name = request.form.get("name", "").strip() or say("Passkey").in_language(current.language())
    with current.runtime().store.transaction(write=True) as tx:
        added = passkeys.add(tx, ours, actor, _answer(), name=name, browser=_browser())
    return jsonify(url="/account") if added else _wrong(_NOT_ADDED, 422)


@blueprint.post("/account/passkeys/<number>/remove")
def remove(number: str) -> BaseResponse:
    """Forget a key."""
    user = current.actor().id or 0
    current.release()
    with current.runtime().store.transaction(write=True) as tx:
        if not passkeys.remove(tx, user, parse_id(number) or 0):
            raise NotFound
    text = say("The passkey is removed").in_language(current.language())
    return respond.moved("/account", Note(text))


@blueprint.post("/log-in/passkey/begin")
@current.public
def begin_log_in() -> Response:
    """Say what the browser needs to ask for a key."""
    ours = _required()
    with current.runtime().store.transaction(write=True) as tx:
        options = passkeys.begin_log_in(tx, ours, _browser())
    return _options(options)


@blueprint.post("/log-in/passkey")
@current.public
def log_in() -> Response:
    """Open a session for somebody who has shown a key."""
    ours = _required()
    with current.runtime().store.transaction(write=True) as tx:
        user = passkeys.log_in(tx, ours, _answer(), browser=_browser())
        token = entering.open_session(tx, user) if user is not None else ""
        if user is None:
            tell(tx, Event.LOG_IN_FAILED, way="passkey")
    if not token:
        return _wrong(_NOT_KNOWN, 422)
    browser().become(token)
    return jsonify(url=local_path(request.form.get("next"), "/"))


def _required() -> Party:
    ours = offered()
    if ours is None:
        raise NotFound
    return ours


def _browser() -> str:
    """Return what tells this browser from others, so that an answer counts in the one that was asked only."""
    return token_hash(browser().token)


def _answer() -> str:
    return request.form.get("answer", "")[:_LONGEST_ANSWER]


def _options(text: str) -> Response:
    response = make_response(text)
    response.mimetype = "application/json"
    return response


def _wrong(text: Text, status: int) -> Response:
    return make_response(jsonify(wrong=text.in_language(current.language())), status)
