"""Looking after people: the account behind a user record, its links, roles and sessions."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.definitions.model import Action
from formwright.engine import invitations, people
from formwright.engine.accounts import USER
from formwright.engine.invitations import INVITATION, LIFETIMES, RESET
from formwright.engine.people import RoleState
from formwright.engine.runtime import Unit
from formwright.errors import NotFound
from formwright.ids import format_id, parse_id
from formwright.store.rows import StoredRecord
from formwright.texts import Text, say, say_many
from formwright.web import current, respond, times
from formwright.web.access import LOGIN, declare
from formwright.web.account import SessionView, session_views
from formwright.web.entering import open_session
from formwright.web.formpages import Crumb
from formwright.web.notes import Note
from formwright.web.sessions import browser

blueprint = declare(Blueprint("people", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class AccountPanel:
    """What the page of a user says about the account."""

    url: str
    state: str
    color: str
    two_step: bool
    sessions: int


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything that can be seen and done about an account."""

    url: str
    name: str
    login: str
    state: str
    color: str
    charge: bool
    active: bool
    password: bool
    link_until: str
    two_step: bool
    passkeys: int
    sessions: tuple[SessionView, ...]
    roles: tuple[RoleState, ...]
    undo_url: str


@dataclass(frozen=True, slots=True)
class LinkPage:
    """A link that is shown once."""

    name: str
    link: str
    hours: int
    minutes: int
    back: str


def panel(unit: Unit, record: StoredRecord) -> AccountPanel | None:
    """Return the panel for a record's page; None for other entities, and for whoever does not look after people."""
    if record.entity != USER or not people.may_look_after(unit):
        return None
    account = people.state(unit, record)
    text, color = _state(account)
    return AccountPanel(
        _url(record.id),
        text.in_language(unit.reader.language),
        color,
        account.two_step,
        len(account.sessions),
    )


@blueprint.get("/people/<number>")
def show(number: str) -> Response:
    """Show the account of a person."""
    unit = current.unit()
    account = people.state(unit, find_person(unit, number))
    text, color = _state(account)
    language, newest = unit.reader.language, unit.tx.hand_overs.newest_of(account.user)
    g.entity = USER
    page = PersonPage(
        url=_url(account.user),
        name=account.name,
        login=account.login,
        state=text.in_language(language),
        color=color,
        charge=account.charge,
        active=account.active,
        password=account.credential is not None and not account.invited,
        link_until=times.exact(account.link_until, unit.reader) if account.link_until else "",
        two_step=account.two_step,
        passkeys=account.passkeys,
        sessions=session_views(unit, account.sessions),
        roles=account.roles,
        undo_url=f"/hand-overs/{format_id(newest.id)}/undo"
        if newest is not None and newest.undone_at is None
        else "",
    )
    return respond.page("people/show.html", page=page, crumbs=crumbs_of(unit, account.name, number))


@blueprint.post("/people/<number>/link")
def make_link(number: str) -> BaseResponse:
    """Make the link by which the person sets a password, and show it this once."""
    with current.writing() as unit:
        record = find_person(unit, number)
        token = people.reset_password(unit, record.id)
        known = people.state(unit, record)
    purpose = INVITATION if known.invited else RESET
    minutes = int(LIFETIMES[purpose].total_seconds() // 60)
    link = invitations.link(current.settings().address, token)
    page = LinkPage(known.name, link, minutes // 60, minutes, _url(known.user))
    crumbs = crumbs_of(current.unit(), known.name, number)
    response = respond.page("people/link.html", page=page, crumbs=crumbs)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.post("/people/<number>/two-step")
def reset_two_step(number: str) -> BaseResponse:
    """Take the second step and the passkeys away."""
    with current.writing() as unit:
        people.reset_two_step(unit, find_person(unit, number).id)
    return _done(number, say("Two-step log-in is reset, and every session has ended"))


@blueprint.post("/people/<number>/sessions")
def end_sessions(number: str) -> BaseResponse:
    """End one session of the person, or all."""
    with current.writing() as unit:
        ended = people.end_sessions(
            unit, find_person(unit, number).id, request.form.get("session", "")
        )
    return _done(
        number, say_many("%(count)s session has ended", "%(count)s sessions have ended", ended)
    )


@blueprint.post("/people/<number>/roles")
def change_roles(number: str) -> BaseResponse:
    """Give the person the roles that are ticked, and take the others away."""
    with current.writing() as unit:
        user = find_person(unit, number).id
        changed = people.change_roles(unit, user, request.form.getlist("role"))
        if changed and user == unit.actor.id:
            browser().become(open_session(unit.tx, user))
    text = say("The roles are changed, and every session has ended")
    if not changed:
        text = say("Nothing was changed")
    return _done(number, text)


@blueprint.post("/people/<number>/activate")
def activate(number: str) -> BaseResponse:
    """Let the person in again."""
    with current.writing() as unit:
        people.set_active(unit, find_person(unit, number).id, active=True)
    return _done(number, say("The person can log in again"))


def find_person(unit: Unit, number: str) -> StoredRecord:
    """Return the record of somebody whom the actor may look after; NotFound for unknown and forbidden alike."""
    if not people.may_look_after(unit):
        raise NotFound(say("There is no such record, or you may not see it."))
    return unit.gate.find(Action.CONFIGURE, USER, parse_id(number) or 0)


def _done(number: str, text: Text) -> BaseResponse:
    return respond.moved(f"/people/{number}", Note(text.in_language(current.language())))


def _url(user: int) -> str:
    return f"/people/{format_id(user)}"


def crumbs_of(unit: Unit, name: str, number: str) -> list[Crumb]:
    """Return the way back to a person's record."""
    title = unit.entity(USER).title_plural.in_language(unit.reader.language)
    return [Crumb(title, f"/records/{USER}"), Crumb(name, f"/records/{USER}/{number}")]


def _state(account: people.AccountState) -> tuple[Text, str]:
    if not account.active:
        return say("Not active: cannot log in"), "red"
    if account.credential is None:
        return say("Never invited"), "gray"
    if account.invited:
        return say("Invited, has set no password yet"), "amber"
    return say("Can log in"), "green"
